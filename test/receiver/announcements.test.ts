/** The table of announcements: what an entry can say and do, and what becomes of one that fails. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test, type TestContext } from "node:test";
import { nameOf, type Announcements } from "../../src/receiver/announcements.js";
import { startApp, TABLE } from "../support/app.js";
import { send } from "../support/http.js";
import { ask } from "../support/lines.js";
import { created, delivery, event, group, post, user, userLine } from "../support/okta.js";
import { copyWithEntries, startCopy } from "../support/table.js";

/** Where a delivery waits in vain. */
const LIMIT = { timeout: 60_000 };

const jane = user("jane.roe@example.com");
const engineering = { ...group(), displayName: "Engineering" };

/** Starts the application with entries beside its own; `deliver` resolves to what became of a delivery. */
async function startWith(t: TestContext, entries: object) {
  // What runs from source is not type-checked: an entry may be anything.
  const announcements: Announcements = Object.assign({}, TABLE, entries);
  const app = await startApp(t, { announcements });
  return { app, deliver: (body: object) => ask(app, post(body)) };
}

const entries: Announcements = {
  "group.user_membership.add": {
    sentence: (user, event) => `${user.name} was added to ${nameOf(event, "UserGroup")}.`,
  },
  "group.lifecycle.create": {
    about: "UserGroup",
    sentence: (group, { actor }) => `${group.name} was created by ${actor?.name}.`,
  },
  "user.session.start": {
    about: "actor",
    when: (event) => event.result === "FAILURE",
    sentence: ({ name }, { reason, raw }) =>
      `${name}: ${reason} from ${raw.client?.ipAddress}, ${raw.request?.ipChain?.[0]?.ip}`,
  },
};

test("another event type is one more entry: about any target or the actor, also for failures", async (t) => {
  const { deliver } = await startWith(t, entries);
  const outcome = { result: "FAILURE", reason: "INVALID_CREDENTIALS" };
  const signIn = { target: null, actor: jane };
  const { status, users, line } = await deliver(
    delivery(
      event("group.user_membership.add", { target: [jane, engineering] }),
      event("group.user_membership.add", { target: [jane, engineering], outcome }),
      event("group.lifecycle.create", { target: [engineering] }),
      event("user.session.start", { ...signIn, outcome }),
      event("user.session.start", signIn),
      created("b@example.com"),
    ),
  );
  assert.equal(status, 200);
  const expected = [
    "jane.roe@example.com was added to Engineering.\n",
    "Engineering was created by admin@example.com.\n",
    "jane.roe@example.com: INVALID_CREDENTIALS from 203.0.113.10, undefined\n",
    userLine("b@example.com"),
  ];
  assert.equal(users, expected.join(""));
  assert.equal(line.text, "6 events, 4 announced, 1 ignored");
  const remark = "not announced: jane.roe@example.com (FAILURE: INVALID_CREDENTIALS)";
  assert.deepEqual(line.details, [remark]);
});

test(
  "promised sentences: begun together, printed in Okta's order, and only then acknowledged",
  LIMIT,
  async (t) => {
    const begun = new Map<string, (sentence: string) => void>();
    const entry = new EventEmitter();
    const allBegun = once(entry, "begun");
    const sentence = ({ name }: { name: string }) =>
      new Promise<string>((resolve) => {
        begun.set(name, resolve);
        if (begun.size === 3) entry.emit("begun");
      });
    const { app } = await startWith(t, { custom: { sentence } });
    const promised = event("custom", { target: ["a", "b", "c"].map(user) });
    const delivered = send(app.url, post(delivery(promised, created("d@example.com"))));
    await allBegun;
    for (const name of ["c", "b", "a"]) {
      // An answer that had been given by now would have its line before this one's.
      await send(new URL("/", app.url).href);
      assert.doesNotMatch(app.stderr.text, /POST/);
      assert.equal(app.users(), "");
      begun.get(name)?.(`${name} is done.`);
    }
    assert.equal((await delivered).status, 200);
    assert.equal(app.users(), `a is done.\nb is done.\nc is done.\n${userLine("d@example.com")}`);
  },
);

const FAILED = '{"error":"The receiver failed: its console says why."}';

