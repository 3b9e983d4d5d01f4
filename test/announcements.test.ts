/** Announcements: who is announced, what the console hears of the rest, and how a type is added. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { announce, summarize } from "../src/receiver/announcements.js";
import { readDelivery } from "../src/receiver/event-hook.js";
import { send } from "./support/http.js";
import { nextRequestLine } from "./support/lines.js";
import { created, delivery, event, group, post, user, userLine } from "./support/okta.js";
import { copyProject, GUIDE, run } from "./support/process.js";

const create = "user.lifecycle.create";
const a = user("a@example.com");
const b = user("b@example.com");

const ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];

/** Events, the logins that are announced, and what the console hears. */
interface Case {
  what: string;
  events: unknown[];
  logins: string[];
  text: string;
  details?: string[];
}

const cases: Case[] = [
  { what: "no events", events: [], logins: [], text: "0 events" },
  {
    what: "one user",
    events: [created("a@example.com")],
    logins: ["a@example.com"],
    text: "1 event, 1 user created",
  },
  {
    what: "users of several events, in order",
    events: [created("b@example.com"), created("a@example.com"), created("b@example.com")],
    logins: ["b@example.com", "a@example.com", "b@example.com"],
    text: "3 events, 3 users created",
  },
  {
    what: "several users of one event, in order",
    events: [event(create, { target: [b, group(), a] })],
    logins: ["b@example.com", "a@example.com"],
    text: "1 event, 2 users created",
  },
  {
    what: "a target without a type, as in Okta's guide",
    events: [{ eventType: create, target: [{ alternateId: "someone@example.com" }] }],
    logins: ["someone@example.com"],
    text: "1 event, 1 user created",
  },
  {
    what: "a target that is null, as in Okta's preview",
    events: [event(create, { target: null, outcome: { result: "Success" } })],
    logins: [],
    text: "1 event, 0 users created",
    details: ["event 1 has no target", ...ADVICE],
  },
  {
    what: "an event without a user among its targets",
    events: [event(create, { target: [group()] }), created("a@example.com")],
    logins: ["a@example.com"],
    text: "2 events, 1 user created",
    details: ["event 1 has no user among its targets"],
  },
  {
    what: "a user without an alternateId, beside a whole one",
    events: [event(create, { target: [{ ...a, alternateId: null }, b] })],
    logins: ["b@example.com"],
    text: "1 event, 1 user created",
    details: ["event 1 has a user without an alternateId"],
  },
  {
    what: "several events without targets: the advice comes once",
    events: Array.from({ length: 3 }, () => event(create, { target: null })),
    logins: [],
    text: "3 events, 0 users created",
    details: ["event 1 has no target", ...ADVICE, "event 2 has no target", "event 3 has no target"],
  },
  {
    what: "many that failed: all are named, for they are nowhere else",
    events: Array.from({ length: 12 }, (_, index) =>
      created(`u${index}@example.com`, { outcome: { result: "DENY" } }),
    ),
    logins: [],
    text: "12 events, 0 users created, 12 not created",
    details: Array.from({ length: 12 }, (_, index) => `not created: u${index}@example.com (DENY)`),
  },
  {
    what: "a failure among many other types, which hide it not",
    events: [
      ...Array.from({ length: 12 }, (_, index) => event(`type.${index}`)),
      created("a@example.com", { outcome: { result: "DENY" } }),
    ],
    logins: [],
    text: "13 events, 0 users created, 1 not created, 12 ignored",
    details: [
      "not created: a@example.com (DENY)",
      `ignored: ${Array.from({ length: 12 }, (_, index) => `type.${index}`).join(", ")}`,
    ],
  },
  {
    what: "Success in any case, and no result",
    events: ["SUCCESS", "Success", "success", null, "", undefined].map((result) =>
      created("a@example.com", { outcome: { result } }),
    ),
    logins: Array(6).fill("a@example.com"),
    text: "6 events, 6 users created",
  },
  {
    what: "a creation that was denied",
    events: [created("a@example.com", { outcome: { result: "DENY" } }), created("b@example.com")],
    logins: ["b@example.com"],
    text: "2 events, 1 user created, 1 not created",
    details: ["not created: a@example.com (DENY)"],
  },
  {
    what: "a failure without a user, which gets no advice",
    events: [event(create, { outcome: { result: "Failure" }, target: null })],
    logins: [],
    text: "1 event, 0 users created, 1 not created",
    details: ["not created: no login (Failure)"],
  },
  {
    what: "a result that is not text",
    events: [created("a@example.com", { outcome: { result: ["SUCCESS"] } })],
    logins: [],
    text: "1 event, 0 users created, 1 not created",
    details: ["not created: a@example.com (object)"],
  },
  {
    what: "other event types",
    events: [event("user.session.start"), created("a@example.com"), event("user.session.end")],
    logins: ["a@example.com"],
    text: "3 events, 1 user created, 2 ignored",
    details: ["ignored: user.session.start, user.session.end"],
  },
  {
    what: "nothing but other event types",
    events: [event("User.Lifecycle.Create"), event("User.Lifecycle.Create")],
    logins: [],
    text: "2 events, 2 ignored",
    details: ["ignored: User.Lifecycle.Create"],
  },
  {
    what: "a failure with a login that is too long for a line, which hides the result not",
    events: [created("a".repeat(500), { outcome: { result: "DENY" } })],
    logins: [],
    text: "1 event, 0 users created, 1 not created",
    details: [`not created: ${"a".repeat(300)}… (DENY)`],
  },
  {
    what: "a failure with several users, who are all named",
    events: [event(create, { target: [a, group(), b], outcome: { result: "DENY" } })],
    logins: [],
    text: "1 event, 0 users created, 1 not created",
    details: ["not created: a@example.com, b@example.com (DENY)"],
  },
  {
    what: "a type that is too long for a line",
    events: [event("a".repeat(81)), event("b")],
    logins: [],
    text: "2 events, 2 ignored",
    details: [`ignored: ${"a".repeat(80)}…, b`],
  },
  {
    what: "the same other type twice, which is named once",
    events: [event("a"), event("b"), event("a")],
    logins: [],
    text: "3 events, 3 ignored",
    details: ["ignored: a, b"],
  },
  {
    what: "malformed events between whole ones",
    events: [null, created("a@example.com"), 7, "x", [], created("b@example.com"), {}],
    logins: ["a@example.com", "b@example.com"],
    text: "7 events, 2 users created, 5 ignored",
    details: ["ignored: no eventType"],
  },
];
for (const { what, events, logins, text, details = [] } of cases) {
  test(what, () => {
    const read = readDelivery(delivery(...events));
    const lines = logins.map((login) => userLine(login).trimEnd());
    assert.deepEqual(announce(read?.events ?? []), lines);
    const summary = summarize(read?.events ?? [], false);
    assert.deepEqual([summary.text, summary.details], [text, details]);
    const isWarning = details.some((detail) => !detail.startsWith("ignored: "));
    assert.equal(summary.color, isWarning ? "yellow" : undefined);
    const repeat = summarize(read?.events ?? [], true);
    assert.deepEqual(repeat, { ...summary, text: `${text}, a repeat` });
  });
}

