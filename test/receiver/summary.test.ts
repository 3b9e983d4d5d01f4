/** The summary: what a delivery comes to in numbers, and why some of it is not announced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANNOUNCEMENTS, type Announcement } from "../../src/receiver/announcements.js";
import { readDelivery } from "../../src/receiver/event-hook.js";
import { summarize } from "../../src/receiver/summary.js";
import { created, event, group, user } from "../support/okta.js";

const create = "user.lifecycle.create";
const a = user("a@example.com");
const b = user("b@example.com");
const denied = { outcome: { result: "DENY" } };

const sentence = () => "";
const announcements = new Map<string | undefined, Announcement>([
  ...ANNOUNCEMENTS,
  [
    "group.lifecycle.create",
    { about: "UserGroup", noun: "group", participle: "created", sentence },
  ],
  ["user.session.start", { about: "actor", noun: "user", participle: "signed in", sentence }],
]);

/** Summarizes events as they arrive. */
function summaryOf(events: unknown[]) {
  const read = readDelivery(JSON.parse(JSON.stringify({ data: { events } })));
  return summarize(read?.events ?? [], announcements);
}

const ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];
const PUT_LOGIN = "has no alternateId: put the user's login there";
const JOHN = "John Doe (00u1d5hr1dHUfQb5S0g4)";
const signIn = { target: null, actor: user("jane.roe@example.com") };

/** Events, and what the console says of them. */
interface Case {
  what: string;
  events: unknown[];
  text: string;
  details?: string[];
}

