/** The request log: one line for each request, where a refused one came from, and SHOW_PAYLOAD. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ANNOUNCEMENTS } from "../../src/receiver/announcements.js";
import { formatPayload } from "../../src/receiver/payload.js";
import { startApp, type App } from "../support/app.js";
import { connect, send, type Request } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { created, delivery, DELIVERY_HEADERS, event, post, SECRET } from "../support/okta.js";

const app = await startApp({ after });

/** Sends a request; resolves to its line, and all that was printed for it. */
async function lineOf(request: Request, path = "/userCreated", { url, stderr }: App = app) {
  const before = stderr.text.length;
  await send(new URL(url).origin + path, request);
  return { ...(await nextRequestLine(stderr, before)), printed: stderr.text.slice(before) };
}

const CHALLENGE = { "x-okta-verification-challenge": "c" };

test("the usual requests have one line each, without where they came from", async () => {
  const good = { headers: { ...CHALLENGE, authorization: SECRET } };
  await lineOf(good);
  for (const request of [good, post(delivery(created("john.doe@example.com")))]) {
    const { status, details } = await lineOf(request);
    assert.deepEqual([status, details], [200, []]);
  }
  assert.deepEqual((await lineOf({}, "/")).details, []);
});

test("the query is neither looked at nor printed: it may hold a secret", async () => {
  const headers = { ...CHALLENGE, authorization: SECRET };
  const { path, text, details } = await lineOf({ headers }, "/userCreated?password=supersecret");
  assert.deepEqual([path, text, details], ["/userCreated", "verified", []]);
  const refused = await lineOf({}, "/x?password=supersecret");
  assert.doesNotMatch(refused.printed, /supersecret/);
});

test("a long path is cut", async () => {
  const { path, status } = await lineOf({}, `/${"a".repeat(300)}`);
  assert.deepEqual([path, status], [`/${"a".repeat(199)}…`, 404]);
});

const forwarded: [what: string, header: string, address: string][] = [
  ["an IPv4 address", "203.0.113.9", "203.0.113.9"],
  ["an IPv6 address", "2001:db8::1", "2001:db8::1"],
  ["the last address: what a stranger adds is not believed", "1.2.3.4, 203.0.113.9", "203.0.113.9"],
  ["no name in its place", "evil.example", "127.0.0.1"],
  ["no words in its place", "127.0.0.1  (401: you were hacked)", "127.0.0.1"],
  ["no control characters in its place", "\u009b2J\u0085", "127.0.0.1"],
  ["nothing in its place", "", "127.0.0.1"],
  ["a name in front of an address", "evil.example, 203.0.113.9", "203.0.113.9"],
];
for (const [what, header, address] of forwarded) {
  test(`where a refused request came from: ${what}`, async () => {
    const { details } = await lineOf({ headers: { "x-forwarded-for": header } }, "/x");
    assert.equal(details[0], `from ${address}`);
  });
}

test("a client that is gone before its answer has a line, too", async () => {
  const before = app.stderr.text.length;
  const socket = await connect(app.port);
  const head = ["POST /userCreated HTTP/1.1", "Host: x", `Authorization: ${SECRET}`];
  const body = ["Content-Type: application/json", "Content-Length: 9", "Expect: 100-continue"];
  socket.write([...head, ...body, "", ""].join("\r\n"));
  // Its body is waited for from now on.
  await once(socket, "data");
  socket.resetAndDestroy();
  const { method, path, status, text } = await nextRequestLine(app.stderr, before);
  const expected = ["POST", "/userCreated", undefined, "no answer, the connection closed"];
  assert.deepEqual([method, path, status, text], expected);
});

const shown = await startApp(
  { after },
  {
    showPayload: true,
    announcements: new Map([
      ...ANNOUNCEMENTS,
      [
        "custom.failing",
        {
          noun: "user",
          participle: "met",
          sentence: () => {
            throw new Error("a mistake in an entry");
          },
        },
      ],
    ]),
  },
);

const MARK = "a.body.to.be.recognized";
const marked = delivery(event(MARK));
const zipped = { ...DELIVERY_HEADERS, "content-encoding": "gzip" };
const ofText = (body: string): Request => ({ method: "POST", headers: DELIVERY_HEADERS, body });
const text = JSON.stringify(marked);
const failing = JSON.stringify(delivery(event("custom.failing", { uuid: MARK })));

