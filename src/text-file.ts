/** A text file, read as UTF-8, or the reason why it cannot be used, in words. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { fieldsOf, type Result } from "./values.js";

/** Reads a text file. A byte order mark is left out. */
export function readTextFile(path: string): Result<string> {
  try {
    const bytes = readFileSync(path);
    // PowerShell's > and Out-File write UTF-16, which is full of zeros.
    const isText = isUtf8(bytes) && !bytes.includes(0);
    if (!isText) return { problems: [`${path} is not UTF-8: save it as UTF-8.`] };
    return { value: new TextDecoder().decode(bytes) };
  } catch (error) {
    return { problems: [describeFileError(path, error)] };
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
