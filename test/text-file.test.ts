/** A text file: its text as UTF-8, or why there is none, in words. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeFileError, readTextFile } from "../src/text-file.js";
import { folder } from "./support/process.js";

const files: [what: string, bytes: Buffer, text: string | undefined][] = [
  ["UTF-8", Buffer.from("jörg 🦊\r\n"), "jörg 🦊\r\n"],
  ["UTF-8 with a byte order mark, which is left out,", Buffer.from("\ufeffa"), "a"],
  ["an empty file", Buffer.from(""), ""],
  ["UTF-16, as PowerShell writes it,", Buffer.from("\ufeffa=ö", "utf16le"), undefined],
  ["UTF-16 without a mark", Buffer.from("a=b", "utf16le"), undefined],
  ["UTF-16 of the other byte order", Buffer.from("\ufeffa=b", "utf16le").swap16(), undefined],
  ["Latin-1", Buffer.from("jörg", "latin1"), undefined],
];
for (const [what, bytes, text] of files) {
  test(`${what} is ${text === undefined ? "refused, with what to do" : "read"}`, (t) => {
    const path = join(folder(t), "file");
    writeFileSync(path, bytes);
    const problem = `${path} is not UTF-8: save it as UTF-8.`;
    const expected = text === undefined ? { problem, isMissing: false } : { text };
    assert.deepEqual(readTextFile(path), expected);
  });
}

test("a file that is missing is told apart from one that cannot be read", (t) => {
  const cwd = folder(t);
  const missing = join(cwd, "missing");
  const problem = `There is no file ${missing}.`;
  assert.deepEqual(readTextFile(missing), { problem, isMissing: true });
  mkdirSync(join(cwd, "folder"));
  const asFolder = `${join(cwd, "folder")} is a folder, not a file.`;
  assert.deepEqual(readTextFile(join(cwd, "folder")), { problem: asFolder, isMissing: false });
});

test("other errors are told in words, too", () => {
  const refused = "a.txt is not permitted to this user: change its permissions or its folder's.";
  for (const code of ["EACCES", "EPERM", "EROFS"]) {
    assert.equal(describeFileError("a.txt", { code }), refused);
  }
  const error = new Error("it failed");
  assert.equal(describeFileError("a.txt", error), "a.txt cannot be used: it failed.");
});