for (const result of [
  ...["FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "RATE_LIMIT", "DEFERRED"],
  ...["SCHEDULED", "ABANDONED", "UNANSWERED", "success ", "SUCCESSFUL", "\u017fuccess"],
]) {
  test(`${result} announces nobody, and names the login and the result`, () => {
    const read = readDelivery(delivery(created("a@example.com", { outcome: { result } })));
    assert.deepEqual(announce(read?.events ?? []), []);
    const { details } = summarize(read?.events ?? [], false);
    assert.deepEqual(details, [`not created: a@example.com (${result})`]);
  });
}

test("takes a hundred thousand events and targets", () => {
  const target = Array.from({ length: 100_000 }, (_, index) => user(`u${index}@example.com`));
  const oneEvent = readDelivery(delivery(event(create, { target })));
  assert.equal(announce(oneEvent?.events ?? []).length, 100_000);
  const events = target.map((each) => ({ eventType: create, target: [each] }));
  const many = readDelivery(delivery(...events));
  assert.equal(announce(many?.events ?? []).length, 100_000);
  assert.equal(summarize(many?.events ?? [], false).text, "100000 events, 100000 users created");
});

test("another event type is one more entry in the table, and needs no other change", async (t) => {
  const copy = copyProject(t);
  const file = join(copy, "src/receiver/announcements.ts");
  const source = readFileSync(file, "utf8");
  const entry =
    '["user.lifecycle.deactivate", { done: "deactivated", said: "has been deactivated in Okta." }],';
  const table = /const ANNOUNCEMENTS = new Map<.*>\(\[\n/;
  assert.match(source, table);
  writeFileSync(
    file,
    source.replace(table, (start) => start + entry),
  );

  const args = ["--import", "tsx", join(copy, "src/server.ts")];
  const { stdout, stderr } = run(t, process.execPath, args, { cwd: copy, env: GUIDE });
  const [, url = ""] = await stderr.until(/^Listening on (.*)\n[^]*npm run simulate\n\n/);
  const before = stderr.text.length;
  const deactivated = event("user.lifecycle.deactivate", { target: [a] });
  const denied = { ...deactivated, outcome: { result: "DENY" } };
  const body = delivery(created("b@example.com"), deactivated, denied, event("user.session.end"));
  assert.equal((await send(url, post(body))).status, 200);
  const line = await nextRequestLine(stderr, before);
  assert.equal(
    line.text,
    "4 events, 1 user deactivated, 1 not deactivated, 1 user created, 1 ignored",
  );
  assert.deepEqual(line.details, [
    "not deactivated: a@example.com (DENY)",
    "ignored: user.session.end",
  ]);
  await stdout.until(/\n.*\n/);
  const expected = `${userLine("b@example.com")}The user a@example.com has been deactivated in Okta.\n`;
  assert.equal(stdout.text, expected);
});
