/** Any input: whatever is sent, no 5xx, no crash, nothing unescaped, and exactly the created users. */
import assert from "node:assert/strict";
import http from "node:http";
import { after, test } from "node:test";
import fc from "fast-check";
import { basicAuthenticator, basicAuthorization } from "../src/basic-auth.js";
import { send } from "./support/http.js";
import { DELIVERY_HEADERS, SECRET } from "./support/okta.js";
import { startReceiver } from "./support/process.js";

// How often each property is tried over HTTP; a failure prints the seed to try again with FC_SEED.
const numRuns = Number(process.env.FC_RUNS ?? 1_000);
const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {};

const receiver = await startReceiver({ after });
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
  "__proto__",
  "🦊",
  '"',
  "\\",
);
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: hostile }), fc.string());
const login = fc.oneof(
  fc.emailAddress(),
  text.filter((each) => each !== ""),
);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom(null, undefined, 0, [], {}, "User"),
  fc.integer({ min: 1, max: 400 }).map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth))),
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
  alternateId: fc.constantFrom(null, undefined, "", 7, [], {}),
});

const wellFormed: fc.Arbitrary<Case> = fc
  .record({
    targets: fc.array(fc.oneof(userTarget, otherTarget, incomplete), { maxLength: 5 }),
    outcome: fc.constantFrom({ result: "SUCCESS" }, { result: "Success" }, null, undefined, {}),
    beside: fc.dictionary(fc.constantFrom("uuid", "actor", "displayMessage", "debugContext"), anything),
  })
  .map(({ targets, outcome, beside }) => ({
    event: { ...beside, eventType: CREATE, outcome, target: targets },
    logins: targets.flatMap(({ type, alternateId }) =>
      (type === "User" || type == null) && typeof alternateId === "string" && alternateId !== ""
        ? [alternateId]
        : [],
    ),
  }));
const failed = fc
  .record({ alternateId: login, result: fc.constantFrom("FAILURE", "Failure", "failure") })
  .map(({ alternateId, result }) => ({
    event: { eventType: CREATE, outcome: { result }, target: [{ type: "User", alternateId }] },
    logins: [],
  }));
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
  { weight: 1, arbitrary: failed },
  { weight: 2, arbitrary: otherType },
  { weight: 2, arbitrary: noTarget },
  { weight: 2, arbitrary: noEvent },
);

const UNSAFE = /[^\P{Cc}\n]|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u;
const escaped = (each: string) =>
  [...each]
    .map((c) =>
      /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u.test(c)
        ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
        : c,
    )
    .join("");

/** Sends a request; resolves to its status and the users' lines, once its own line is there and harmless. */
async function ask(request: { method: string; headers: http.OutgoingHttpHeaders; body?: string | Buffer }) {
  const before = { users: receiver.size(), line: receiver.stderr.text.length };
  const { status } = await send(receiver.url, { ...request, agent });
  await receiver.stderr.until(/\n/, before.line);
  const line = receiver.stderr.text.slice(before.line);
  const users = receiver.users(before.users);
  assert.ok(status < 500, `${status}: ${line}`);
  assert.equal(line.split("\n").length, 2, "one line for each request");
  assert.doesNotMatch(line + users, UNSAFE);
  return { status, users, line };
}

const lines = (logins: string[]) =>
  logins.map((each) => `The user ${escaped(each)} has been added to the Okta org!\n`).join("");
const asDelivery = (body: unknown) => ({
  method: "POST",
  headers: DELIVERY_HEADERS,
  body: JSON.stringify(body),
});

test("any events, malformed ones between whole ones: exactly the created users, in order", async () => {
  const envelope = fc.dictionary(fc.constantFrom("eventId", "eventType", "source", "contentType"), anything);
  const property = fc.asyncProperty(envelope, fc.array(anyCase, { maxLength: 8 }), async (fields, cases) => {
    // What JSON has no word for is null in a list.
    const events = cases.map(({ event }) => event ?? null);
    const { status, users } = await ask(asDelivery({ ...fields, data: { events } }));
    assert.equal(status, 200);
    assert.equal(users, lines(cases.flatMap(({ logins }) => logins)));
  });
  await fc.assert(property, { numRuns, ...seed });
});

