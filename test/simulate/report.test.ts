/** The report of what was played: each step's line, what the console should show, and what comes next. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UsageError } from "../../src/simulate/options.js";
import {
  foretell,
  formatLines,
  formatMisuse,
  formatResult,
  formatStep,
} from "../../src/simulate/report.js";
import { createEventSteps, createFileSteps, type Step } from "../../src/simulate/steps.js";
import { created, delivery, event, group, user, userLine } from "../support/okta.js";

const CREDENTIALS = { username: "admin", password: "supersecret" };
const LOGIN = "john.doe@example.com";
const HEADING = "The receiver's console should show:";

/** The delivery of a file, or of an event: the step after the verification. */
function second([, step]: Step[]): Step {
  assert.ok(step);
  return step;
}
const ofFile = (text: string) => second(createFileSteps(CREDENTIALS, text));
const ofEvent = (type: string, login = LOGIN) => second(createEventSteps(CREDENTIALS, login, type));

describe("a step's line", () => {
  const lines: [ms: number, isPassed: boolean, status: number | undefined, line: string][] = [
    [28.6, true, 200, "passed  200    29 ms  verification\n"],
    [0.2, true, 401, "passed  401     0 ms  verification\n"],
    [3, false, 404, "FAILED  404     3 ms  verification\n"],
    [3_001, false, undefined, "FAILED  -    3001 ms  verification\n"],
  ];
  const [step] = createFileSteps(CREDENTIALS, "");
  for (const [ms, isPassed, status, line] of lines) {
    test(JSON.stringify(line), () => {
      assert.ok(step);
      const answer = status === undefined ? {} : { status };
      assert.equal(formatStep(step, answer, isPassed, ms), line);
    });
  }

  test("shows a login with what could steer a terminal escaped, within 80 columns", () => {
    const hostile = ofEvent("user.lifecycle.create", "zoë\u202e\u001b@example.com");
    const line = formatStep(hostile, { status: 200 }, true, 1);
    const login = "zoë\\u202e\\u001b@example.com";
    assert.equal(line, `passed  200     1 ms  delivery of user.lifecycle.create,\n  ${login}\n`);
    for (const each of line.split("\n")) assert.ok(each.length <= 80, each);
  });
});

describe("what the receiver's console should show", () => {
  const LINE = userLine(LOGIN).trimEnd();
  const told: [what: string, step: Step, lines: string[]][] = [
    [
      "a type that is announced",
      ofEvent("user.lifecycle.create"),
      [LINE, "1 event, 1 user created"],
    ],
    [
      "a type that is ignored",
      ofEvent("example.ignored.type"),
      ["1 event, 1 ignored", "ignored: example.ignored.type"],
    ],
    [
      "a file of announced and ignored events",
      ofFile(JSON.stringify(delivery(created(LOGIN), event("user.session.start")))),
      [LINE, "2 events, 1 user created, 1 ignored", "ignored: user.session.start"],
    ],
    [
      "a file with a user among groups",
      ofFile(
        JSON.stringify({
          data: { events: [created("", { target: [group(), user(LOGIN), group()] })] },
        }),
      ),
      [LINE, "1 event, 1 user created"],
    ],
    ["a file without events", ofFile('{"data": {"events": []}}'), ["0 events"]],
  ];
  for (const [what, step, lines] of told) {
    test(`of ${what}`, () => {
      assert.deepEqual(foretell(step), [HEADING, ...lines.map((line) => `  ${line}`)]);
    });
  }

  test("of a file that announces nobody: that, and why", () => {
    const [heading, counts, ...remarks] = foretell(
      ofFile(JSON.stringify(delivery(created(LOGIN, { target: null })))),
    );
    assert.deepEqual([heading, counts], [HEADING, "  1 event, 0 users created"]);
    assert.match(remarks.join("\n"), /^ {2}event 1 has no target/);
  });

  for (const text of ["no JSON", "", "null", "[]", "{}", '{"data": {"events": {}}}']) {
    test(`of a file that is no delivery: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(foretell(ofFile(text)), [
        "This receiver would refuse it: it is no delivery.",
      ]);
    });
  }

  test("is not told of a step that nobody asked for", () => {
    const { isForetold: _isForetold, ...step } = ofEvent("user.lifecycle.create");
    assert.deepEqual(foretell(step), []);
  });
});

describe("lines under a step's", () => {
  test("are indented, broken at 80 columns between words, and safe to print", () => {
    const words = Array.from({ length: 40 }, () => "word").join(" ");
    const lines = formatLines(["short", "a\u001b[31m\nb", words]).split("\n");
    assert.deepEqual(lines.slice(0, 2), ["  short", "  a\\u001b[31m\\u000ab"]);
    const broken = lines.slice(2, -1);
    assert.ok(broken.length > 1);
    for (const line of broken) assert.match(line, /^ {2}\S.{0,77}$/);
    assert.equal(broken.map((line) => line.trim()).join(" "), words);
    assert.equal(lines.at(-1), "");
  });

  test("are none where there is nothing to say", () => {
    assert.equal(formatLines([]), "");
  });
});

test("misuse is told within 80 columns, line by line as Node has it, and safe to print", () => {
  const long = "Unknown option '--nonsense'. To specify a positional argument starting with a '-'";
  const text = formatMisuse(new UsageError(`${long}, place it at the end.\nSecond\u001b line.`));
  const lines = text.split("\n");
  assert.equal(lines.at(-1), "Second\\u001b line.");
  for (const line of lines) assert.ok(line.length <= 80, line);
  const whole = lines.slice(0, -1).map((line) => line.trim());
  assert.equal(whole.join(" "), `${long}, place it at the end.`);
  assert.match(text, /^Unknown/);
});

describe("the last line says", () => {
  const HERE = "http://127.0.0.1:8082/userCreated";
  const results: [steps: number, failed: number, untried: number, line: string][] = [
    [7, 0, 0, "All 7 steps passed. Next, open a tunnel: ngrok http 8082"],
    [7, 1, 0, "1 of 7 steps failed."],
    [7, 3, 0, "3 of 7 steps failed."],
    [2, 1, 1, "1 of 2 steps failed, 1 was not tried."],
    [7, 1, 6, "1 of 7 steps failed, 6 were not tried."],
  ];
  for (const [steps, failed, untried, line] of results) {
    test(line, () => {
      assert.equal(formatResult(steps, failed, untried, new URL(HERE)), line);
    });
  }

  const next: [url: string, next: string][] = [
    [HERE, "open a tunnel: ngrok http 8082"],
    ["http://localhost:3000/userCreated", "open a tunnel: ngrok http 3000"],
    ["http://127.0.0.1/userCreated", "open a tunnel: ngrok http 80"],
    ["http://192.0.2.7:8082/userCreated", "open a tunnel: ngrok http 192.0.2.7:8082"],
    ["http://[::1]:8082/userCreated", "open a tunnel: ngrok http [::1]:8082"],
    ["http://192.0.2.7/userCreated", "open a tunnel: ngrok http 192.0.2.7:80"],
    ["https://example.ngrok-free.dev/userCreated", "in Okta: Save & Continue, and Verify."],
  ];
  for (const [url, words] of next) {
    test(`what comes next after ${url}`, () => {
      assert.equal(formatResult(2, 0, 0, new URL(url)), `All 2 steps passed. Next, ${words}`);
    });
  }
});