test("an entry that throws: nothing is printed, the console shows where, and the retry is no repeat", async (t) => {
  let isMended = false;
  function sentence({ name }: { name: string }): string {
    if (!isMended) throw new RangeError("the author's mistake");
    return `Met ${name}.`;
  }
  const { deliver } = await startWith(t, { custom: { sentence } });
  const body = delivery(created("a@example.com"), event("custom", { target: [jane] }));
  const { status, body: answer, users, line } = await deliver(body);
  assert.deepEqual([status, answer, users], [500, FAILED, ""]);
  assert.equal(line.text, "the receiver failed");
  const [from, message, frame, ...others] = line.details;
  assert.deepEqual([from, message], ["from 127.0.0.1", "RangeError: the author's mistake"]);
  assert.match(frame ?? "", /^ +at .*\(test\/receiver\/announcements\.test\.ts:\d+:\d+\)$/);
  assert.match(others.join("\n"), /^ +at .*\(src\/receiver\/review\.ts:\d+:\d+\)$/m);
  assert.doesNotMatch(others.join("\n"), /node_modules|node:/);
  assert.equal(others.at(-1), "Okta retries this delivery once.");

  isMended = true;
  const retried = await deliver(body);
  assert.equal(retried.users, `${userLine("a@example.com")}Met jane.roe@example.com.\n`);
  assert.equal(retried.line.text, "2 events, 2 announced");
});

function raise(value: unknown): never {
  throw value;
}

const fail = () => raise(new Error("\u001b[31m"));
const refusal = () => Object.assign(new Error("refused"), { status: 400, expose: true });
const proxy = new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail });
const NO_TEXT = /The entry for custom returned no text/;
const UNKNOWN = /cannot be shown/;

/** What an entry may do in place of returning a text, and what the console says of it. */
const faults: [what: string, act: () => unknown, said: RegExp][] = [
  ["throws an error that looks like a client's fault", () => raise(refusal()), /Error: refused/],
  ["throws an error with a cause", () => raise(new Error("x", { cause: "y" })), /because of y/],
  ["throws what is no Error", () => raise({ status: 413, type: "request.aborted" }), /no Error/],
  ["throws Express's own word", () => raise("route"), /route was thrown/],
  ["rejects with a Proxy", () => Promise.reject(proxy), UNKNOWN],
  ["throws what steers a terminal", fail, /\\u001b\[31m/],
  ["returns no text", () => undefined, NO_TEXT],
  ["promises no text", () => Promise.resolve(7), NO_TEXT],
];
for (const [what, act, said] of faults) {
  test(`an entry that ${what}: 500, the console says why, and all goes on`, LIMIT, async (t) => {
    const { app, deliver } = await startWith(t, { custom: { sentence: act } });
    const failed = await deliver(delivery(created("a@example.com"), event("custom")));
    assert.deepEqual([failed.status, failed.body, failed.users], [500, FAILED, ""]);
    assert.match(failed.line.details.join("\n"), said);
    assert.equal(failed.line.details.at(-1), "Okta retries this delivery once.");
    assert.doesNotMatch(app.stderr.text, /\u001b/);
    const { users } = await deliver(delivery(created("b@example.com")));
    assert.equal(users, userLine("b@example.com"));
  });
}

test("an entry that meets another shape than Okta documents, also in its `when`: 500", async (t) => {
  const misled: Announcements = {
    // @ts-expect-error Each of Okta's fields may be missing: the type check warns of this.
    shape: { sentence: (_, event) => event.raw.client.ipAddress },
    when: { when: (event) => event.raw.uuid?.startsWith("x") ?? false, sentence: () => "" },
  };
  const { deliver } = await startWith(t, misled);
  for (const fields of [event("shape", { client: null }), event("when", { uuid: 7 })]) {
    const { status, line } = await deliver(delivery(fields));
    assert.equal(status, 500);
    assert.match(line.details.join("\n"), /TypeError: .*\n +at .*announcements\.test\.ts:\d/);
  }
});

test("where one rejects and another throws at once, it is one 500, and nothing is left over", async (t) => {
  const { deliver } = await startWith(t, {
    rejects: { sentence: () => Promise.reject(new Error("late")) },
    throws: { sentence: fail },
    throwsInWhen: { when: fail, sentence: () => "" },
  });
  for (const other of ["rejects", "throws", "throwsInWhen"]) {
    const { status } = await deliver(delivery(event("rejects"), event(other), event("rejects")));
    // A rejection that nobody awaited would fail this test here.
    assert.equal(status, 500);
  }
});

const FORGETFUL = `
  custom: {
    sentence: (user) => {
      void Promise.reject(new Error("a promise"));
      setImmediate(() => {
        throw new Error("a timer");
      });
      return user.name;
    },
  },
`;

test("what an entry leaves running and forgets: the console shows where, and the receiver goes on", async (t) => {
  const { url, stdout, stderr } = await startCopy(t, copyWithEntries(t, FORGETFUL));
  for (const login of ["a@example.com", "b@example.com"]) {
    const before = stderr.text.length;
    const target = [user(login)];
    const { status } = await send(url, post(delivery(event("custom", { target }))));
    assert.equal(status, 200);
    await stdout.until(new RegExp(`^${login}\n`, "m"));
    for (const what of ["promise", "timer"]) {
      const said = `Error: a ${what}\n +at .*src/receiver/announcements.ts:\\d+`;
      await stderr.until(new RegExp(said), before);
    }
  }
});
