/** Okta's payload: whom a delivery says was created, and what the console hears of the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readDelivery } from "../src/event-hook.js";
import { created, delivery, event, group, user } from "./support/okta.js";

const REMEDY = `in Okta's preview put "target": [{"type": "User", "alternateId": "john.doe@example.com"}] in its place`;
const create = "user.lifecycle.create";
const a = user("a@example.com");
const b = user("b@example.com");

const cases: [what: string, events: unknown[], users: string[], summary: string][] = [
  ["no events", [], [], "0 events, 0 users created"],
  ["one user", [created("a@example.com")], ["a@example.com"], "1 event, 1 user created"],
  [
    "users of several events, in order",
    [created("b@example.com"), created("a@example.com"), created("b@example.com")],
    ["b@example.com", "a@example.com", "b@example.com"],
    "3 events, 3 users created",
  ],
  [
    "several users of one event, in order",
    [event(create, { target: [b, a] })],
    ["b@example.com", "a@example.com"],
    "1 event, 2 users created",
  ],
  [
    "a user between groups",
    [event(create, { target: [group(), a, group()] })],
    ["a@example.com"],
    "1 event, 1 user created",
  ],
  [
    "a target without a type, as in Okta's guide",
    [{ eventType: create, target: [{ alternateId: "someone@example.com" }] }],
    ["someone@example.com"],
    "1 event, 1 user created",
  ],
  [
    "a target whose type is null",
    [event(create, { target: [{ ...a, type: null }] })],
    ["a@example.com"],
    "1 event, 1 user created",
  ],
  [
    "groups and applications alone",
    [event(create, { target: [group(), { type: "AppInstance", alternateId: "app" }] })],
    [],
    `1 event, 0 users created, event 1 has no user among its targets: ${REMEDY}`,
  ],
  ...[null, undefined, "User", { 0: a }].map((target): (typeof cases)[number] => [
    `a target that is ${JSON.stringify(target)}`,
    [event(create, { target })],
    [],
    `1 event, 0 users created, event 1 has no target: ${REMEDY}`,
  ]),
  [
    "an empty list of targets",
    [event(create, { target: [] })],
    [],
    `1 event, 0 users created, event 1 has no user among its targets: ${REMEDY}`,
  ],
  ...[null, undefined, "", 7, ["x"]].map((alternateId): (typeof cases)[number] => [
    `a user whose alternateId is ${JSON.stringify(alternateId)}, beside a whole one`,
    [event(create, { target: [{ ...a, alternateId }, b] })],
    ["b@example.com"],
    `1 event, 1 user created, event 1 has a user without alternateId: ${REMEDY}`,
  ]),
  [
    "a creation that failed",
    [created("a@example.com", { outcome: { result: "FAILURE", reason: "x" } }), created("b@example.com")],
    ["b@example.com"],
    "2 events, 1 user created, 1 failed, as Okta reports (a@example.com)",
  ],
  [
    "a failure in other letters, without a user",
    [event(create, { outcome: { result: "Failure" }, target: null })],
    [],
    "1 event, 0 users created, 1 failed, as Okta reports (event 1)",
  ],
  [
    "the preview's Success, no outcome, and a null one",
    [
      created("a@example.com", { outcome: { result: "Success" } }),
      created("b@example.com", { outcome: undefined }),
      created("c@example.com", { outcome: null }),
    ],
    ["a@example.com", "b@example.com", "c@example.com"],
    "3 events, 3 users created",
  ],
  [
    "other event types",
    [
      event("user.session.start"),
      created("a@example.com"),
      event("user.session.end"),
      event("user.session.start"),
    ],
    ["a@example.com"],
    "4 events, 1 user created, 3 ignored (user.session.start, user.session.end)",
  ],
  [
    "an event type in other letters, which is another",
    [event("User.Lifecycle.Create")],
    [],
    "1 event, 0 users created, 1 ignored (User.Lifecycle.Create)",
  ],
  [
    "more event types than a line should hold",
    ["a", "b", "c", "d", "e", "f", "g"].map((type) => event(type)),
    [],
    "7 events, 0 users created, 7 ignored (a, b, c, d, e, …)",
  ],
  [
    "malformed events between whole ones",
    [null, created("a@example.com"), 7, "x", [], created("b@example.com"), { eventType: 1 }, {}],
    ["a@example.com", "b@example.com"],
    "8 events, 2 users created, 6 ignored (no eventType)",
  ],
  [
    "malformed targets between whole ones",
    [event(create, { target: [null, a, 7, "x", [], b] })],
    ["a@example.com", "b@example.com"],
    `1 event, 2 users created, event 1 has a user without alternateId: ${REMEDY}`,
  ],
  [
    "an event type with control characters",
    [event("\u001b[2J\u202e")],
    [],
    "1 event, 0 users created, 1 ignored (\\u001b[2J\\u202e)",
  ],
  [
    "an event type that is long",
    [event("x".repeat(200))],
    [],
    `1 event, 0 users created, 1 ignored (${"x".repeat(80)}…)`,
  ],
];
for (const [what, events, users, summary] of cases) {
  test(`reads ${what}`, () => {
    const read = readDelivery(JSON.parse(JSON.stringify(delivery(...events))));
    assert.deepEqual([read?.users, read?.summary], [users, summary]);
  });
}

test("needs nothing of the envelope but data.events, and takes eventId only as text", () => {
  const events = [created("a@example.com")];
  assert.deepEqual(readDelivery({ data: { events } })?.users, ["a@example.com"]);
  assert.equal(readDelivery({ data: { events } })?.eventId, undefined);
  assert.equal(readDelivery({ eventId: 7, data: { events } })?.eventId, undefined);
  assert.equal(readDelivery({ eventId: "e1", data: { events } })?.eventId, "e1");
});

test("is no delivery without a list at data.events", () => {
  const bodies = [undefined, null, 7, "x", [], {}, { data: null }, { data: [] }, { data: { events: {} } }];
  for (const body of [...bodies, { data: { events: null } }, { events: [] }]) {
    assert.equal(readDelivery(body), undefined, JSON.stringify(body));
  }
});

test("takes a hundred thousand targets and events", () => {
  const target = Array.from({ length: 100_000 }, (_, index) => user(`u${index}@example.com`));
  assert.equal(readDelivery(delivery(event(create, { target })))?.users.length, 100_000);
  const events = target.map((each) => ({ eventType: create, target: [each] }));
  assert.equal(readDelivery(delivery(...events))?.users.at(-1), "u99999@example.com");
});
