/** Any input: whatever is sent, no 5xx, no crash, nothing unescaped, and exactly the created users. */
import assert from "node:assert/strict";
import http from "node:http";
import { after, test } from "node:test";
import fc from "fast-check";
import { basicAuthorization, createAuthorizer } from "../src/receiver/basic-auth.js";
import { startApp, type App } from "./support/app.js";
import { sendRaw, type Request } from "./support/http.js";
import { ask, nextRequestLine } from "./support/lines.js";
import { DELIVERY_HEADERS, post, SECRET, userLine } from "./support/okta.js";

/** How often each property is tried; a failure prints the seed to try again with FC_SEED. */
const numRuns = Number(process.env.FC_RUNS ?? 500);
const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {};
const RUNS = { numRuns, ...seed };

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
after(() => agent.destroy());

/** What steers a terminal, breaks a line or hides. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/u;

/** How a line shows a text; an oracle of its own, character by character. */
function escaped(text: string): string {
  const shown = [...text].map((character) => {
    if (!UNSAFE.test(character)) return character;
    const digits = character.codePointAt(0)?.toString(16).padStart(4, "0") ?? "";
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
  });
  return shown.join("");
}

const lines = (logins: string[]) => logins.map((login) => userLine(escaped(login))).join("");

/** Sends a request; resolves to its status, the users' lines, and all that was said. */
async function send(app: App, request: Request) {
  // What was looked at already would be copied for each request.
  app.stderr.text = "";
  const { status, users, line, said } = await ask(app, { ...request, agent });
  assert.ok(status < 500, `${status}: ${said}`);
  assert.equal(line.status, status);
  assert.doesNotMatch((said + users).replaceAll("\n", ""), UNSAFE);
  return { status, users, said };
}

const hostile = fc.constantFrom(
  ...["\u001b[31m", "\r\n", "\u0000", "\u009b2J", "\u202e", "\u2066", "\u2028", "\ud800"],
  ...["\u200b", "\u00ad", "\u{e0061}", "__proto__", "🦊", '"', "\\"],
);
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: hostile }), fc.string());
const login = fc.oneof(
  fc.emailAddress(),
  text.filter((each) => each.trim() !== ""),
);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom(null, undefined, 0, [], {}, "User", "constructor"),
);

const CREATE = "user.lifecycle.create";

/** An event, and the users that it must bring to stdout. */
interface Case {
  event: unknown;
  logins: string[];
}

const user = fc.record({
  type: fc.constantFrom("User", null, undefined),
  alternateId: login,
  displayName: anything,
});
const noUser = fc.record({ type: fc.constantFrom("UserGroup", "user", ""), alternateId: text });
const nameless = fc.record({
  alternateId: fc.constantFrom(null, undefined, "", "\t\n", 7, [], {}),
});
const target = fc.oneof(
  user.map((target) => ({ target, logins: [target.alternateId] })),
  fc.oneof(noUser, nameless).map((target) => ({ target, logins: [] })),
);
const results = ["SUCCESS", "sUcCeSs", "success ", "\u017fuccess", "UNSUCCESS", "DENY", null, ""];
const result = fc.oneof(fc.constantFrom(...results), anything);
const isSuccess = (each: unknown) =>
  each == null || (typeof each === "string" && ["", "success"].includes(each.toLowerCase()));
const outcome = fc.oneof(
  result.map((each) => ({ outcome: { result: each }, hasSucceeded: isSuccess(each) })),
  fc.constantFrom(null, undefined, {}).map((each) => ({ outcome: each, hasSucceeded: true })),
);
const beside = fc.dictionary(fc.constantFrom("uuid", "actor", "client", "debugContext"), anything);

const creation: fc.Arbitrary<Case> = fc
  .record({ targets: fc.array(target, { maxLength: 5 }), outcome, beside })
  .map(({ targets, outcome: { outcome, hasSucceeded }, beside }) => ({
    event: { ...beside, eventType: CREATE, outcome, target: targets.map(({ target }) => target) },
    logins: hasSucceeded ? targets.flatMap(({ logins }) => logins) : [],
  }));
const otherEvent = fc.oneof(
  anything,
  fc.record({ eventType: anything, target: user.map((each) => [each]) }),
  fc.record({ eventType: fc.constant(CREATE), target: fc.oneof(text, user) }),
);
const anyCase = fc.oneof(
  creation,
  otherEvent.map((event): Case => ({ event, logins: [] })),
);

test("any events, malformed ones between whole ones: exactly the created users, in order", async (t) => {
  const app = await startApp(t);
  const envelope = fc.dictionary(fc.constantFrom("eventId", "eventType", "source"), anything);
  const cases = fc.array(anyCase, { maxLength: 8 });
  const property = fc.asyncProperty(envelope, cases, async (fields, cases) => {
    // What JSON has no word for is null in a list.
    const events = cases.map(({ event }) => event ?? null);
    const { status, users } = await send(app, post({ ...fields, data: { events } }));
    assert.equal(status, 200);
    assert.equal(users, lines(cases.flatMap(({ logins }) => logins)));
  });
  await fc.assert(property, RUNS);
});

test("any body at all, shown or not: no created user, unless its events say so", async (t) => {
  const app = await startApp(t);
  const showing = await startApp(t, { showPayload: true });
  const depth = fc.integer({ min: 1, max: 100_000 });
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    anything.map((value) => JSON.stringify(value) ?? ""),
    depth.map((each) => "[".repeat(each)),
    depth.map((each) => `{"data":{"events":[${"[".repeat(each)}${"]".repeat(each)}]}}`),
    anything.map((data) => JSON.stringify({ data })),
    anything.map((events) => JSON.stringify({ data: { events } })),
  );
  const property = fc.asyncProperty(body, fc.boolean(), async (bytes, isShown) => {
    const request = { method: "POST", headers: DELIVERY_HEADERS, body: bytes };
    const { status, users } = await send(isShown ? showing : app, request);
    assert.ok(status === 200 || status === 400, String(status));
    assert.equal(users, "");
  });
  await fc.assert(property, RUNS);
});

