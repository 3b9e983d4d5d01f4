/** Any input: whatever is sent, no 5xx, no crash, nothing unescaped, and exactly the created users. */
import assert from "node:assert/strict";
import http from "node:http";
import { after, test } from "node:test";
import fc from "fast-check";
import { basicAuthorization, createMistakeFinder } from "../src/receiver/basic-auth.js";
import { startApp, type App } from "./support/app.js";
import { send, sendRaw } from "./support/http.js";
import { nextRequestLine } from "./support/lines.js";
import { DELIVERY_HEADERS, SECRET } from "./support/okta.js";

// How often each property is tried over HTTP; a failure prints the seed to try again with FC_SEED.
const numRuns = Number(process.env.FC_RUNS ?? 1_000);
const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {};

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
after(() => agent.destroy());

const CREATE = "user.lifecycle.create";
const hostile = fc.constantFrom(
  "\u001b[31m",
  "\r\n",
  "\u0000",
  "\u009b2J",
  "\u202e",
  "\u2066",
  "\u2028",
  "\ud800",
  "\u200b",
  "\u00ad",
  "\u{e0061}",
  "__proto__",
  "🦊",
  '"',
  "\\",
);
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: hostile }), fc.string());
const login = fc.oneof(
  fc.emailAddress(),
  text.filter((each) => each.trim() !== ""),
);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom(null, undefined, 0, [], {}, "User"),
  fc
    .integer({ min: 1, max: 400 })
    .map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth))),
);

/** An event, and the users that it must bring to stdout. */
interface Case {
  event: unknown;
  logins: string[];
}

const otherTarget = fc.record({
  type: fc.constantFrom("UserGroup", "AppInstance", "user", ""),
  alternateId: text,
});
const userTarget = fc.record({
  type: fc.constantFrom("User", null, undefined),
  alternateId: login,
  displayName: anything,
});
const incomplete = fc.record({
  type: fc.constant("User"),
  alternateId: fc.constantFrom(null, undefined, "", " ", "\t\n", 7, [], {}),
});