const shownBodies: [what: string, request: Request, status: number, body: string][] = [
  ["a delivery", ofText(text), 200, text],
  ["a delivery, inflated", { method: "POST", headers: zipped, body: gzipSync(text) }, 200, text],
  ["JSON without events", ofText(`{"${MARK}":[]}`), 400, `{"${MARK}":[]}`],
  ["what is no JSON, as it came", ofText(`{"${MARK}":\n 'x'}`), 400, `{"${MARK}":\n 'x'}`],
  ["a delivery on which code of ours failed", ofText(failing), 500, failing],
  [
    "more than 64 kB, cut",
    ofText(`"${MARK}${"x".repeat(100_000)}"`),
    400,
    `"${MARK}${"x".repeat(100_000)}"`,
  ],
];
for (const [what, request, status, body] of shownBodies) {
  test(`SHOW_PAYLOAD shows under the line: ${what}`, async () => {
    const line = await lineOf(request, "/userCreated", shown);
    assert.equal(line.status, status);
    const expected = formatPayload(Buffer.from(body)).split("\n");
    assert.deepEqual(line.details.slice(-expected.length), expected);
    assert.doesNotMatch(
      line.printed,
      /Basic|YWRtaW4|Okta Hook Service|authorization/i,
      "no header",
    );
  });
}

const huge = `"${MARK}${" ".repeat(10 * 1024 * 1024)}"`;
const { authorization: _, ...unauthorized } = DELIVERY_HEADERS;
const hiddenBodies: [what: string, request: Request, status: number, path?: string][] = [
  ["without credentials", { method: "POST", headers: unauthorized, body: text }, 401],
  [
    "not JSON by its type",
    { method: "POST", headers: { ...DELIVERY_HEADERS, "content-type": "text/plain" }, body: text },
    415,
  ],
  ["declared over 10 MB", ofText(huge), 413],
  [
    "found over 10 MB",
    {
      method: "POST",
      headers: { ...DELIVERY_HEADERS, "transfer-encoding": "chunked" },
      body: huge,
    },
    413,
  ],
  ["that cannot be inflated", { method: "POST", headers: zipped, body: text }, 400],
  ["of another method", { ...ofText(text), method: "PUT" }, 405],
  ["at another path", ofText(text), 404, "/x"],
];
for (const [what, request, status, path] of hiddenBodies) {
  test(`SHOW_PAYLOAD shows no body ${what}`, async () => {
    const line = await lineOf(request, path, shown);
    assert.equal(line.status, status);
    assert.equal(line.printed.includes(MARK), false);
  });
}

test("SHOW_PAYLOAD adds nothing to a verification", async () => {
  const { details } = await lineOf({ headers: CHALLENGE }, "/userCreated", shown);
  const other = await lineOf({ headers: CHALLENGE });
  assert.deepEqual(details, other.details);
});

test("what SHOW_PAYLOAD shows is safe to print", async () => {
  const { details } = await lineOf(ofText("{\u001b[2J\u202e\r\n  \u200b}"), "/userCreated", shown);
  assert.deepEqual(details.slice(-2), ["{\\u001b[2J\\u202e\\u000d", "  \\u200b}"]);
});

test("SHOW_PAYLOAD takes no harm from JSON that is nested 200,000 levels deep", async () => {
  const levels = 200_000;
  const deep = `{"data":{"events":[${"[".repeat(levels)}${"]".repeat(levels)}]}}`;
  const { status, printed } = await lineOf(ofText(deep), "/userCreated", shown);
  assert.equal(status, 200);
  assert.ok(printed.length < 70_000, `${printed.length} characters`);
  assert.equal((await lineOf(ofText(text), "/userCreated", shown)).status, 200);
});

test("without SHOW_PAYLOAD no body is shown", async () => {
  for (const [, request, status] of shownBodies) {
    const line = await lineOf(request);
    if (status === 200) assert.deepEqual(line.details, [`ignored: ${MARK}`]);
    // Neither the beginning nor the end of one.
    assert.doesNotMatch(line.printed, /^ {2}["{}]/m);
    assert.ok(line.printed.length < 1_000);
  }
});