test("any headers: refused or taken, and never a secret or a control character in the line", async (t) => {
  const app = await startApp(t);
  const value = fc
    .string({ unit: fc.constantFrom(...'aZ09 =:;,/+"\\\u0080\u009b\u00ff'), maxLength: 40 })
    .map((each) => each.trim());
  const oneOf = (...values: string[]) => fc.oneof(value, fc.constantFrom(...values));
  const fields = fc.record(
    {
      authorization: fc.oneof(
        oneOf(SECRET),
        value.map((each) => `Basic ${each}`),
        text.map((each) => `Basic ${Buffer.from(each).toString("base64")}`),
      ),
      "content-type": oneOf("application/json", "application/json; charset=utf-16", "text/json"),
      "content-encoding": oneOf("gzip", "deflate", "br", "identity", "zstd"),
      "x-forwarded-for": fc.oneof(value, fc.ipV4(), fc.ipV6()),
      "x-forwarded-host": value,
      "x-okta-verification-challenge": value,
      "accept-encoding": value,
      "if-none-match": value,
    },
    { requiredKeys: [] },
  );
  const { body } = post({
    data: { events: [{ eventType: CREATE, target: [{ alternateId: "a" }] }] },
  });
  const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS");
  const property = fc.asyncProperty(method, fields, async (method, headers) => {
    const request = method === "POST" ? { method, headers, body } : { method, headers };
    const { status, users, said } = await send(app, request);
    const isPost = method === "POST";
    if (isPost && headers.authorization !== SECRET) assert.equal(status, 401);
    assert.equal(users, isPost && status === 200 ? userLine("a") : "");
    assert.doesNotMatch(said, /YWRtaW46|supersecret/);
  });
  await fc.assert(property, RUNS);
});

test("any request target: one answer of ours and one harmless line, or a bare 400", async (t) => {
  const app = await startApp(t);
  const pieces = [
    ...["/", ".", "..", "%", "%1b", "%00", "%0a", "%e2%80%ae", "?", "#", ";", "//", "\\", "*"],
    ...["@", "[", "]", "::1", ":", "|", "http://", "https://", "/userCreated", "//a@b[#x"],
  ];
  const piece = fc.oneof(
    fc.constantFrom(...pieces),
    fc.string({ maxLength: 5 }).map((each) => encodeURIComponent(each)),
  );
  const target = fc.array(piece, { minLength: 1, maxLength: 8 }).map((each) => each.join(""));
  const method = fc.constantFrom("GET", "POST", "OPTIONS", "HEAD");
  // Node's own parser of URLs warns of some, on the stream of ours.
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  t.after(() => void process.off("warning", note));
  const property = fc.asyncProperty(method, target, async (method, target) => {
    app.stderr.text = "";
    const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(app.port, head);
    const [, type = "bare"] = /\r\nContent-Type: ([\w/]+)/i.exec(answer) ?? [];
    const line = await nextRequestLine(app.stderr, 0);
    assert.doesNotMatch(app.stderr.text.replaceAll("\n", ""), UNSAFE);
    assert.ok(answer.startsWith(`HTTP/1.1 ${line.status} `), answer);
    assert.ok(line.status !== undefined && line.status < 500);
    const expected = line.status === 200 ? "text/plain" : "application/json";
    assert.equal(type, line.method === "-" ? "bare" : expected);
    assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1);
  });
  const targets = [
    ...["//a@b[#x", "//a@[::1#x", "//a@b", "*", "/%", "/%E0%A4%A", "/userCreated%23f", "/x#//a@b["],
    ...[
      "ftp://x/userCreated",
      "/../../etc/passwd",
      "/%75serCreated",
      "http://",
      "http://x?y",
      "/?#",
    ],
  ];
  const examples = targets.map((each): [string, string] => ["POST", each]);
  await fc.assert(property, { ...RUNS, examples });
  assert.deepEqual(warnings, []);
});

test("any credentials: exactly the right header is let in", () => {
  const password = fc.string({ unit: "binary" });
  const username = password.map((each) => each.replaceAll(":", ""));
  const credentials = fc.record({ username, password });
  const token = (text: string) => Buffer.from(text, "utf8").toString("base64");
  const property = fc.property(credentials, credentials, (mine, other) => {
    const isAuthorized = createAuthorizer(mine);
    const right = token(`${mine.username}:${mine.password}`);
    assert.equal(basicAuthorization(mine), `Basic ${right}`);
    for (const given of [right, right.replace(/=$/, ""), right.replace(/=+$/, "")]) {
      for (const header of [`bAsIc ${given}`, `  Basic \t ${given} `]) {
        assert.equal(isAuthorized(header), true, header);
      }
    }
    const others = [
      `${other.username}:${mine.password}`,
      `${mine.username}:${other.password}`,
      `${mine.username}:${mine.password}\0`,
      `${mine.username} :${mine.password}`,
    ];
    for (const given of others.map(token)) {
      assert.equal(isAuthorized(`Basic ${given}`), given === right, given);
    }
    for (const header of [right, `Basic ${right}!`, `Basic "${right}"`, `Bearer ${right}`]) {
      assert.equal(isAuthorized(header), false, header);
    }
  });
  fc.assert(property, RUNS);
});
