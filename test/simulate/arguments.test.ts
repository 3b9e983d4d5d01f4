/** The command line of `npm run simulate`: what each form of a value means, and what is misuse. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readArguments, type Arguments } from "../../src/simulate/arguments.js";
import { folder } from "../support/process.js";

const HTTP = "http://127.0.0.1:8082/userCreated";
const TYPE = "group.user_membership.add";
const LOGIN = "jane@example.com";

const meant: [args: string[], value: Arguments][] = [
  [[], {}],
  [["HTTPS://example.com/own.json"], { url: "HTTPS://example.com/own.json" }],
  [["https://jane@example.com"], { url: "https://jane@example.com" }],
  [["saved/own.JSON", HTTP], { url: HTTP, file: "saved/own.JSON" }],
  [["jane@example.com.json"], { file: "jane@example.com.json" }],
  [["RATE_LIMIT", TYPE], { eventType: TYPE, outcome: "RATE_LIMIT" }],
  [[LOGIN, "DENY", HTTP, TYPE], { url: HTTP, eventType: TYPE, outcome: "DENY", login: LOGIN }],
  [["--", LOGIN, "--"], { login: LOGIN }],
];
for (const [args, value] of meant) {
  test(`understood: ${JSON.stringify(args.join(" "))}`, () => {
    assert.deepEqual(readArguments(args), { value });
  });
}

test("a path that exists is the file, whatever its form", (t) => {
  const cwd = folder(t);
  for (const name of [LOGIN, "delivery"]) {
    const file = join(cwd, name);
    writeFileSync(file, "");
    assert.deepEqual(readArguments([file]), { value: { file } });
  }
});

const FILE_ALONE = /file is delivered as it is/;
const misused: [args: string[], problem: RegExp][] = [
  [[HTTP, "-u"], /given bare/],
  [["--event", TYPE], /given bare/],
  [["success", TYPE], /"success"/],
  [["localhost:8082/userCreated"], /"localhost:8082\/userCreated"/],
  [[""], /""/],
  [["a.json", HTTP, "b.json"], /one of a\.json and b\.json/],
  [["own.json", TYPE], FILE_ALONE],
  [["FAILURE", "own.json"], FILE_ALONE],
  [[LOGIN, "own.json"], FILE_ALONE],
  [["FAILURE"], /EVENT_TYPE/],
];
for (const [args, problem] of misused) {
  test(`misuse: ${JSON.stringify(args.join(" "))}`, () => {
    const read = readArguments(args);
    assert.ok("problems" in read);
    assert.match(read.problems.join("\n"), problem);
  });
}
