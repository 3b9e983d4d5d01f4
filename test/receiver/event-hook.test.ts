/** Okta's payload: which values make a delivery, and which typed events they become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf } from "../../src/receiver/announcements.js";
import { readDelivery, type HookEvent, type Target } from "../../src/receiver/event-hook.js";
import { created, delivery, event, group, user } from "../support/okta.js";

/** Reads one event as it arrives, as JSON. */
function read(value: unknown): HookEvent {
  const [first, ...others] =
    readDelivery(JSON.parse(JSON.stringify(delivery(value))))?.events ?? [];
  assert.ok(first !== undefined);
  assert.deepEqual(others, []);
  return first;
}

test("an event keeps what Okta says of it", () => {
  const sent = event("user.lifecycle.create", {
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    outcome: { result: "DENY", reason: "Sign-on policy" },
    target: [group(), user("john.doe@example.com")],
  });
  assert.deepEqual(read(sent), {
    eventType: "user.lifecycle.create",
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    published: "2026-11-23T09:30:00.000Z",
    result: "DENY",
    reason: "Sign-on policy",
    hasSucceeded: false,
    actor: {
      type: "User",
      id: "00uehd8bGdP6eX0Kx0g3",
      alternateId: "admin@example.com",
      displayName: "Admin",
      name: "admin@example.com",
    },
    targets: [
      {
        type: "UserGroup",
        id: "00gtri4vD8bPkRYRk0g3",
        alternateId: "unknown",
        displayName: "Everyone",
        name: "Everyone",
      },
      {
        type: "User",
        id: "00u1d5hr1dHUfQb5S0g4",
        alternateId: "john.doe@example.com",
        displayName: "John Doe",
        name: "john.doe@example.com",
      },
    ],
    raw: JSON.parse(JSON.stringify(sent)),
  });
});

const NOTHING = {
  type: undefined,
  id: undefined,
  alternateId: undefined,
  displayName: undefined,
  name: undefined,
};
const john = { type: "User", alternateId: "john.doe@example.com", displayName: "John Doe" };
const johnRead: Target = { ...NOTHING, ...john, name: "john.doe@example.com" };

const targets: [what: string, target: unknown, expected: Target[]][] = [
  [
    "several, in order",
    [john, group(), { ...john, alternateId: "a" }],
    [johnRead, { ...group(), name: "Everyone" }, { ...johnRead, alternateId: "a", name: "a" }],
  ],
  ["one without a type", [{ alternateId: "a" }], [{ ...NOTHING, alternateId: "a", name: "a" }]],
  ["one whose type is null", [{ ...john, type: null }], [{ ...johnRead, type: undefined }]],
  [
    "one whose type is a number",
    [{ ...john, type: 7 }],
    [{ ...johnRead, type: "number", name: "John Doe" }],
  ],
  [
    "one whose type is in other letters",
    [{ ...john, type: "user" }],
    [{ ...johnRead, type: "user", name: "John Doe" }],
  ],
  [
    "fields that are no text",
    [{ type: "User", id: 7, alternateId: ["x"], displayName: {} }],
    [{ ...NOTHING, type: "User" }],
  ],
  [
    "fields of blanks",
    [{ type: "User", id: "", alternateId: " ", displayName: "\t" }],
    [{ ...NOTHING, type: "User" }],
  ],
  [
    "odd values between whole ones",
    [null, john, 7, "x", [], john],
    [NOTHING, johnRead, NOTHING, NOTHING, NOTHING, johnRead],
  ],
  ["an empty list", [], []],
  ["null", null, []],
  ["text", "User", []],
  ["an object", { 0: john }, []],
];
for (const [what, target, expected] of targets) {
  test(`reads for targets: ${what}`, () => {
    assert.deepEqual(read({ target }).targets, expected);
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
    const event = read({ outcome });
    assert.deepEqual([event.result, event.hasSucceeded], [undefined, true]);
  }
});

test("a result that is no text is none of success, and is named by its type", () => {
  for (const result of [7, false, {}, [], ["SUCCESS"]]) {
    const event = read({ outcome: { result } });
    assert.deepEqual([event.result, event.hasSucceeded], [typeof result, false]);
  }
});

test("an event of any other shape is one of which nothing is known", () => {
  for (const raw of [null, 7, "x", [], true, {}, { eventType: 7, uuid: 8, actor: null }]) {
    assert.deepEqual(read(raw), {
      eventType: undefined,
      uuid: undefined,
      published: undefined,
      result: undefined,
      reason: undefined,
      hasSucceeded: true,
      actor: undefined,
      targets: [],
      raw,
    });
  }
});

test("a sentence can name another target of an event, and says so where there is none", () => {
  const nameless = { type: "UserGroup", id: "00g", displayName: " " };
  const event = read({ target: [john, nameless, group(), { ...group(), displayName: "Second" }] });
  assert.equal(nameOf(event, "UserGroup"), "Everyone");
  assert.equal(nameOf(event, "User"), "john.doe@example.com");
  assert.equal(nameOf(event, "AppInstance"), "(no AppInstance)");
  assert.equal(nameOf(read({ target: [nameless] }), "UserGroup"), "(no UserGroup)");
  assert.equal(nameOf(read({}), "User"), "(no User)");
});

test("needs nothing of the envelope but data.events, and takes eventId only as text", () => {
  const data = { events: [created("a@example.com")] };
  const idOf = (fields: object) => readDelivery({ data, ...fields })?.eventId;
  assert.equal(readDelivery({ data })?.events.length, 1);
  assert.equal(idOf({}), undefined);
  assert.equal(idOf({ eventId: 7 }), undefined);
  assert.equal(idOf({ eventId: "" }), undefined);
  assert.equal(idOf({ eventId: "e1" }), "e1");
});

test("is no delivery without a list at data.events", () => {
  const bodies = [undefined, null, 7, "x", [], {}, { data: null }, { data: [] }, { events: [] }];
  for (const body of [...bodies, { data: { events: {} } }, { data: { events: null } }]) {
    assert.equal(readDelivery(body), undefined, JSON.stringify(body));
  }
});
