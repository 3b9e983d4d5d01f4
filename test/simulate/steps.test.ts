/** What is played: all that Okta may send, and what a file may hold. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LogEvent } from "../../src/receiver/event-hook.js";
import type { Arguments } from "../../src/simulate/arguments.js";
import { createSteps } from "../../src/simulate/steps.js";
import { created, delivery, event } from "../support/okta.js";
import { folder } from "../support/process.js";
import type { Ends } from "../support/transcript.js";

const play = (given: Arguments) =>
  createSteps(given, { username: "admin", password: "supersecret" });

/** The bodies of the deliveries, which follow the verification. */
function bodiesFor(given: Arguments): string[] {
  const steps = play(given);
  assert.ok("value" in steps, JSON.stringify(steps));
  return steps.value.slice(1).map(({ body = "" }) => body);
}

/** A delivery as JSON carries it, as far as its fields are looked at. */
interface Envelope {
  source: string;
  eventId: string;
  eventTime: string;
  data: { events: LogEvent[] };
}

function parse(body = ""): Envelope {
  const envelope: Envelope = JSON.parse(body);
  return envelope;
}

test("all: a user alone, in a retry, among groups, beside another event, and no target", () => {
  const deliveries = bodiesFor({ login: "zoë@example.com" }).map(parse);
  const events = deliveries.map(({ data }) =>
    data.events.map(({ eventType, target }) => [
      eventType,
      ...(target ?? []).map((each) => `${each?.type} ${each?.alternateId}`),
    ]),
  );
  const CREATE = "user.lifecycle.create";
  const one = [[CREATE, "User zoë@example.com"]];
  const several = [
    [CREATE, "UserGroup unknown", "User jane.roe@example.com"],
    ["user.session.start"],
    [CREATE, "User max.moe@example.com", "UserGroup unknown", "UserGroup unknown"],
  ];
  assert.deepEqual(events, [one, one, several, [[CREATE]], one, one]);
  const ids = deliveries.map(({ eventId }) => eventId);
  assert.equal(new Set(ids).size, 3, "the retry alone has an eventId that was there before");
});

function write(t: Ends, content: string | Buffer): string {
  const file = join(folder(t), "own.json");
  writeFileSync(file, content);
  return file;
}

const ONE = created("jane@example.com");
const ANOTHER = event("zone.create", { target: null });
const files: [what: string, text: string, events: unknown[]][] = [
  ["an event with a byte order mark", `\ufeff${JSON.stringify(ANOTHER)}`, [ANOTHER]],
  ["a list of events", JSON.stringify([ONE, ANOTHER]), [ONE, ANOTHER]],
];
for (const [what, text, events] of files) {
  test(`a file of ${what} gets the envelope`, (t) => {
    const [body, ...others] = bodiesFor({ file: write(t, text) });
    assert.deepEqual(others, []);
    const envelope = parse(body);
    const { source, eventId, eventTime } = envelope;
    assert.ok(source && eventId && eventTime);
    assert.deepEqual(envelope, { ...delivery(...events), source, eventId, eventTime });
  });
}

test("a file of a delivery is sent as it is", (t) => {
  const text = '{"data":{"events":[ ]},\r\n"x":"ÿ"}\n';
  assert.deepEqual(bodiesFor({ file: write(t, text) }), [text]);
});

const NONE_OF = /own\.json holds none of these: a delivery, an event .*, or a list/;
const wrong: [what: string, content: string | Buffer, problem: RegExp][] = [
  ["UTF-16, as PowerShell writes it", Buffer.from("\ufeff{}", "utf16le"), /own\.json is not UTF-8/],
  ["no JSON", "user.lifecycle.create", /own\.json is not JSON: /],
  ["an object of another kind", '{"data":{"events":{}}}', NONE_OF],
  ["null", "null", NONE_OF],
];
for (const [what, content, problem] of wrong) {
  test(`a file of ${what} is named`, (t) => {
    const result = play({ file: write(t, content) });
    assert.ok("problems" in result);
    assert.match(result.problems.join("\n"), problem);
  });
}