/** The results that Okta documents (LogOutcome), and anything else that may be in their place. */
const result = fc.oneof(
  fc.constantFrom("SUCCESS", "Success", "success", "sUcCeSs", null, undefined, ""),
  fc.constantFrom("FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "RATE_LIMIT"),
  fc.constantFrom("DEFERRED", "SCHEDULED", "ABANDONED", "UNANSWERED"),
  anything,
);
const outcome = fc.oneof(
  result.map((each) => ({ result: each })),
  fc.constantFrom(null, undefined, {}),
);
const isSuccess = (each: unknown) =>
  each === null || each === undefined || (typeof each === "string" && /^(success)?$/i.test(each));

const wellFormed: fc.Arbitrary<Case> = fc
  .record({
    targets: fc.array(fc.oneof(userTarget, otherTarget, incomplete), { maxLength: 5 }),
    outcome,
    beside: fc.dictionary(
      fc.constantFrom("uuid", "actor", "displayMessage", "debugContext"),
      anything,
    ),
  })
  .map(({ targets, outcome, beside }) => {
    const users = targets.filter(({ type }) => type === "User" || type == null);
    const logins = users.flatMap(({ alternateId }) =>
      typeof alternateId === "string" && alternateId.trim() !== "" ? [alternateId] : [],
    );
    const result = outcome && "result" in outcome ? outcome.result : undefined;
    return {
      event: { ...beside, eventType: CREATE, outcome, target: targets },
      logins: isSuccess(result) ? logins : [],
    };
  });
const otherType = fc
  .record({
    eventType: fc.oneof(
      text.filter((each) => each !== CREATE),
      anything,
    ),
    alternateId: login,
  })
  .map(({ eventType, alternateId }) => ({
    event: { eventType, target: [{ type: "User", alternateId }] },
    logins: [],
  }));
const noTarget = anything
  .filter((target) => !Array.isArray(target))
  .map((target) => ({ event: { eventType: CREATE, target }, logins: [] }));
const noEvent = anything.map((event) => ({ event, logins: [] }));
const huge = fc.integer({ min: 100, max: 2_000 }).map((length) => ({
  event: {
    eventType: CREATE,
    target: Array.from({ length }, (_, index) => ({ alternateId: `u${index}@example.com` })),
  },
  logins: Array.from({ length }, (_, index) => `u${index}@example.com`),
}));
const anyCase = fc.oneof(
  { weight: 6, arbitrary: wellFormed },
  { weight: 2, arbitrary: otherType },
  { weight: 2, arbitrary: noTarget },
  { weight: 2, arbitrary: noEvent },
);

/** What steers a terminal, breaks a line or hides; each line's own end aside. */
const UNSAFE = /[^\P{Cc}\n]|[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u;
const escaped = (each: string) =>
  [...each]
    .map((character) => {
      if (character !== "\n" && !UNSAFE.test(character) && !/\p{Cs}/u.test(character))
        return character;
      const digits = character.codePointAt(0)?.toString(16).padStart(4, "0") ?? "";
      return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
    })
    .join("");

interface Sent {
  method: string;
  headers: http.OutgoingHttpHeaders;
  body?: string | Buffer;
}

/** Sends a request; resolves to its status and the users' lines, once its own line is there. */
async function ask({ url, stderr, users }: App, request: Sent) {
  // What was looked at already would be copied for each request.
  stderr.text = "";
  const before = users().length;
  const { status } = await send(url, { ...request, agent });
  const line = await nextRequestLine(stderr, 0);
  const said = stderr.text;
  const announced = users(before);
  assert.ok(status < 500, `${status}: ${said}`);
  assert.equal(line.status, status);
  assert.doesNotMatch(said + announced, UNSAFE);
  return { status, users: announced, said };
}

const lines = (logins: string[]) =>
  logins.map((each) => `The user ${escaped(each)} has been added to the Okta org!\n`).join("");
const asDelivery = (body: unknown) => ({
  method: "POST",
  headers: DELIVERY_HEADERS,
  body: JSON.stringify(body),
});

test("any events, malformed ones between whole ones: exactly the created users, in order", async (t) => {
  const app = await startApp(t);
  const envelope = fc.dictionary(
    fc.constantFrom("eventId", "eventType", "source", "contentType"),
    anything,
  );
  const property = fc.asyncProperty(
    envelope,
    fc.array(anyCase, { maxLength: 8 }),
    async (fields, cases) => {
      // What JSON has no word for is null in a list.
      const events = cases.map(({ event }) => event ?? null);
      const { status, users } = await ask(app, asDelivery({ ...fields, data: { events } }));
      assert.equal(status, 200);
      assert.equal(users, lines(cases.flatMap(({ logins }) => logins)));
    },
  );
  await fc.assert(property, { numRuns, ...seed });
});

test("huge lists", async (t) => {
  const app = await startApp(t);
  const property = fc.asyncProperty(
    fc.array(fc.oneof(huge, anyCase), { minLength: 1, maxLength: 3 }),
    async (cases) => {
      const { status, users } = await ask(
        app,
        asDelivery({ data: { events: cases.map(({ event }) => event ?? null) } }),
      );
      assert.equal(status, 200);
      assert.equal(users, lines(cases.flatMap(({ logins }) => logins)));
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 20), ...seed });
});

test("any body at all, shown or not: no created user, unless its events say so", async (t) => {
  const app = await startApp(t);
  const showing = await startApp(t, { showPayload: true });
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    anything.map((value) => JSON.stringify(value) ?? ""),
    fc.integer({ min: 1, max: 100_000 }).map((depth) => "[".repeat(depth)),
    fc
      .integer({ min: 1, max: 100_000 })
      .map((depth) => `{"data":{"events":[${"[".repeat(depth)}${"]".repeat(depth)}]}}`),
    anything.map((data) => JSON.stringify({ data })),
    anything.map((events) => JSON.stringify({ data: { events } })),
  );
  const property = fc.asyncProperty(body, fc.boolean(), async (bytes, isShown) => {
    const request = { method: "POST", headers: DELIVERY_HEADERS, body: bytes };
    const { status, users } = await ask(isShown ? showing : app, request);
    assert.ok(status === 200 || status === 400, String(status));
    assert.equal(users, "");
  });
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 2), ...seed });
});

test("invalid UTF-8 in a login loses no other user", async (t) => {
  const app = await startApp(t);
  const property = fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 20 }),
    async (bytes) => {
      const raw = Buffer.from(bytes.map((byte) => byte | 0x80));
      const [head = "", tail = ""] = JSON.stringify({
        data: {
          events: ["SPLIT", "b@example.com"].map((alternateId) => ({
            eventType: CREATE,
            target: [{ alternateId }],
          })),
        },
      }).split("SPLIT");
      const body = Buffer.concat([Buffer.from(head), raw, Buffer.from(tail)]);
      const { status, users } = await ask(app, { method: "POST", headers: DELIVERY_HEADERS, body });
      assert.equal(status, 200);
      assert.equal(users, lines([raw.toString("utf8"), "b@example.com"]));
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 2), ...seed });
});

