/** The request log: one safe line for each request, where a refused one came from, and SHOW_PAYLOAD. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startApp, type App } from "../support/app.js";
import { send, type Request } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { created, delivery, DELIVERY_HEADERS, event, post, SECRET } from "../support/okta.js";

const app = await startApp({ after });
const showing = await startApp({ after }, { showPayload: true });

/** Sends a request; resolves to its status, its line, and all that was printed for it. */
async function lineOf(request: Request, path = "/userCreated", { url, stderr }: App = app) {
  const before = stderr.text.length;
  await send(new URL(url).origin + path, request);
  return { ...(await nextRequestLine(stderr, before)), printed: stderr.text.slice(before) };
}

const CHALLENGE = { "x-okta-verification-challenge": "c" };
const deliver = (body: string | Buffer, headers: Record<string, string> = {}): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

test("the usual requests: 80 columns, and one line where there is nothing to do", async () => {
  const verification = { headers: { ...CHALLENGE, authorization: SECRET } };
  await lineOf(verification);
  const john = created("john.doe@example.com");
  for (const request of [verification, post(delivery(john))]) {
    assert.deepEqual((await lineOf(request)).details, []);
  }
  const preview = event("user.lifecycle.create", { target: null, actor: null });
  const denied = { result: "DENY", reason: "Sign-on policy evaluation resulted in DENY" };
  for (const request of [
    verification,
    { headers: CHALLENGE },
    { headers: { ...CHALLENGE, authorization: "Basic" } },
    post(delivery(john, event("user.session.start"))),
    post(delivery(preview)),
    post(delivery(created("jane.roe@example.com", { outcome: denied }))),
    { method: "POST" },
  ]) {
    const { printed } = await lineOf(request);
    for (const line of printed.split("\n")) assert.ok(line.length <= 80, line);
  }
});

test("text from outside is printed with what steers a terminal or hides escaped", async () => {
  const text = "a\u001b[31m\r\n\u0007\u009b\u202e\u2028\ud800\u200b\u{e0061}é🦊";
  const escaped =
    "a\\u001b[31m\\u000d\\u000a\\u0007\\u009b\\u202e\\u2028\\ud800\\u200b\\u{e0061}é🦊";
  const from = showing.users().length;
  const denied = created(text, { outcome: { result: "DENY", reason: text } });
  const body = delivery(created(text), event(text), denied);
  const line = await lineOf(post({ ...body, eventId: text }), "/userCreated", showing);
  assert.equal(showing.users(from), `The user ${escaped} has been added to the Okta org!\n`);
  const told = line.details.join(" ");
  assert.ok(
    told.includes(`not announced: ${escaped} (DENY: ${escaped}) ignored: ${escaped} {`),
    told,
  );
  assert.doesNotMatch(line.printed, /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
  const raw = await lineOf(deliver("{\u001b[2J\u202e\r\n  \u200b}"), "/userCreated", showing);
  assert.deepEqual(raw.details.slice(-2), ["{\\u001b[2J\\u202e\\u000d", "  \\u200b}"]);
});

test("the query is neither looked at nor printed: it may hold a secret", async () => {
  const headers = { ...CHALLENGE, authorization: SECRET };
  const taken = await lineOf({ headers }, "/userCreated?password=supersecret");
  assert.deepEqual([taken.path, taken.status], ["/userCreated", 200]);
  const refused = await lineOf({ method: "POST" }, "/x?password=supersecret");
  for (const { printed } of [taken, refused]) assert.doesNotMatch(printed, /supersecret/);
});

test("a long path is cut", async () => {
  const { path, status } = await lineOf({}, `/${"a".repeat(300)}`);
  assert.deepEqual([path, status], [`/${"a".repeat(199)}…`, 404]);
});

const forwarded: [what: string, header: string, address: string][] = [
  ["an IPv4 address", "203.0.113.9", "203.0.113.9"],
  ["an IPv6 address", "2001:db8::1", "2001:db8::1"],
  ["the last address: what a stranger adds is not believed", "1.2.3.4, 203.0.113.9", "203.0.113.9"],
  ["no words in its place", "127.0.0.1  (401: you were hacked)", "127.0.0.1"],
  ["no control characters in its place", "\u009b2J\u0085", "127.0.0.1"],
  ["nothing in its place", "", "127.0.0.1"],
];
for (const [what, header, address] of forwarded) {
  test(`where a refused request came from: ${what}`, async () => {
    const { details } = await lineOf({ method: "POST", headers: { "x-forwarded-for": header } });
    assert.equal(details[0], `from ${address}`);
  });
}

const ZIPPED = { "content-encoding": "gzip" };
const MARKED = '{"data":{"events":[{"eventType":"marked"}]}}';
const INDENTED = JSON.stringify(JSON.parse(MARKED), null, 2);
const whole = "x".repeat(64 * 1024);
const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;

const shown: [what: string, request: Request, status: number, body: string][] = [
  ["JSON, indented", deliver('{"a":[1,null]}'), 400, '{\n  "a": [\n    1,\n    null\n  ]\n}'],
  ["a delivery", deliver(MARKED), 200, INDENTED],
  ["a delivery, inflated", deliver(gzipSync(MARKED), ZIPPED), 200, INDENTED],
  ["what is no JSON, as it came", deliver("{'a':\n 'x'}"), 400, "{'a':\n 'x'}"],
  ["JSON that is too deep, as it came", deliver(deep), 400, deep],
  ["64 kB, whole", deliver(whole), 400, whole],
  [
    "more than 64 kB, cut",
    deliver(`${whole}y`),
    400,
    `${whole}\n… cut here: the body has 65537 bytes`,
  ],
];
for (const [what, request, status, body] of shown) {
  test(`SHOW_PAYLOAD shows ${what}`, async () => {
    const line = await lineOf(request, "/userCreated", showing);
    assert.equal(line.status, status);
    assert.ok(line.details.join("\n").endsWith(body), line.printed.slice(0, 2_000));
    assert.doesNotMatch(line.printed, /YWRtaW4|Okta Hook Service|authorization/i, "no header");
    const { printed } = await lineOf(request);
    assert.doesNotMatch(printed, /^ {2}[{[x]/m, "nothing without SHOW_PAYLOAD");
  });
}

test("SHOW_PAYLOAD shows at most 64 kB of what indenting makes larger", async () => {
  const nested = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
  const { printed } = await lineOf(deliver(nested), "/userCreated", showing);
  assert.ok(printed.length < 70_000, `${printed.length} characters`);
});

test("SHOW_PAYLOAD shows nothing from a stranger, or from another path", async () => {
  const { authorization: _, ...headers } = DELIVERY_HEADERS;
  const stranger = await lineOf({ ...deliver(MARKED), headers }, "/userCreated", showing);
  const stray = await lineOf(deliver(MARKED), "/x", showing);
  assert.deepEqual([stranger.status, stray.status], [401, 404]);
  for (const { printed } of [stranger, stray]) assert.doesNotMatch(printed, /marked/);
});

test("SHOW_PAYLOAD adds nothing to a verification", async () => {
  const { details } = await lineOf({ headers: CHALLENGE }, "/userCreated", showing);
  assert.deepEqual(details, (await lineOf({ headers: CHALLENGE })).details);
});