test("huge lists", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.oneof(huge, anyCase), { minLength: 1, maxLength: 3 }),
    async (cases) => {
      const { status, users } = await ask(
        asDelivery({ data: { events: cases.map(({ event }) => event ?? null) } }),
      );
      assert.equal(status, 200);
      assert.equal(users, lines(cases.flatMap(({ logins }) => logins)));
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 20), ...seed });
});

test("any body at all: no created user, unless its events say so", async () => {
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
  const property = fc.asyncProperty(body, async (bytes) => {
    const { status, users } = await ask({ method: "POST", headers: DELIVERY_HEADERS, body: bytes });
    assert.ok(status === 200 || status === 400, String(status));
    assert.equal(users, "");
  });
  await fc.assert(property, { numRuns, ...seed });
});

test("invalid UTF-8 in a login loses no other user", async () => {
  const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 20 }), async (bytes) => {
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
    const { status, users } = await ask({ method: "POST", headers: DELIVERY_HEADERS, body });
    assert.equal(status, 200);
    assert.equal(users, lines([raw.toString("utf8"), "b@example.com"]));
  });
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 2), ...seed });
});

test("any headers: refused or taken, and never a secret or a control character in the line", async () => {
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
      "content-encoding": fc.oneof(value, fc.constantFrom("gzip", "deflate", "br", "identity", "zstd")),
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
        ? JSON.stringify({ data: { events: [{ eventType: CREATE, target: [{ alternateId: "a" }] }] } })
        : undefined;
    const { status, users, line } = await ask({ method: verb, headers: fields, ...(body && { body }) });
    const admitted = fields.authorization === SECRET;
    if (verb === "POST" && !admitted) assert.equal(status, 401);
    assert.equal(users, status === 200 && verb === "POST" ? lines(["a"]) : "");
    if (verb === "GET" && fields["x-okta-verification-challenge"] !== undefined) assert.equal(status, 200);
    assert.doesNotMatch(line, /YWRtaW46|supersecret/);
  });
  await fc.assert(property, { numRuns, ...seed });
});

test("any path: an answer below 500, and a harmless line", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
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
      "\\",
      "*",
    ),
    fc.string({ maxLength: 5 }).map((each) => encodeURIComponent(each)),
  );
  const property = fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
    const before = receiver.stderr.text.length;
    const request = http.request({
      host: "127.0.0.1",
      port: receiver.port,
      path: `/${pieces.join("")}`,
      agent,
    });
    const status = await new Promise<number>((resolve, reject) => {
      request.on("response", (response) =>
        response.resume().on("end", () => resolve(response.statusCode ?? 0)),
      );
      request.on("error", reject).end();
    });
    assert.ok(status < 500);
    await receiver.stderr.until(/\n/, before);
    assert.doesNotMatch(receiver.stderr.text.slice(before), UNSAFE);
  });
  await fc.assert(property, { numRuns, ...seed });
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
      const why = basicAuthenticator(name, password);
      const token = Buffer.from(`${name}:${password}`, "utf8").toString("base64");
      assert.equal(basicAuthorization(name, password), `Basic ${token}`);
      assert.equal(why(`bAsIc ${token}`), undefined);
      for (const [wrongName, wrongPassword] of [
        [otherName, password],
        [name, otherPassword],
        [name, `${password}\u0000`],
        [`${name} `, password],
      ] as const) {
        const isRight = wrongName === name && wrongPassword === password;
        assert.equal(why(basicAuthorization(wrongName, wrongPassword)) === undefined, isRight);
      }
      assert.notEqual(why(token), undefined);
      assert.notEqual(why(`Basic ${token}=`), undefined);
      assert.notEqual(why(`Bearer ${token}`), undefined);
    },
  );
  fc.assert(property, { numRuns, ...seed });
});
