/** The file .env: what of it gets into the environment, how it is made, and what to do where it is not good. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { loadEnvFile, makeEnvFile } from "../src/env-file.js";
import { folder } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** Goes into a new folder for the time of the test, and resolves to its path. */
function enterFolder(t: Ends): string {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder(t));
  return process.cwd();
}

const texts: [what: string, text: string, env: Record<string, string>][] = [
  ["values with and without quotes", "A=1\nB=\"a#b\"\nC='$A'\n", { A: "1", B: "a#b", C: "$A" }],
  ["Windows' line ends and byte order mark", "\ufeffA=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["a value that a # cuts short", "A=a#b\nB=#x\n", { A: "a", B: "" }],
  ["nothing", "", {}],
];
for (const [what, text, expected] of texts) {
  test(`.env with ${what} gets into the environment`, (t) => {
    enterFolder(t);
    writeFileSync(".env", text);
    const env = {};
    const file = loadEnvFile(env);
    assert.deepEqual(env, expected);
    assert.equal(file.isMissing, false);
    assert.equal(file.remedy, "Set it in .env, in quotes: an unquoted # starts a comment.");
  });
}

test("the environment wins, but an empty variable does not hide what .env has", (t) => {
  enterFolder(t);
  writeFileSync(".env", "A=file\nB=file\nC=file\n");
  const env = { A: "environment", B: "", D: "" };
  loadEnvFile(env);
  assert.deepEqual(env, { A: "environment", B: "file", C: "file", D: "" });
});

test("where there is no .env, it is said which folder was looked into", (t) => {
  const cwd = enterFolder(t);
  const there = `There is no .env in ${cwd}`;
  const remedy = `${there}: start in the project's folder.`;
  assert.deepEqual(loadEnvFile({}), { isMissing: true, remedy });
  writeFileSync(".env.example", "A=1\n");
  const copy = `${there}: copy .env.example to .env, and edit it.`;
  assert.deepEqual(loadEnvFile({}), { isMissing: true, remedy: copy });
});

const unreadable: [what: string, make: () => void, remedy: string][] = [
  ["a folder", () => mkdirSync(".env"), ".env is a folder, not a file."],
  ["UTF-16", () => writeFileSync(".env", "A=1", "utf16le"), ".env is not UTF-8: save it as UTF-8."],
];
for (const [what, make, remedy] of unreadable) {
  test(`an .env that is ${what} is not read, and not taken for a missing one`, (t) => {
    enterFolder(t);
    make();
    const env = {};
    assert.deepEqual(loadEnvFile(env), { isMissing: false, remedy });
    assert.deepEqual(env, {});
  });
}

test(".env is made from .env.example, where there is one", (t) => {
  enterFolder(t);
  assert.equal(makeEnvFile(), undefined);
  assert.deepEqual(readdirSync("."), []);
  writeFileSync(".env.example", "A=1\n");
  assert.deepEqual(makeEnvFile(), { isMade: true });
  assert.equal(readFileSync(".env", "utf8"), "A=1\n");
});

/** Makes .env, where it cannot be made; returns why. */
function problemOfMaking(): string {
  const making = makeEnvFile();
  assert.ok(making !== undefined && !making.isMade, "it is not made");
  return making.problem;
}

test("whatever is in the place of .env is left as it is", (t) => {
  enterFolder(t);
  writeFileSync(".env.example", "A=1\n");
  writeFileSync(".env", "A=mine\n");
  assert.match(problemOfMaking(), /^\.env cannot be used: EEXIST/);
  assert.equal(readFileSync(".env", "utf8"), "A=mine\n");
});

test("a link to a file that is not there is not followed", (t) => {
  enterFolder(t);
  writeFileSync(".env.example", "A=1\n");
  symlinkSync("elsewhere", ".env");
  assert.match(problemOfMaking(), /^\.env cannot be used: EEXIST/);
  assert.deepEqual(readdirSync("."), [".env", ".env.example"]);
});
