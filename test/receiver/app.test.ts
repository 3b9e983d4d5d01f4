/** The answers: for each request its status, headers and body, the users' lines, and its own line. */
import assert from "node:assert/strict";
import http from "node:http";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Output } from "../../src/output.js";
import { startApp } from "../support/app.js";
import { send, sendRaw, type Request } from "../support/http.js";
import { ask, nextRequestLine } from "../support/lines.js";
import { created, delivery, DELIVERY_HEADERS, event, group, post } from "../support/okta.js";
import { JSON_TYPE, SECRET, user, userLine } from "../support/okta.js";
import { Transcript } from "../support/transcript.js";

const app = await startApp({ after });
// A request of 10 MB may take longer than its 10 seconds on a busy machine.
const { server } = app.hookServer;
assert.ok(server instanceof http.Server);
server.requestTimeout = 120_000;

const CHALLENGE = { "x-okta-verification-challenge": "c" };
const VERIFICATION = { headers: { ...CHALLENGE, authorization: SECRET } };
const JOHN = userLine("john.doe@example.com");
const DELIVERY = post(delivery(created("john.doe@example.com")));
const deliver = (body: string | Buffer, headers = {}): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

test("verification: the challenge comes back exactly, as JSON", async () => {
  for (const challenge of ["Q7s0mE-rAnd0m_v4lue", "", 'a"b\\c', "x".repeat(4000)]) {
    const { status, headers, body, line } = await ask(app, {
      headers: { authorization: SECRET, "X-Okta-Verification-Challenge": challenge },
    });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { verification: challenge });
    assert.equal(headers["content-type"], "application/json; charset=utf-8");
    assert.deepEqual(
      [line.method, line.path, line.status, line.text],
      ["GET", "/userCreated", 200, "verified"],
    );
  }
});

test("verification needs no credentials, and says when deliveries will lack them", async () => {
  for (const headers of [CHALLENGE, { ...CHALLENGE, authorization: "Basic YWRtaW46b3RoZXI=" }]) {
    const { status, body, line } = await ask(app, { headers });
    assert.deepEqual([status, body], [200, '{"verification":"c"}']);
    assert.match(line.told, /^verified, but deliveries will get a 401 .+\. .+\.$/);
  }
});

test("what comes next is said once, after the first verification that will do", async (t) => {
  const other = await startApp(t);
  const next = /create a user/;
  assert.doesNotMatch((await ask(other, { headers: CHALLENGE })).line.told, next);
  assert.match((await ask(other, VERIFICATION)).line.told, next);
  assert.equal((await ask(other, VERIFICATION)).line.told, "verified");
});

test("a delivery: an empty 200, each created user on stdout, and what came of it", async () => {
  const target = [group(), user("jane.roe@example.com")];
  const { status, body, headers, users, line } = await ask(
    app,
    post(
      delivery(
        created("john.doe@example.com"),
        event("user.session.start"),
        event("user.lifecycle.create", { target }),
      ),
    ),
  );
  assert.deepEqual([status, body, headers["content-length"]], [200, "", "0"]);
  assert.equal(users, JOHN + userLine("jane.roe@example.com"));
  assert.deepEqual([line.method, line.path, line.status], ["POST", "/userCreated", 200]);
  assert.equal(line.told, "3 events, 2 announced, 1 ignored ignored: user.session.start");
});

test("a repeat is announced all the same, marked, and explained once", async (t) => {
  const other = await startApp(t);
  const announce = async (request: Request) => {
    const { users, line } = await ask(other, request);
    assert.equal(users, JOHN);
    return line.told;
  };
  assert.equal(await announce(DELIVERY), "1 event, 1 announced");
  assert.match(await announce(DELIVERY), /^1 event, 1 announced, a repeat .*retry.*replay/i);
  assert.equal(await announce(DELIVERY), "1 event, 1 announced, a repeat");
  // Without an eventId, or with one that is no text, none is a repeat.
  const body = delivery(created("john.doe@example.com"));
  for (const eventId of [undefined, undefined, 7, 7, "", ""]) {
    assert.equal(await announce(post({ ...body, eventId })), "1 event, 1 announced");
  }
});

