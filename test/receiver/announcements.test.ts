/** Announcements: who is announced, in which words, and that an event type is added by one entry. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import {
  announce,
  ANNOUNCEMENTS,
  type Announcement,
  type Announcements,
  nameOf,
} from "../../src/receiver/announcements.js";
import { readDelivery } from "../../src/receiver/event-hook.js";
import { fail } from "../../src/receiver/replies.js";
import { startApp } from "../support/app.js";
import { send } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { created, delivery, event, group, post, user, userLine } from "../support/okta.js";

const create = "user.lifecycle.create";
const a = user("a@example.com");
const b = user("b@example.com");

/** The lines for events, by the receiver's own table. */
function linesFor(events: unknown[]): string[] {
  const { events: read = [] } =
    readDelivery(JSON.parse(JSON.stringify({ data: { events } }))) ?? {};
  return announce(read, ANNOUNCEMENTS);
}

const cases: [what: string, events: unknown[], logins: string[]][] = [
  ["no events", [], []],
  ["one user", [created("a@example.com")], ["a@example.com"]],
  [
    "users of several events, in order",
    [created("b"), created("a"), created("b")],
    ["b", "a", "b"],
  ],
  [
    "several users of one event, in order",
    [event(create, { target: [b, group(), a] })],
    ["b@example.com", "a@example.com"],
  ],
  [
    "a target without a type, as in Okta's guide",
    [{ eventType: create, target: [{ alternateId: "someone@example.com" }] }],
    ["someone@example.com"],
  ],
  [
    "no target that is null, as in Okta's preview",
    [event(create, { target: null, outcome: { result: "Success" } })],
    [],
  ],
  [
    "no group, application or user by another word",
    [event(create, { target: [group(), { ...a, type: "AppInstance" }, { ...a, type: "user" }] })],
    [],
  ],
  [
    "no user without a login, but the one beside",
    [event(create, { target: [{ ...a, alternateId: null }, { ...a, alternateId: " " }, b] })],
    ["b@example.com"],
  ],
  [
    "no result, or success in any case",
    ["SUCCESS", "Success", "success", null, "", undefined].map((result) =>
      created("a", { outcome: { result } }),
    ),
    Array(6).fill("a"),
  ],
  [
    "no creation that was denied, but the one beside",
    [created("a", { outcome: { result: "DENY" } }), created("b")],
    ["b"],
  ],
  [
    "no other event type",
    [
      event("user.session.start"),
      created("a"),
      event("User.Lifecycle.Create"),
      event("constructor"),
    ],
    ["a"],
  ],
  [
    "whole events between malformed ones",
    [null, created("a"), 7, "x", [], created("b"), {}],
    ["a", "b"],
  ],
];
for (const [what, events, logins] of cases) {
  test(`announces ${what}`, () => {
    const expected = logins.map((login) => `The user ${login} has been added to the Okta org!`);
    assert.deepEqual(linesFor(events), expected);
  });
}

test("announces a hundred thousand events and targets", () => {
  const target = Array.from({ length: 100_000 }, (_, index) => user(`u${index}@example.com`));
  assert.equal(linesFor([event(create, { target })]).length, 100_000);
  assert.equal(linesFor(target.map((each) => created(each.alternateId))).length, 100_000);
});

const entries: [eventType: string, announcement: Announcement][] = [
  // The README shows this entry:
  [
    "group.user_membership.add",
    {
      noun: "user",
      participle: "added to a group",
      sentence: (user, event) =>
        `The user ${user.name} has been added to the group ${nameOf(event, "UserGroup")}.`,
    },
  ],
  // And no more.
  [
    "group.lifecycle.create",
    {
      about: "UserGroup",
      noun: "group",
      participle: "created",
      sentence: (group) => `The group ${group.name} has been created.`,
    },
  ],
  [
    "user.lifecycle.deactivate",
    {
      noun: "user",
      participle: "deactivated",
      sentence: (user, { actor }) => `${user.name} was deactivated by ${actor?.name ?? "nobody"}.`,
    },
  ],
];

