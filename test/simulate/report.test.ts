/** The report of what was played: each step's line, what follows from it, the result, and what comes next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeNext,
  formatDetails,
  formatResult,
  formatStep,
} from "../../src/simulate/report.js";
import { createSteps, type Step } from "../../src/simulate/steps.js";
import type { Arguments } from "../../src/simulate/arguments.js";
import type { StepAnswer } from "../../src/simulate/verdict.js";

/** The last step for these arguments. */
function lastStep(given: Arguments): Step {
  const steps = createSteps(given, { username: "admin", password: "supersecret" });
  assert.ok("value" in steps);
  const step = steps.value.at(-1);
  assert.ok(step);
  return step;
}

const answer = (status: number): StepAnswer => ({ status, headers: new Headers(), body: "" });

const REFUSED = "delivery with a wrong password: must be refused";
const lines: [ms: number, isPassed: boolean, answer: StepAnswer, line: string][] = [
  [28.6, true, answer(401), `passed  401    29 ms  ${REFUSED}\n`],
  [0.2, false, answer(200), `FAILED  200     0 ms  ${REFUSED}\n`],
  [3_001, false, { failure: "TimeoutError" }, `FAILED  -    3001 ms  ${REFUSED}\n`],
];
for (const [ms, isPassed, given, line] of lines) {
  test(`a step's line: ${line.trim()}`, () => {
    assert.equal(formatStep(lastStep({}), given, isPassed, ms), line);
  });
}

const TYPE = "application.user_membership.change_username";
const LOGIN = `${"long".repeat(12)}@example.com`;
const long: [what: string, given: Arguments, shown: string[]][] = [
  ["a long type and login", { eventType: TYPE, login: LOGIN }, [TYPE, LOGIN]],
  ["an endless type", { eventType: `user.account.${"x".repeat(200)}` }, ["user.account.xxx"]],
  ["an endless login", { eventType: TYPE, login: "x".repeat(200) }, [TYPE, "xxx"]],
];
for (const [what, given, shown] of long) {
  test(`the lines of a step stay within 80 columns with ${what}`, () => {
    const text = formatStep(lastStep(given), answer(200), true, 2_999);
    for (const each of shown) assert.ok(text.includes(each), text);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    // What follows the first line is indented under it.
    assert.match(text, /^passed .*\n( {2}\S.*\n)*$/);
  });
}

test("details are indented, broken at 80 columns between words, and safe to print", () => {
  const words = Array.from({ length: 40 }, () => "word").join(" ");
  const [first, ...broken] = formatDetails(["a\u001b[31m\nb", words]).trimEnd().split("\n");
  assert.equal(first, "  a\\u001b[31m\\u000ab");
  for (const line of broken) assert.match(line, /^ {2}\S.{0,77}$/);
  assert.equal(broken.map((line) => line.trim()).join(" "), words);
});

const results: [steps: number, failed: number, untried: number, line: string][] = [
  [7, 0, 0, "All 7 steps passed. Next.\n"],
  [7, 3, 0, "3 of 7 steps failed.\n"],
  [2, 1, 1, "1 of 2 steps failed, 1 was not tried.\n"],
  [7, 1, 6, "1 of 7 steps failed, 6 were not tried.\n"],
];
for (const [steps, failed, untried, line] of results) {
  test(`the result: ${line.trim()}`, () => {
    assert.equal(formatResult({ steps, failed, untried }, "Next."), line);
  });
}

const next: [url: string, what: string][] = [
  ["http://127.0.0.1:8082/userCreated", "open a tunnel: ngrok http 8082"],
  ["http://localhost:3000/userCreated", "open a tunnel: ngrok http 3000"],
  ["http://127.0.0.1/userCreated", "open a tunnel: ngrok http 80"],
  ["http://127.0.0.2:8082/userCreated", "open a tunnel: ngrok http 127.0.0.2:8082"],
  ["http://192.0.2.7:8082/userCreated", "open a tunnel: ngrok http 192.0.2.7:8082"],
  ["http://[2001:db8::7]/userCreated", "open a tunnel: ngrok http [2001:db8::7]:80"],
  ["https://example.ngrok-free.dev/userCreated", "in Okta: Save & Continue, and Verify."],
];
for (const [url, what] of next) {
  test(`what comes next after ${url}`, () => {
    assert.equal(describeNext(new URL(url)), `Next, ${what}`);
  });
}