test("any headers: refused or taken, and never a secret or a control character in the line", async (t) => {
  const app = await startApp(t);
  const value = fc
    .string({ unit: fc.constantFrom(...'aZ09 =:;,/+"\\\u0080\u009b\u00ff'), maxLength: 40 })
    .map((each) => each.trim());
  const authorization = fc.oneof(
    value,
    value.map((each) => `Basic ${each}`),
    text.map((each) => `Basic ${Buffer.from(each).toString("base64")}`),
    fc.constant(SECRET),
  );
  const headers = fc.record(
    {
      authorization,
      "content-type": fc.oneof(
        value,
        fc.constantFrom("application/json", "application/json; charset=utf-16", "text/json"),
      ),
      "content-encoding": fc.oneof(
        value,
        fc.constantFrom("gzip", "deflate", "br", "identity", "zstd"),
      ),
      "x-forwarded-for": fc.oneof(value, fc.ipV4(), fc.ipV6()),
      "x-forwarded-host": value,
      "x-okta-verification-challenge": value,
      "accept-encoding": value,
      "if-none-match": value,
    },
    { requiredKeys: [] },
  );
  const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS");
  const property = fc.asyncProperty(method, headers, async (verb, fields) => {
    const body =
      verb === "POST"
        ? JSON.stringify({
            data: { events: [{ eventType: CREATE, target: [{ alternateId: "a" }] }] },
          })
        : undefined;
    const { status, users, said } = await ask(app, {
      method: verb,
      headers: fields,
      ...(body && { body }),
    });
    const admitted = fields.authorization === SECRET;
    if (verb === "POST" && !admitted) assert.equal(status, 401);
    assert.equal(users, status === 200 && verb === "POST" ? lines(["a"]) : "");
    if (verb === "GET" && fields["x-okta-verification-challenge"] !== undefined)
      assert.equal(status, 200);
    assert.doesNotMatch(said, /YWRtaW46|supersecret/);
  });
  await fc.assert(property, { numRuns, ...seed });
});

test("any request target: one answer of ours and one harmless line, or a bare 400", async (t) => {
  const app = await startApp(t);
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        "/",
        ".",
        "..",
        "%",
        "%1b",
        "%00",
        "%0a",
        "%e2%80%ae",
        "userCreated",
        "?",
        "#",
        ";",
        "//",
      ],
      ...[
        "\\",
        "*",
        "@",
        "[",
        "]",
        "::1",
        ":",
        "http://",
        "https://",
        "/userCreated",
        "//a@b[#x",
        "|",
      ],
    ),
    fc.string({ maxLength: 5 }).map((each) => encodeURIComponent(each)),
  );
  const target = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));
  const method = fc.constantFrom("GET", "POST", "OPTIONS", "HEAD");
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  t.after(() => void process.off("warning", note));
  const property = fc.asyncProperty(method, target, async (verb, each) => {
    app.stderr.text = "";
    const head = `${verb} ${each} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(app.port, head);
    const line = await nextRequestLine(app.stderr, 0);
    assert.doesNotMatch(app.stderr.text, UNSAFE);
    assert.ok(answer.startsWith(`HTTP/1.1 ${line.status} `), answer);
    assert.ok(line.status !== undefined && line.status < 500);
    const [, type = "bare"] = /\r\nContent-Type: ([\w/]+)/i.exec(answer) ?? [];
    const expected = line.status === 200 ? "text/plain" : "application/json";
    assert.equal(type, line.method === "-" ? "bare" : expected);
  });
  await fc.assert(property, { numRuns, ...seed });
  // Node's own parser of URLs warns of some, on the stream of ours.
  assert.deepEqual(warnings, []);
});

test("any credentials: exactly the right header is let in", () => {
  const unicode = fc.string({ unit: "binary" });
  const username = unicode.map((each) => each.replaceAll(":", ""));
  const property = fc.property(
    username,
    unicode,
    username,
    unicode,
    (name, password, otherName, otherPassword) => {
      const why = createMistakeFinder({ username: name, password });
      const token = Buffer.from(`${name}:${password}`, "utf8").toString("base64");
      assert.equal(basicAuthorization({ username: name, password }), `Basic ${token}`);
      assert.equal(why(`bAsIc ${token}`), undefined);
      assert.equal(why(`  Basic \t ${token.replace(/=+$/, "")} `), undefined);
      for (const [wrongName, wrongPassword] of [
        [otherName, password],
        [name, otherPassword],
        [name, `${password}\u0000`],
        [`${name} `, password],
      ] as const) {
        const isRight = wrongName === name && wrongPassword === password;
        const header = basicAuthorization({ username: wrongName, password: wrongPassword });
        assert.equal(why(header) === undefined, isRight);
      }
      assert.notEqual(why(token), undefined);
      assert.notEqual(why(`Basic ${token}!`), undefined);
      assert.notEqual(why(`Basic "${token}"`), undefined);
      assert.notEqual(why(`Bearer ${token}`), undefined);
    },
  );
  fc.assert(property, { numRuns, ...seed });
});