test("the README shows the first of these entries, word for word", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const [, entry = ""] =
    /\n *\/\/ The README shows this entry:\n([^]+?) *\/\/ And no more\.\n/.exec(
      read("announcements.test.ts"),
    ) ?? [];
  assert.match(entry, /"group\.user_membership\.add"/);
  const dedented = entry.replace(/^ {2}/gm, "");
  const readme = read("../../README.md");
  assert.ok(readme.includes(`\n${entry}`) || readme.includes(`\n${dedented}`), entry);
});

/** Starts the application with entries beside its own; resolves to what delivers to it. */
async function startWith(t: TestContext, ...added: [string, Announcement][]) {
  const announcements: Announcements = new Map([...ANNOUNCEMENTS, ...added]);
  const app = await startApp(t, { announcements });
  return async (body: object) => {
    const before = { users: app.users().length, line: app.stderr.text.length };
    const { status, body: answer } = await send(app.url, post(body));
    const line = await nextRequestLine(app.stderr, before.line);
    return { status, answer, users: app.users(before.users), line };
  };
}

const engineering = { ...group(), displayName: "Engineering" };
const jane = user("jane.roe@example.com");

test("another event type is one more entry, which can say anything that the event tells", async (t) => {
  const deliver = await startWith(t, ...entries);
  const { status, users, line } = await deliver(
    delivery(
      event("group.user_membership.add", { target: [jane, engineering] }),
      event("group.lifecycle.create", { target: [engineering] }),
      event("user.lifecycle.deactivate", { target: [a] }),
      event("user.lifecycle.deactivate", { target: [b], outcome: { result: "DENY" } }),
      created("b@example.com"),
      event("user.session.end"),
    ),
  );
  assert.equal(status, 200);
  const expected = [
    "The user jane.roe@example.com has been added to the group Engineering.\n",
    "The group Engineering has been created.\n",
    "a@example.com was deactivated by admin@example.com.\n",
    userLine("b@example.com"),
  ];
  assert.equal(users, expected.join(""));
  const told = [line.text, ...line.details].join(" ");
  const counts = [
    "6 events",
    "1 user created",
    "1 user added to a group",
    "1 group created",
    "1 user deactivated",
    "1 not deactivated",
    "1 ignored",
  ];
  const remarks = ["not deactivated: b@example.com (DENY)", "ignored: user.session.end"];
  assert.equal(told, `${counts.join(", ")} ${remarks.join(" ")}`);
});

test("what an event lacks is said, and never printed as undefined", async (t) => {
  const deliver = await startWith(t, ...entries);
  const { users, line } = await deliver(
    delivery(
      event("group.user_membership.add", { target: [jane] }),
      event("group.lifecycle.create", { target: [jane] }),
      event("group.lifecycle.create", { target: [{ ...engineering, displayName: null }] }),
    ),
  );
  assert.equal(
    users,
    "The user jane.roe@example.com has been added to the group (no UserGroup).\n",
  );
  const remarks = [
    "event 2 has no target of type UserGroup: it has User",
    "00gtri4vD8bPkRYRk0g3 has no displayName: put a name there",
  ];
  assert.deepEqual(line.details.slice(-2), remarks);
});

test("an entry may be about whoever did it", async (t) => {
  const deliver = await startWith(t, [
    "user.session.start",
    {
      about: "actor",
      noun: "user",
      participle: "signed in",
      sentence: (actor) => `The user ${actor.name} has signed in.`,
    },
  ]);
  const signIn = (fields: object) => event("user.session.start", { target: null, ...fields });
  const { users, line } = await deliver(
    delivery(
      signIn({ actor: jane }),
      signIn({ actor: null }),
      signIn({ actor: { ...a, alternateId: null } }),
    ),
  );
  assert.equal(users, "The user jane.roe@example.com has signed in.\n");
  assert.equal(line.text, "3 events, 1 user signed in");
  assert.deepEqual(line.details, [
    "event 2 has no actor",
    "John Doe (00u1d5hr1dHUfQb5S0g4) has no alternateId: put the user's login there",
  ]);
});

