/** The command line of `npm run simulate`: what each form of a value means, and what is misuse. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readArguments, type Arguments } from "../../src/simulate/arguments.js";
import { folder } from "../support/process.js";

const HTTP = "http://127.0.0.1:8082/userCreated";
const HTTPS = "https://example.ngrok-free.dev/userCreated";
const TYPE = "group.user_membership.add";
const LOGIN = "jane@example.com";

const meant: [args: string[], value: Arguments][] = [
  [[], {}],
  [[HTTP], { url: HTTP }],
  [[HTTPS], { url: HTTPS }],
  [["HTTP://127.0.0.1/userCreated"], { url: "HTTP://127.0.0.1/userCreated" }],
  [["https://example.com/own.json"], { url: "https://example.com/own.json" }],
  [["https://jane@example.com"], { url: "https://jane@example.com" }],
  [["own.json"], { file: "own.json" }],
  [["saved/own.JSON"], { file: "saved/own.JSON" }],
  [["jane@example.com.json"], { file: "jane@example.com.json" }],
  [[LOGIN], { login: LOGIN }],
  [["zoë+1@example.com"], { login: "zoë+1@example.com" }],
  [[TYPE], { eventType: TYPE }],
  [[TYPE, "FAILURE"], { eventType: TYPE, outcome: "FAILURE" }],
  [["RATE_LIMIT", TYPE], { eventType: TYPE, outcome: "RATE_LIMIT" }],
  [[LOGIN, "DENY", HTTPS, TYPE], { url: HTTPS, eventType: TYPE, outcome: "DENY", login: LOGIN }],
  [[LOGIN, HTTP], { url: HTTP, login: LOGIN }],
  [["own.json", HTTP], { url: HTTP, file: "own.json" }],
  [["--", TYPE, "--", HTTP], { url: HTTP, eventType: TYPE }],
];
for (const [args, value] of meant) {
  test(`understood: ${JSON.stringify(args.join(" "))}`, () => {
    assert.deepEqual(readArguments(args), { value });
  });
}

test("a path that exists is the file, whatever its form", (t) => {
  const cwd = folder(t);
  for (const name of [LOGIN, TYPE, "FAILURE", "delivery"]) {
    const file = join(cwd, name);
    writeFileSync(file, "");
    assert.deepEqual(readArguments([file]), { value: { file } });
  }
});

const BARE = /no option .*: values are given bare/;
const FILE_ALONE = /file is delivered as it is: no type, outcome or login/;
const misused: [args: string[], problem: RegExp][] = [
  [["--event", TYPE], BARE],
  [[`--url=${HTTP}`], BARE],
  [[HTTP, "-u"], BARE],
  [["success", TYPE], /"success"/],
  [["localhost:8082/userCreated"], /"localhost:8082\/userCreated"/],
  [["none/here"], /"none\/here"/],
  [[""], /""/],
  [["http://a.example", HTTP], /one of http:\/\/a\.example and http:/],
  [["a.json", HTTP, "b.json"], /one of a\.json and b\.json/],
  [[LOGIN, "b@example.com"], /one of jane@example\.com and b@example\.com/],
  [[TYPE, "user.session.end"], /one of group\.user_membership\.add and user\.session\.end/],
  [[TYPE, "DENY", "FAILURE"], /one of DENY and FAILURE/],
  [["own.json", TYPE], FILE_ALONE],
  [["FAILURE", "own.json"], FILE_ALONE],
  [[LOGIN, "own.json"], FILE_ALONE],
  [["FAILURE"], /FAILURE is an event's outcome: .*EVENT_TYPE/],
];
for (const [args, problem] of misused) {
  test(`misuse: ${JSON.stringify(args.join(" "))}`, () => {
    const read = readArguments(args);
    assert.ok("problems" in read);
    assert.match(read.problems.join("\n"), problem);
  });
}
