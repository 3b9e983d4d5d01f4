/** Okta's payload: which values make a delivery, and which typed events they become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readDelivery, type HookEvent } from "../src/receiver/event-hook.js";
import { created, delivery, event, group, user } from "./support/okta.js";

const NO_TARGET = "no target";
const NO_USER = "no user among its targets";
const NO_LOGIN = "a user without an alternateId";

const create = "user.lifecycle.create";
const john = user("john.doe@example.com");
const johnOnly = { logins: ["john.doe@example.com"], lack: undefined };

const cases: [what: string, event: unknown, expected: Partial<HookEvent>][] = [
  ["a created user", created("john.doe@example.com"), { ...johnOnly, result: "SUCCESS" }],
  [
    "several users, in order",
    event(create, { target: [user("b"), user("a")] }),
    {
      logins: ["b", "a"],
      lack: undefined,
    },
  ],
  ["a user between groups", event(create, { target: [group(), john, group()] }), johnOnly],
  [
    "a target without a type",
    { eventType: create, target: [{ alternateId: "a" }] },
    {
      logins: ["a"],
      lack: undefined,
    },
  ],
  ["a target whose type is null", { target: [{ ...john, type: null }] }, johnOnly],
  [
    "a target whose type is a number",
    { target: [{ ...john, type: 7 }] },
    { logins: [], lack: NO_USER },
  ],
  [
    "a type in other letters",
    { target: [{ ...john, type: "user" }] },
    { logins: [], lack: NO_USER },
  ],
  ["no user among the targets", { target: [group()] }, { logins: [], lack: NO_USER }],
  ["an empty list of targets", { target: [] }, { logins: [], lack: NO_USER }],
  ["a target that is null", { target: null }, { logins: [], lack: NO_TARGET }],
  ["no target", {}, { logins: [], lack: NO_TARGET }],
  ["a target that is text", { target: "User" }, { logins: [], lack: NO_USER }],
  ["a target that is an object", { target: { 0: john } }, { logins: [], lack: NO_USER }],
  [
    "odd targets between whole ones",
    { target: [null, john, 7, "x", [], john] },
    {
      logins: ["john.doe@example.com", "john.doe@example.com"],
      lack: NO_LOGIN,
    },
  ],
  ...[null, undefined, "", 7, ["x"], {}].map((alternateId): (typeof cases)[number] => [
    `a user whose alternateId is ${JSON.stringify(alternateId)}`,
    { target: [{ ...john, alternateId }] },
    { logins: [], lack: NO_LOGIN },
  ]),
  [
    "an outcome as Okta's preview has it",
    { outcome: { result: "Success" } },
    { result: "Success" },
  ],
  [
    "a denial",
    { outcome: { result: "DENY", reason: "x" } },
    { result: "DENY", hasSucceeded: false },
  ],
  ...[undefined, null, {}, "DENY", { result: null }, { result: "" }].map(
    (outcome): (typeof cases)[number] => [
      `the outcome ${JSON.stringify(outcome)}, which has no result`,
      { outcome },
      { result: "", hasSucceeded: true },
    ],
  ),
  ...[7, false, {}, [], ["SUCCESS"]].map((result): (typeof cases)[number] => [
    `the result ${JSON.stringify(result)}, which is not text`,
    { outcome: { result } },
    { result: typeof result, hasSucceeded: false },
  ]),
  ["an eventType that is a number", { eventType: 7 }, { eventType: undefined }],
  ...[null, 7, "x", [], true].map((odd): (typeof cases)[number] => [
    `${JSON.stringify(odd)} for an event`,
    odd,
    { eventType: undefined, result: "", hasSucceeded: true, logins: [], lack: NO_TARGET },
  ]),
];
for (const [what, value, expected] of cases) {
  test(`reads ${what}`, () => {
    const read = readDelivery(JSON.parse(JSON.stringify(delivery(value))));
    const [event] = read?.events ?? [];
    assert.deepEqual({ ...event, ...expected }, event);
    assert.equal(read?.events.length, 1);
  });
}

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