const custom = (sentence: Announcement["sentence"]): [string, Announcement] => [
  "custom",
  { noun: "user", participle: "met", sentence },
];

test("whatever an entry returns is one line that is safe to print", async (t) => {
  const deliver = await startWith(
    t,
    custom((user) => `\u001b[2J${user.name}\r\nThe user eve@example.com\u2028\u202e\u200b`),
  );
  const { status, users } = await deliver(delivery(event("custom", { target: [jane] })));
  assert.equal(status, 200);
  const expected =
    "\\u001b[2Jjane.roe@example.com\\u000d\\u000aThe user eve@example.com\\u2028\\u202e\\u200b\n";
  assert.equal(users, expected);
});

test("an entry that throws is found at once: 500, and the console shows the line", async (t) => {
  let isMended = false;
  const deliver = await startWith(
    t,
    custom((user) => {
      if (!isMended) throw new RangeError("a secret of the author's");
      return `Met ${user.name}.`;
    }),
  );
  const body = delivery(created("a@example.com"), event("custom", { target: [jane] }));
  const failed = await deliver(body);
  assert.deepEqual([failed.status, failed.answer], [500, fail(undefined).body]);
  assert.equal(failed.users, "", "Okta retries it, so nothing is printed twice");
  const { text, details } = failed.line;
  assert.equal(text, "the receiver failed");
  assert.equal(details[1], "RangeError: a secret of the author's");
  assert.match(
    details[2] ?? "",
    /^ {2}at .*\(?test\/receiver\/announcements\.test\.ts:\d+:\d+\)?$/,
  );
  assert.ok(details.some((each) => /^ {2}at .*\(src\/receiver\/app\.ts:\d+:\d+\)$/.test(each)));
  assert.equal(details.join(" ").includes("node_modules"), false);

  const other = await deliver(delivery(created("b@example.com")));
  assert.deepEqual([other.status, other.users], [200, userLine("b@example.com")]);
  isMended = true;
  const retried = await deliver(body);
  assert.doesNotMatch([retried.line.text, ...retried.line.details].join(" "), /repeat/);
  assert.equal(retried.users, `${userLine("a@example.com")}Met jane.roe@example.com.\n`);
});

test("an entry that forgets its text is a mistake, and no failed write", async (t) => {
  const deliver = await startWith(
    t,
    // What tsx runs is not type-checked.
    custom(() => JSON.parse("null")),
  );
  const failed = await deliver(delivery(event("custom", { target: [jane] })));
  assert.equal(failed.status, 500);
  assert.match(failed.line.details[1] ?? "", /custom.* no text/);
  assert.equal((await deliver(delivery())).status, 200);
});

/** What entries may throw, or return in place of a text. */
const oddities: [what: string, act: () => unknown][] = [
  ["throws the word route", () => raise("route")],
  ["throws a symbol", () => raise(Symbol("x"))],
  ["throws nothing at all", () => raise(undefined)],
  ["throws what cannot be read", () => raise(Object.defineProperty({}, "message", { get: fall }))],
  ["is an async function that rejects", () => Promise.reject(new Error("late"))],
];

function raise(value: unknown): never {
  throw value;
}

function fall(): never {
  throw new Error("\u001b[31m");
}

for (const [what, act] of oddities) {
  test(`an entry that ${what}: 500, and the receiver goes on`, async (t) => {
    const entry = { noun: "user", participle: "created", sentence: () => "" };
    // What runs from source is not type-checked: an entry may do anything.
    Object.assign(entry, { sentence: act });
    const app = await startApp(t, { announcements: new Map([["user.lifecycle.create", entry]]) });
    const answer = await send(app.url, post(delivery(created("a@example.com"))));
    assert.equal(answer.status, 500);
    assert.equal(answer.body, '{"error":"The receiver failed: its console says why."}');
    const { status, text } = await nextRequestLine(app.stderr, 0);
    assert.deepEqual([status, text], [500, "the receiver failed"]);
    assert.doesNotMatch(app.stderr.text, /\u001b/);
    assert.equal((await send(app.url, post(delivery()))).status, 200);
  });
}