const cases: Case[] = [
  { what: "no events", events: [], text: "0 events" },
  { what: "one user", events: [created("a")], text: "1 event, 1 user created" },
  {
    what: "users of several events, and several of one",
    events: [created("b"), event(create, { target: [a, group(), b] })],
    text: "2 events, 3 users created",
  },
  {
    what: "several types, in the order of the table",
    events: [
      event("user.session.start", signIn),
      event("group.lifecycle.create", { target: [group(), group()] }),
      created("a"),
    ],
    text: "3 events, 1 user created, 2 groups created, 1 user signed in",
  },
  {
    what: "success in any case, and no result",
    events: ["SUCCESS", "Success", "success", null, "", undefined].map((result) =>
      created("a", { outcome: { result } }),
    ),
    text: "6 events, 6 users created",
  },
  {
    what: "other event types, each named once",
    events: [event("user.x"), created("a"), event("user.y"), event("user.x"), event("constructor")],
    text: "5 events, 1 user created, 4 ignored",
    details: ["ignored: user.x, user.y, constructor"],
  },
  {
    what: "a type that is too long for a line",
    events: [event("a".repeat(81)), event("b")],
    text: "2 events, 2 ignored",
    details: [`ignored: ${"a".repeat(80)}…, b`],
  },
  {
    what: "malformed events between whole ones",
    events: [null, created("a"), 7, "x", [], created("b"), {}],
    text: "7 events, 2 users created, 5 ignored",
    details: ["ignored: no eventType"],
  },
  {
    what: "a target that is null, as in Okta's preview",
    events: [event(create, { target: null, outcome: { result: "Success" } })],
    text: "1 event, 0 users created",
    details: ["event 1 has no target", ...ADVICE],
  },
  {
    what: "several events without targets: the advice comes once",
    events: [{ eventType: create }, event(create, { target: null }), created("a")],
    text: "3 events, 1 user created",
    details: ["event 1 has no target", "event 2 has no target", ...ADVICE],
  },
  {
    what: "a type that is not about users without its target: no advice about users",
    events: [event("group.lifecycle.create", { target: null })],
    text: "1 event, 0 groups created",
    details: ["event 1 has no target"],
  },
  {
    what: "a target that is no list",
    events: [event(create, { target: a }), event(create, { target: "a@example.com" })],
    text: "2 events, 0 users created",
    details: [
      "event 1 has a target that is no list: put it in [ ]",
      "event 2 has a target that is no list: put it in [ ]",
    ],
  },
  {
    what: "an empty list of targets",
    events: [event(create, { target: [] })],
    text: "1 event, 0 users created",
    details: ["event 1 has an empty list of targets"],
  },
  {
    what: "no user among the targets",
    events: [event(create, { target: [group(), { type: "AppInstance" }, group()] })],
    text: "1 event, 0 users created",
    details: ["event 1 has no target of type User: it has UserGroup, AppInstance"],
  },
  ...[null, undefined, "", " \t", 7, ["x"]].map((alternateId) => ({
    what: `a user whose alternateId is ${JSON.stringify(alternateId)}, beside a whole one`,
    events: [event(create, { target: [{ ...a, alternateId }, b] })],
    text: "1 event, 1 user created",
    details: [`${JOHN} ${PUT_LOGIN}`],
  })),
  {
    what: "users without a login, of whom less is known",
    events: [
      event(create, { target: [{ ...a, alternateId: null, displayName: null }] }),
      event(create, { target: [{ ...a, alternateId: null, id: null }] }),
      event(create, { target: [{}, null] }),
    ],
    text: "3 events, 0 users created",
    details: [
      `00u1d5hr1dHUfQb5S0g4 ${PUT_LOGIN}`,
      `John Doe ${PUT_LOGIN}`,
      `a target of event 3 ${PUT_LOGIN}`,
    ],
  },
  {
    what: "a name that is too long for a line, which hides not what is missing",
    events: [
      event(create, { target: [{ ...a, alternateId: null, displayName: "J".repeat(500) }] }),
    ],
    text: "1 event, 0 users created",
    details: [`${"J".repeat(200)}… ${PUT_LOGIN}`],
  },
  {
    what: "a group without a name",
    events: [event("group.lifecycle.create", { target: [{ ...group(), displayName: "" }] })],
    text: "1 event, 0 groups created",
    details: ["00gtri4vD8bPkRYRk0g3 has no displayName: put a name there"],
  },
  {
    what: "an actor that is missing, and one without a login",
    events: [
      event("user.session.start", { actor: null }),
      event("user.session.start", { actor: { ...a, alternateId: null } }),
    ],
    text: "2 events, 0 users signed in",
    details: ["event 1 has no actor", `${JOHN} ${PUT_LOGIN}`],
  },
  {
    what: "a creation that was denied, with Okta's reason",
    events: [
      created("jane.roe@example.com", { outcome: { result: "DENY", reason: "Sign-on policy" } }),
      created("b"),
    ],
    text: "2 events, 1 user created, 1 not created",
    details: ["not created: jane.roe@example.com (DENY: Sign-on policy)"],
  },
  {
    what: "a denial without a reason, of users of whom one has no login",
    events: [event(create, { ...denied, target: [a, group(), { ...b, alternateId: "" }] })],
    text: "1 event, 0 users created, 1 not created",
    details: [`not created: a@example.com, ${JOHN} (DENY)`],
  },
  {
    what: "a denial without a target, which gets no advice",
    events: [event(create, { outcome: { result: "Failure" }, target: null })],
    text: "1 event, 0 users created, 1 not created",
    details: ["not created: event 1 (Failure)"],
  },
  {
    what: "a result that is no text",
    events: [created("a", { outcome: { result: ["SUCCESS"] } })],
    text: "1 event, 0 users created, 1 not created",
    details: ["not created: a (object)"],
  },
  {
    what: "a denial of a login, with a reason, too long for a line: none hides another",
    events: [
      created("a".repeat(500), { outcome: { result: "D".repeat(90), reason: "r".repeat(90) } }),
    ],
    text: "1 event, 0 users created, 1 not created",
    details: [`not created: ${"a".repeat(200)}… (${"D".repeat(80)}…: ${"r".repeat(80)}…)`],
  },
  {
    what: "a denial among many other types, which hide it not",
    events: [
      ...Array.from({ length: 12 }, (_, index) => event(`t.${index}`)),
      created("a", denied),
    ],
    text: "13 events, 0 users created, 1 not created, 12 ignored",
    details: [
      "not created: a (DENY)",
      `ignored: ${Array.from({ length: 12 }, (_, index) => `t.${index}`).join(", ")}`,
    ],
  },
  {
    what: "the same remark twice, which is made once",
    events: [created("a", denied), created("a", denied)],
    text: "2 events, 0 users created, 2 not created",
    details: ["not created: a (DENY)"],
  },
];
for (const { what, events, text, details = [] } of cases) {
  test(`sums up ${what}`, () => {
    const summary = summaryOf(events);
    assert.deepEqual([summary.text, summary.details], [text, details]);
    const isWarning = details.some((detail) => !detail.startsWith("ignored: "));
    assert.equal(summary.color, isWarning ? "yellow" : undefined);
  });
}

for (const [count, last] of [
  [20, []],
  [21, ["and 1 more like these"]],
  [25_000, ["and 24980 more like these"]],
] as const) {
  test(`of ${count} remarks 20 are made, and it is said how many more there are`, () => {
    const remarks = Array.from({ length: count }, (_, index) => created(`u${index}`, denied));
    const { text, details = [] } = summaryOf([...remarks, event("user.x")]);
    const expected = `${count + 1} events, 0 users created, ${count} not created, 1 ignored`;
    assert.equal(text, expected);
    const first = Array.from({ length: 20 }, (_, index) => `not created: u${index} (DENY)`);
    assert.deepEqual(details, [...first, ...last, "ignored: user.x"]);
  });
}

test("the preview's advice follows the remarks, however many they are", () => {
  const { details = [] } = summaryOf(
    Array.from({ length: 30 }, () => event(create, { target: null })),
  );
  assert.deepEqual(details.slice(-3), ["and 10 more like these", ...ADVICE]);
  assert.equal(details.length, 23);
});
