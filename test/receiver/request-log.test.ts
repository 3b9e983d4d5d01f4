/** The request log: one line for each request, where a refused one came from, and SHOW_PAYLOAD. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startApp } from "../support/app.js";
import type { Request } from "../support/http.js";
import { ask } from "../support/lines.js";
import { created, delivery, DELIVERY_HEADERS, event, post, SECRET } from "../support/okta.js";

const app = await startApp({ after });
const showing = await startApp({ after }, { showPayload: true });

const CHALLENGE = { "x-okta-verification-challenge": "c" };
const deliver = (body: string | Buffer, headers = {}): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

test("the usual requests: 80 columns, and one line where there is nothing to do", async () => {
  const verification = { headers: { ...CHALLENGE, authorization: SECRET } };
  const john = created("john.doe@example.com");
  await ask(app, verification);
  for (const request of [verification, post(delivery(john))]) {
    assert.deepEqual((await ask(app, request)).line.details, []);
  }
  const preview = event("user.lifecycle.create", { target: null, actor: null });
  const denied = { result: "DENY", reason: "Sign-on policy evaluation resulted in DENY" };
  for (const request of [
    { headers: CHALLENGE },
    { headers: { ...CHALLENGE, authorization: "Basic" } },
    post(delivery(john, event("user.session.start"))),
    post(delivery(preview)),
    post(delivery(created("jane.roe@example.com", { outcome: denied }))),
    { method: "POST" },
  ]) {
    const { said } = await ask(app, request);
    for (const line of said.split("\n")) assert.ok(line.length <= 80, line);
  }
});

test("the query is neither looked at nor printed: it may hold a secret", async () => {
  const taken = await ask(app, { headers: CHALLENGE }, "/userCreated?password=supersecret");
  assert.deepEqual([taken.line.path, taken.line.status], ["/userCreated", 200]);
  const refused = await ask(app, { method: "POST" }, "/x?password=supersecret");
  for (const { said } of [taken, refused]) assert.doesNotMatch(said, /supersecret/);
});

test("a long path is cut", async () => {
  const { line } = await ask(app, {}, `/${"a".repeat(300)}`);
  assert.deepEqual([line.path, line.status], [`/${"a".repeat(199)}…`, 404]);
});

const forwarded: [what: string, header: string, address: string][] = [
  ["an IPv6 address", "2001:db8::1", "2001:db8::1"],
  ["the last address: what a stranger adds is not believed", "1.2.3.4, 203.0.113.9", "203.0.113.9"],
  ["no words in its place", "127.0.0.1  (401: you were hacked)", "127.0.0.1"],
];
for (const [what, header, address] of forwarded) {
  test(`where a refused request came from: ${what}`, async () => {
    const headers = { "x-forwarded-for": header };
    const { line } = await ask(app, { method: "POST", headers });
    assert.equal(line.details[0], `from ${address}`);
  });
}

const MARKED = '{"data":{"events":[{"eventType":"marked"}]}}';
const INDENTED = JSON.stringify(JSON.parse(MARKED), null, 2);
const zipped = deliver(gzipSync(MARKED), { "content-encoding": "gzip" });
const whole = "x".repeat(64 * 1024);
const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
const CUT = `${whole}\n… cut here: the body has 65537 bytes`;

const shown: [what: string, request: Request, body: string][] = [
  ["a delivery, indented", deliver(MARKED), INDENTED],
  ["a delivery, inflated", zipped, INDENTED],
  ["what is no JSON, as it came", deliver("{'a':\n 'x'}"), "{'a':\n 'x'}"],
  ["JSON that is too deep, as it came", deliver(deep), deep],
  ["64 kB, whole", deliver(whole), whole],
  ["more than 64 kB, cut", deliver(`${whole}y`), CUT],
];
for (const [what, request, body] of shown) {
  test(`SHOW_PAYLOAD shows ${what}`, async () => {
    const { line, said } = await ask(showing, request);
    assert.ok(line.details.join("\n").endsWith(body), said.slice(0, 2_000));
    const silent = await ask(app, request);
    assert.doesNotMatch(silent.said, /^ {2}[{[x]/m, "nothing without SHOW_PAYLOAD");
  });
}

test("SHOW_PAYLOAD shows at most 64 kB of what indenting makes larger", async () => {
  const nested = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
  const { said } = await ask(showing, deliver(nested));
  assert.ok(said.length < 70_000, `${said.length} characters`);
});

test("SHOW_PAYLOAD shows nothing from a stranger, or from another path", async () => {
  const stranger = await ask(showing, deliver(MARKED, { authorization: "" }));
  const stray = await ask(showing, deliver(MARKED), "/x");
  assert.deepEqual([stranger.status, stray.status], [401, 404]);
  for (const { said } of [stranger, stray]) assert.doesNotMatch(said, /marked/);
});
