/** A text file, read as UTF-8, or the reason why it cannot be read, in words. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { fieldsOf } from "./values.js";

/** A file's text; else why there is none, and whether that is because there is no such file. */
export type TextFile = { text: string } | { problem: string; isMissing: boolean };

/** Reads a text file. A byte order mark is left out. */
export function readTextFile(path: string): TextFile {
  try {
    const bytes = readFileSync(path);
    // PowerShell's > and Out-File write UTF-16, which is full of zeros.
    if (isUtf8(bytes) && !bytes.includes(0)) return { text: new TextDecoder().decode(bytes) };
    return { problem: `${path} is not UTF-8: save it as UTF-8.`, isMissing: false };
  } catch (error) {
    const { code } = fieldsOf(error);
    return { problem: describeFileError(path, error), isMissing: code === "ENOENT" };
  }
}

/** Why a file cannot be read or written, in words. */
export function describeFileError(path: string, error: unknown): string {
  const { code, message } = fieldsOf(error);
  if (code === "ENOENT") return `There is no file ${path}.`;
  if (code === "EISDIR") return `${path} is a folder, not a file.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return `${path} is not permitted to this user: change its permissions or its folder's.`;
  }
  return `${path} cannot be used: ${message}.`;
}
