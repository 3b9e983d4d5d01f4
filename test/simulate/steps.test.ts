/** What is played: the steps for each kind of arguments, and what a file may hold. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LogEvent } from "../../src/receiver/event-hook.js";
import type { Arguments } from "../../src/simulate/arguments.js";
import { createSteps, type Step } from "../../src/simulate/steps.js";
import { created, delivery, event } from "../support/okta.js";
import { folder } from "../support/process.js";

const play = (given: Arguments) =>
  createSteps(given, { username: "admin", password: "supersecret" });

function stepsFor(given: Arguments): Step[] {
  const steps = play(given);
  assert.ok("value" in steps, JSON.stringify(steps));
  return steps.value;
}

function envelopeOf({ body = "" }: Step): Envelope {
  const envelope: Envelope = JSON.parse(body);
  return envelope;
}

/** A delivery as JSON carries it, as far as its fields are looked at. */
interface Envelope {
  eventType: string;
  eventId: string;
  data: { events: LogEvent[] };
}

const CREATE = "user.lifecycle.create";

test("all: a user alone, in a retry, among groups, beside another event, and no target", () => {
  const [, ...deliveries] = stepsFor({ login: "zoë@example.com" });
  const events = deliveries.map((step) =>
    envelopeOf(step).data.events.map(({ eventType, target }) => [
      eventType,
      ...(target ?? []).map((each) => `${each?.type} ${each?.alternateId}`),
    ]),
  );
  const one = [[CREATE, "User zoë@example.com"]];
  const several = [
    [CREATE, "UserGroup unknown", "User jane.roe@example.com"],
    ["user.session.start"],
    [CREATE, "User max.moe@example.com", "UserGroup unknown", "UserGroup unknown"],
  ];
  assert.deepEqual(events, [one, one, several, [[CREATE]], one, one]);
  const ids = deliveries.map((step) => envelopeOf(step).eventId);
  assert.equal(new Set(ids).size, 3, "the retry alone has an eventId that was there before");
});

test("one event: of its type, with its outcome, and about its login", () => {
  const given = { eventType: "user.account.lock", outcome: "DENY", login: '\u001b"x@example.com' };
  const [verification, one, ...others] = stepsFor(given);
  assert.ok(one);
  assert.deepEqual([verification?.name, others], ["verification", []]);
  const [sent] = envelopeOf(one).data.events;
  assert.deepEqual([sent?.eventType, sent?.outcome?.result], [given.eventType, "DENY"]);
  assert.equal(sent?.target?.[0]?.alternateId, given.login);
});

test("an event of an unknown type: says so, and where to copy one from", () => {
  const result = play({ eventType: "policy.lifecycle.update" });
  assert.ok("problems" in result);
  const whole =
    /^The targets of policy\.lifecycle\.update are not known.*System Log.*inspector.*file/;
  assert.match(result.problems.join(" "), whole);
});

const ONE = created("jane@example.com");
const ANOTHER = event("zone.create", { target: null });
const files: [what: string, text: string, events: unknown[]][] = [
  ["an event of the System Log", JSON.stringify(ONE), [ONE]],
  ["a list of events", JSON.stringify([ONE, ANOTHER]), [ONE, ANOTHER]],
  ["a list of none", "[]", []],
  ["an event with a byte order mark", `\ufeff${JSON.stringify(ANOTHER)}`, [ANOTHER]],
];
for (const [what, text, events] of files) {
  test(`a file of ${what} gets the envelope`, (t) => {
    const file = join(folder(t), "own.json");
    writeFileSync(file, text);
    const [, step, ...others] = stepsFor({ file });
    assert.ok(step);
    assert.deepEqual(others, []);
    const { eventType, eventId, data } = envelopeOf(step);
    assert.equal(eventType, "com.okta.event_hook");
    assert.ok(eventId);
    assert.deepEqual(data, { events });
  });
}

for (const text of [
  JSON.stringify(delivery(ONE), null, 2),
  '{"data":{"events":[ ]},\r\n"x":"ÿ"}\n',
]) {
  test(`a file of a delivery is sent as it is: ${text.slice(0, 24)}`, (t) => {
    const file = join(folder(t), "own.json");
    writeFileSync(file, text);
    assert.equal(stepsFor({ file })[1]?.body, text);
  });
}

const NONE_OF = /own\.json holds none of these: a delivery, an event .*, or a list/;
const wrong: [what: string, content: string | Buffer, problem: RegExp][] = [
  ["UTF-16, as PowerShell writes it", Buffer.from("\ufeff{}", "utf16le"), /own\.json is not UTF-8/],
  ["no JSON", "user.lifecycle.create", /own\.json is no JSON: /],
  ["an object of another kind", '{"data":{"events":{}}}', NONE_OF],
  ["null", "null", NONE_OF],
];
for (const [what, content, problem] of wrong) {
  test(`a file of ${what} is named`, (t) => {
    const file = join(folder(t), "own.json");
    writeFileSync(file, content);
    const result = play({ file });
    assert.ok("problems" in result);
    assert.match(result.problems.join("\n"), problem);
  });
}