test("503: what cannot be printed is not acknowledged, nor is its retry a repeat", async (t) => {
  let isFull = true;
  const print = () => (isFull ? Promise.reject(new Error("ENOSPC")) : Promise.resolve());
  const other = await startApp(t, { print });
  const { status, body, line } = await ask(other, DELIVERY);
  assert.equal(status, 503);
  for (const said of [body, line.told]) assert.match(said, /stdout/);
  const nobody = post(delivery(event("user.session.start")));
  assert.equal((await ask(other, nobody)).status, 200);
  isFull = false;
  const retried = await ask(other, DELIVERY);
  assert.deepEqual([retried.status, retried.line.told], [200, "1 event, 1 announced"]);
});

test("500: a mistake in our own code is shown on the console alone, with its frames", async (t) => {
  const other = await startApp(t);
  // What Node never makes of a header stands in for the mistake.
  other.hookServer.server.prependListener("request", ({ headers }: http.IncomingMessage) => {
    Object.assign(headers, { authorization: 7 });
  });
  const { status, body, line } = await ask(other, { headers: CHALLENGE });
  assert.equal(status, 500);
  assert.match(body, /^\{"error":"[^":]+: its console says why\."\}$/);
  assert.match(line.told, /TypeError: .+ at \S+ \(src\/receiver\/basic-auth\.ts:\d+:\d+\)/);
  assert.doesNotMatch(line.told, /node_modules|node:|Okta retries/);
});

const huge = Buffer.alloc(10 * 1024 * 1024 + 1, " ");
const ZIPPED = { "content-encoding": "gzip" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const UNTYPED = { ...DELIVERY, headers: { authorization: SECRET } };

/** What the client and the console hear. */
const refusals: [what: string, request: Request, status: number, error: RegExp][] = [
  ["GET without the challenge", {}, 400, /no x-okta-verification-challenge header/i],
  ["a form", deliver("a=b", FORM), 415, /not JSON.* Content-Type: application\/json/],
  ["a body without a type", UNTYPED, 415, /not JSON.* Content-Type: application\/json/],
  ["an unknown encoding", deliver("x", { "content-encoding": "zip" }), 415, /cannot be read/],
  ["what is not gzip", deliver("x", ZIPPED), 400, /cannot be read/],
  ["broken JSON", deliver('{"data":'), 400, /not valid JSON/],
  ["an empty body", deliver(""), 400, /the body/i],
  ["null", deliver("null"), 400, /no data\.events list/],
  ["data without events", deliver('{"data":{}}'), 400, /no data\.events list/],
  ["events that are no list", deliver('{"data":{"events":{}}}'), 400, /no data\.events list/],
  ["over 10 MB", deliver(huge), 413, /over 10 MB/],
  ["over 10 MB once inflated", deliver(gzipSync(huge), ZIPPED), 413, /over 10 MB/],
  ["PUT", { ...DELIVERY, method: "PUT" }, 405, /wrong method/i],
];
for (const [what, request, status, error] of refusals) {
  test(`${status}: ${what}`, async () => {
    const { headers, body, users, line, ...answer } = await ask(app, request);
    assert.deepEqual([answer.status, line.status, users], [status, status, ""]);
    assert.deepEqual([line.method, line.path], [request.method ?? "GET", "/userCreated"]);
    assert.equal(headers["content-type"], "application/json; charset=utf-8");
    assert.equal(headers["x-powered-by"], undefined);
    assert.equal(headers.allow, status === 405 ? "GET, POST" : undefined);
    const heard: Record<string, unknown> = JSON.parse(body);
    assert.deepEqual(Object.keys(heard), ["error"]);
    // A sentence that says what to change behind what is wrong.
    assert.match(String(heard.error), /^[A-Z].*[:,] .+\.$/);
    assert.match(String(heard.error), error);
    assert.doesNotMatch(body, /node_modules|\.[jt]s\b/);
    assert.match(line.told, error);
    assert.equal(line.details[0], "from 127.0.0.1");
  });
}

const invalid = Buffer.from(DELIVERY.body.replace("john", "\u00ff"), "latin1");
const accepted: [what: string, request: Request, users?: string][] = [
  [
    "a character set",
    deliver(DELIVERY.body, { "content-type": "application/json; charset=utf-8" }),
  ],
  ["a structured type", deliver(DELIVERY.body, { "content-type": "application/cloudevents+json" })],
  ["gzip", deliver(gzipSync(DELIVERY.body), ZIPPED)],
  ["a byte order mark", deliver(`\ufeff${DELIVERY.body}`)],
  ["exactly 10 MB", deliver(DELIVERY.body.padEnd(10 * 1024 * 1024))],
  ["invalid UTF-8", deliver(invalid), userLine("\ufffd.doe@example.com")],
];
for (const [what, request, expected = JOHN] of accepted) {
  test(`takes ${what}`, async () => {
    const { status, users } = await ask(app, request);
    assert.deepEqual([status, users], [200, expected]);
  });
}

test("400: a broken chunk behind gzip that is none: one answer, one line, no page", async (t) => {
  const printed = t.mock.method(console, "error", () => {});
  const before = app.stderr.text.length;
  const fields = { ...DELIVERY_HEADERS, ...ZIPPED, "transfer-encoding": "chunked", host: "x" };
  const headers = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = `POST /userCreated HTTP/1.1\r\n${headers.join("")}\r\n5\r\nxxxxx\r\nbroken\r\n`;
  assert.match(await sendRaw(app.port, bytes), /^HTTP\/1\.1 400 (?:(?!HTTP\/)[^])*$/);
  assert.equal((await nextRequestLine(app.stderr, before)).status, 400);
  // The error of gzip comes a little later, and finds the answer sent.
  assert.match((await ask(app, deliver("x", ZIPPED))).line.text, /cannot be read/);
  assert.equal(printed.mock.callCount(), 0, "Express would print a stack");
});

test("GET / says that it is running, and where to point the hook", async () => {
  const { status, headers, body, line } = await ask(app, {}, "/");
  assert.equal(status, 200);
  assert.match(headers["content-type"] ?? "", /^text\/plain/);
  assert.match(body, /^The receiver is running.* \/userCreated\.\n$/);
  assert.deepEqual([line.status, line.told], [200, "running"]);
});

test("404: what comes to a wrong path is told the right one, and so is the console", async () => {
  const remedy = "end the event hook's URL in /userCreated";
  for (const path of ["/", "/usercreated", "/userCreated/", "//userCreated", "/api/userCreated"]) {
    for (const [request, told] of [
      [VERIFICATION, "Okta's verification came to the wrong path"],
      [DELIVERY, "not found"],
    ] as const) {
      const { status, body, users, line } = await ask(app, request, path);
      assert.deepEqual([status, line.status, line.path, users], [404, 404, path, ""]);
      assert.deepEqual(JSON.parse(body), { error: `Not found: ${remedy}.` });
      assert.equal(line.told, `${told} from 127.0.0.1 ${remedy}`);
    }
  }
});

test("red is what Okta loses by it, and not what a browser asks for by itself", async (t) => {
  const stream = new PassThrough();
  const stderr = new Transcript(stream);
  const { url } = await startApp(t, { log: new Output(stream, true) });
  const isRed = async (request: Request, path: string) => {
    const before = stderr.text.length;
    await send(new URL(url).origin + path, request);
    await stderr.until(/\n$/, before);
    return stderr.text.startsWith("\u001b[31m", before);
  };
  for (const path of ["/", "/api/userCreated"]) {
    assert.equal(await isRed(DELIVERY, path), true, `a delivery to ${path}`);
    assert.equal(await isRed(VERIFICATION, path), true, `a verification at ${path}`);
  }
  assert.equal(await isRed({ method: "POST", headers: JSON_TYPE }, "/userCreated"), true, "a 401");
  for (const path of ["/", "/userCreated", "/favicon.ico", "/.well-known/devtools.json"]) {
    assert.equal(await isRed({}, path), false, `a browser at ${path}`);
  }
});

test("a whole URL as the request target is as good as its path", async () => {
  for (const target of ["http://example.com/userCreated", "HTTPS://x/userCreated?a#b"]) {
    const before = app.stderr.text.length;
    const headers = "Host: x\r\nConnection: close\r\nX-Okta-Verification-Challenge: c\r\n\r\n";
    const answer = await sendRaw(app.port, `GET ${target} HTTP/1.1\r\n${headers}`);
    assert.match(answer, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
    const { path, status } = await nextRequestLine(app.stderr, before);
    assert.deepEqual([path, status], ["/userCreated", 200]);
  }
});
