/** Okta's payload: which values make a delivery, and which typed events they become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf } from "../../src/receiver/announcements.js";
import { readDelivery, type HookEvent } from "../../src/receiver/event-hook.js";
import { event, group, user } from "../support/okta.js";

/** Reads one event as it arrives, as JSON. */
function read(value: unknown): HookEvent {
  const body: unknown = JSON.parse(JSON.stringify({ data: { events: [value] } }));
  const [first] = readDelivery(body)?.events ?? [];
  assert.ok(first !== undefined);
  return first;
}

test("an event keeps what Okta says of it, in its order, and all else under raw", () => {
  const john = user("john.doe@example.com");
  const admin = user("admin@example.com");
  const sent = event("user.lifecycle.create", {
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    outcome: { result: "DENY", reason: "Sign-on policy" },
    actor: admin,
    target: [group(), john],
  });
  const { detailEntry, ...johnRead } = { ...john, name: "john.doe@example.com" };
  assert.deepEqual(read(sent), {
    eventType: "user.lifecycle.create",
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    published: "2026-11-23T09:30:00.000Z",
    result: "DENY",
    reason: "Sign-on policy",
    hasSucceeded: false,
    actor: { ...johnRead, alternateId: "admin@example.com", name: "admin@example.com" },
    targets: [{ ...group(), name: "Everyone" }, johnRead],
    raw: sent,
  });
});

const john = { type: "User", alternateId: "john.doe@example.com", displayName: "John Doe" };
const JOHN = "User: john.doe@example.com";
const NOBODY = "no type: no name";

const targets: [what: string, target: unknown, read: string[]][] = [
  ["several, in order", [john, group(), john], [JOHN, "UserGroup: Everyone", JOHN]],
  ["one without a type", [{ alternateId: "a" }], ["no type: a"]],
  ["one whose type is null", [{ ...john, type: null }], ["no type: john.doe@example.com"]],
  ["one whose type is a number", [{ ...john, type: 7 }], ["number: John Doe"]],
  ["one whose type is in other letters", [{ ...john, type: "user" }], ["user: John Doe"]],
  ["a login that is no text", [{ ...john, alternateId: ["x"] }], ["User: no name"]],
  ["a login of blanks", [{ ...john, alternateId: " \t" }], ["User: no name"]],
  ["odd values beside a whole one", [null, 7, "x", [], john], [...Array(4).fill(NOBODY), JOHN]],
  ["an empty list", [], []],
  ["null", null, []],
  ["text", "User", []],
  ["an object", { 0: john }, []],
];
for (const [what, target, expected] of targets) {
  test(`reads for targets: ${what}`, () => {
    const found = read({ target }).targets;
    const told = found.map(({ type = "no type", name = "no name" }) => `${type}: ${name}`);
    assert.deepEqual(told, expected);
  });
}

const SUCCESSES = ["SUCCESS", "Success", "success", "", null];
const FAILURES = [
  ...["FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "RATE_LIMIT", "DEFERRED"],
  ...["SCHEDULED", "ABANDONED", "UNANSWERED", "success ", " ", "SUCCESSFUL", "\u017fuccess"],
];
for (const result of [...SUCCESSES, ...FAILURES]) {
  const hasSucceeded = SUCCESSES.includes(result);
  const what = hasSucceeded ? "happened" : "did not happen";
  test(`what has the result ${JSON.stringify(result)} ${what}`, () => {
    const event = read({ outcome: { result } });
    assert.deepEqual([event.result, event.hasSucceeded], [result ?? undefined, hasSucceeded]);
  });
}

test("what has no outcome, or one without a result, happened", () => {
  for (const outcome of [undefined, null, {}, "DENY", []]) {
    assert.equal(read({ outcome }).hasSucceeded, true, JSON.stringify(outcome));
  }
});

test("a result that is no text is none of success, and is named by its type", () => {
  for (const result of [7, false, {}, ["SUCCESS"]]) {
    const event = read({ outcome: { result } });
    assert.deepEqual([event.result, event.hasSucceeded], [typeof result, false]);
  }
});

test("of an event of any other shape nothing is known, and its raw fields can be asked for", () => {
  for (const raw of [null, 7, "x", [], true, {}, { eventType: 7, uuid: [], actor: null }]) {
    const { eventType, uuid, actor, targets, raw: kept } = read(raw);
    assert.deepEqual([eventType, uuid, actor, targets], [undefined, undefined, undefined, []]);
    assert.equal(kept.client?.ipAddress, undefined);
  }
});

test("a sentence can name another target of an event, and says so where there is none", () => {
  const nameless = { type: "UserGroup", id: "00g", displayName: " " };
  const event = read({ target: [john, nameless, group(), { ...group(), displayName: "Second" }] });
  assert.equal(nameOf(event, "UserGroup"), "Everyone");
  assert.equal(nameOf(event, "User"), "john.doe@example.com");
  assert.equal(nameOf(event, "AppInstance"), "(no AppInstance)");
  assert.equal(nameOf(read({ target: [nameless] }), "UserGroup"), "(no UserGroup)");
});

test("a delivery needs nothing but data.events, and its eventId is a text", () => {
  const idOf = (fields: object) => readDelivery({ data: { events: [] }, ...fields })?.eventId;
  assert.deepEqual(readDelivery({ data: { events: [] } }), { eventId: undefined, events: [] });
  assert.equal(idOf({ eventId: 7 }), undefined);
  assert.equal(idOf({ eventId: "" }), undefined);
  assert.equal(idOf({ eventId: "e1" }), "e1");
});

test("what has no list at data.events is no delivery", () => {
  const bodies = [undefined, null, 7, "x", [], {}, { data: null }, { data: [] }, { events: [] }];
  for (const body of [...bodies, { data: { events: {} } }, { data: { events: null } }]) {
    assert.equal(readDelivery(body), undefined, JSON.stringify(body));
  }
});
