/** What a delivery comes to: the lines for stdout, the counts, and why some of it is not announced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Announcements } from "../../src/receiver/announcements.js";
import { readDelivery } from "../../src/receiver/event-hook.js";
import { review } from "../../src/receiver/review.js";
import { created, event, group, user } from "../support/okta.js";

const CREATE = "user.lifecycle.create";
const SIGN_IN = "user.session.start";
const GROUP = "group.lifecycle.create";

/** Their lines are bare names: the words are the entry's own. */
const TABLE: Announcements = {
  [CREATE]: { sentence: ({ name }) => name },
  [GROUP]: { about: "UserGroup", sentence: ({ name }) => name },
  [SIGN_IN]: {
    about: "actor",
    when: ({ result }) => result === "FAILURE",
    sentence: ({ name }) => name,
  },
};

/** Reviews events as they arrive, as JSON. */
function reviewOf(events: unknown[]) {
  const delivery = readDelivery(JSON.parse(JSON.stringify({ data: { events } })));
  return review(delivery?.events ?? [], TABLE);
}

const a = user("a");
const b = user("b");
const create = (...target: unknown[]) => event(CREATE, { target });
const withOutcome = (result: unknown, reason?: string) => ({ outcome: { result, reason } });
const JOHN = "John Doe (00u1d5hr1dHUfQb5S0g4)";
const PUT_LOGIN = "has no alternateId: put the user's login there";
const ADVICE =
  'In Okta\'s preview, replace "target": null with "target": [{"type": "User", "alternateId": "john.doe@example.com"}]';

/** Events, the names in their lines, the request's line, and what stands under it. */
interface Case {
  what: string;
  events: unknown[];
  names?: string[];
  text: string;
  details?: string[];
}

const cases: Case[] = [
  { what: "no events", events: [], text: "0 events, 0 announced" },
  {
    what: "users of several events, and several of one, in order",
    events: [created("b"), create(a, group(), b), created("b")],
    names: ["b", "a", "b", "b"],
    text: "3 events, 4 announced",
  },
  {
    what: "types without an entry, each named once: too long ones, and what every object has",
    events: ["a".repeat(81), "x", "constructor", "__proto__", "x"].map((type) => event(type)),
    text: "5 events, 0 announced, 5 ignored",
    details: [`ignored: ${"a".repeat(80)}…, x, constructor, __proto__`],
  },
  {
    what: "Okta's preview sample, which has neither target nor actor: how to mend it",
    events: [event(CREATE, { target: null, actor: null, ...withOutcome("Success") })],
    text: "1 event, 0 announced",
    details: [`event 1 has no target. ${ADVICE}`],
  },
  {
    what: "no target where somebody did it, or where it is not about users: no advice",
    events: [event(CREATE, { target: null }), event(GROUP, { target: null, actor: null })],
    text: "2 events, 0 announced",
    details: ["event 1 has no target", "event 2 has no target"],
  },
  {
    what: "a target that is no list, an empty list, and one without a user",
    events: [
      event(CREATE, { target: a }),
      create(),
      create(group(), { type: "AppInstance" }, { ...a, type: "user" }, { ...a, type: 7 }, group()),
    ],
    text: "3 events, 0 announced",
    details: [
      "event 1 has a target that is no list: put it in [ ]",
      "event 2 has no target",
      "event 3 has no target of type User: it has UserGroup, AppInstance, user, number",
    ],
  },
  {
    what: "users without a login, each beside a whole one",
    events: [null, undefined, " \t", 7].map((alternateId) => create({ ...a, alternateId }, b)),
    names: Array(4).fill("b"),
    text: "4 events, 4 announced",
    details: Array(4).fill(`${JOHN} ${PUT_LOGIN}`),
  },
  {
    what: "users without a login, of whom less is known, or more than a line holds",
    events: [
      create({ ...a, alternateId: null, displayName: null }),
      create({ ...a, alternateId: null, id: null }),
      create({}, null),
      create({ ...a, alternateId: null, displayName: "J".repeat(500) }),
    ],
    text: "4 events, 0 announced",
    details: [
      `00u1d5hr1dHUfQb5S0g4 ${PUT_LOGIN}`,
      `John Doe ${PUT_LOGIN}`,
      `a target of event 3 ${PUT_LOGIN}`,
      `a target of event 3 ${PUT_LOGIN}`,
      `${"J".repeat(200)}… ${PUT_LOGIN}`,
    ],
  },
  {
    what: "a group without a name",
    events: [event(GROUP, { target: [{ ...group(), displayName: "" }] })],
    text: "1 event, 0 announced",
    details: ["00gtri4vD8bPkRYRk0g3 has no displayName: put a name there"],
  },
  {
    what: "an actor that is missing, and one without a login",
    events: [null, { ...a, alternateId: null }].map((actor) =>
      event(SIGN_IN, { actor, ...withOutcome("FAILURE") }),
    ),
    text: "2 events, 0 announced",
    details: ["event 1 has no actor", `${JOHN} ${PUT_LOGIN}`],
  },
  {
    what: "creations that did not happen, with what Okta says of them",
    events: [
      created("a", withOutcome("DENY", "Sign-on policy")),
      created("b"),
      event(CREATE, { target: [a, group(), { ...b, alternateId: "" }], ...withOutcome("DENY") }),
      event(CREATE, { target: null, ...withOutcome("Failure") }),
      created("a", withOutcome(["SUCCESS"])),
    ],
    names: ["b"],
    text: "5 events, 1 announced",
    details: [
      "not announced: a (DENY: Sign-on policy)",
      `not announced: a, ${JOHN} (DENY)`,
      "not announced: event 4 (Failure)",
      "not announced: a (object)",
    ],
  },
  {
    what: "a login, a result and a reason that are too long for a line: none hides another",
    events: [created("a".repeat(500), withOutcome("D".repeat(90), "r".repeat(90)))],
    text: "1 event, 0 announced",
    details: [`not announced: ${"a".repeat(200)}… (${"D".repeat(80)}…: ${"r".repeat(80)}…)`],
  },
];
for (const { what, events, names = [], text, details = [] } of cases) {
  test(`reviews ${what}`, async () => {
    const { lines, message } = await reviewOf(events);
    assert.deepEqual(lines, names);
    assert.deepEqual([message.text, message.details], [text, details]);
    const isWarning = details.some((detail) => !detail.startsWith("ignored: "));
    assert.equal(message.color, isWarning ? "yellow" : undefined);
  });
}

test("of all remarks 20 are made, and it is said how many more there are", async () => {
  const denied = Array.from({ length: 21 }, () => created("a", withOutcome("DENY")));
  const twenty = Array(20).fill("not announced: a (DENY)");
  const { message } = await reviewOf(denied.slice(0, 20));
  assert.deepEqual(message.details, twenty);
  const more = await reviewOf([...denied, event("user.x")]);
  assert.equal(more.message.text, "22 events, 0 announced, 1 ignored");
  const last = ["and 1 more like these", "ignored: user.x"];
  assert.deepEqual(more.message.details, [...twenty, ...last]);
});

test("a hundred thousand users of one event, and then of as many, are all announced", async () => {
  const target = Array.from({ length: 100_000 }, () => ({ alternateId: "a" }));
  const one = await reviewOf([{ eventType: CREATE, target }]);
  assert.equal(one.message.text, "1 event, 100000 announced");
  const many = await reviewOf(target.map((each) => ({ eventType: CREATE, target: [each] })));
  assert.equal(many.message.text, "100000 events, 100000 announced");
});
