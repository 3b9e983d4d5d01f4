/** Replies: each refusal is one sentence of JSON, and a mistake of ours is shown on the console alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fail, NO_CHALLENGE, REFUSALS, refuse } from "../../src/receiver/replies.js";

test("a refusal says to the client in one sentence what the console says in two lines", () => {
  const { status, headers, body, message } = refuse(400, "the lid is open", "close it");
  assert.equal(status, 400);
  assert.deepEqual(headers, { "Content-Type": "application/json; charset=utf-8" });
  assert.equal(body, '{"error":"The lid is open: close it."}');
  assert.deepEqual(message, { text: "the lid is open", details: ["close it"], color: "red" });
});

test("every fixed refusal is JSON with one sentence that says what to change", () => {
  for (const { status, body = "" } of [...Object.values(REFUSALS), NO_CHALLENGE]) {
    const { error, ...others }: { error: string } = JSON.parse(body);
    assert.match(error, /^[A-Z][^:]+: [^:\n]+(: [^:\n]+)?[^.]\.$/, `${status}`);
    assert.deepEqual(others, {});
  }
});

/** Throws, as a mistake in our own code would. */
function stumble(): never {
  throw new TypeError("Cannot read properties of undefined (reading 'displayName')");
}

/** What a function throws. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return assert.fail("it throws nothing");
}

test("a mistake of ours: its message and our own frames on the console, nothing to the client", () => {
  const { status, body, message } = fail(thrownBy(() => ["x"].map(stumble)));
  assert.equal(status, 500);
  assert.equal(body, '{"error":"The receiver failed: its console says why."}');
  assert.deepEqual([message.text, message.color], ["the receiver failed", "red"]);
  const [what, first, ...rest] = message.details ?? [];
  assert.equal(what, "TypeError: Cannot read properties of undefined (reading 'displayName')");
  const source = readFileSync(new URL(import.meta.url), "utf8").split("\n");
  const line = source.findIndex((each) => each.startsWith("  throw new TypeError")) + 1;
  assert.equal(first, `  at stumble (test/receiver/replies.test.ts:${line}:9)`);
  assert.equal(rest.pop(), "Okta retries this delivery once.");
  assert.ok(rest.length > 0);
  for (const frame of rest) {
    assert.match(frame, /^ {2}at .*\(?test\/receiver\/replies\.test\.ts:\d+:\d+\)?$/);
  }
});

test("of a stack our own frames are shown, by their path below the project, also when built", () => {
  const urlOf = (file: string) => new URL(`../../${file}`, import.meta.url).href;
  const built = urlOf("dist/receiver/announcements.js");
  const source = fileURLToPath(urlOf("src/receiver/app.ts"));
  const error = new Error("x");
  error.stack = [
    "Error: x",
    `    at sentence (${built}:24:31)`,
    `    at async ${source}:56:21`,
    `    at next (${urlOf("node_modules/router/lib/layer.js")}:1:1)`,
    "    at node:internal/process:1:1",
  ].join("\n");
  assert.deepEqual(fail(error).message.details, [
    "Error: x",
    "  at sentence (dist/receiver/announcements.js:24:31)",
    `  at async ${path.join("src", "receiver", "app.ts")}:56:21`,
    "Okta retries this delivery once.",
  ]);
});

test("a message that names a file of the project is no frame", () => {
  const file = fileURLToPath(new URL("../../names.json", import.meta.url));
  const error = thrownBy(() => readFileSync(file));
  const [what, ...frames] = fail(error).message.details ?? [];
  assert.ok(what?.includes(file));
  assert.equal(frames.pop(), "Okta retries this delivery once.");
  assert.ok(frames.length > 0);
  for (const frame of frames) assert.match(frame, /^ {2}at /);
});

test("whatever is thrown is told: an error without a stack, a text, nothing at all", () => {
  const bare = new RangeError("too deep");
  delete bare.stack;
  const retry = "Okta retries this delivery once.";
  const cases: [thrown: unknown, told: string][] = [
    [bare, "RangeError: too deep"],
    ["no group", "Error: no group"],
    [undefined, "Error: undefined"],
    [null, "Error: null"],
    [{ message: "an object" }, "Error: an object"],
  ];
  for (const [thrown, told] of cases) {
    assert.deepEqual(fail(thrown).message.details, [told, retry]);
  }
});
