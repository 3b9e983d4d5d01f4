/** The answers: for each request its status, headers and body, the users' lines, and its own line. */
import assert from "node:assert/strict";
import http from "node:http";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Output } from "../../src/output.js";
import { startApp, type App } from "../support/app.js";
import { send, sendRaw, type Request } from "../support/http.js";
import { nextRequestLine, type RequestLine } from "../support/lines.js";
import * as okta from "../support/okta.js";
import { Transcript } from "../support/transcript.js";

const app = await startApp({ after });
// A request of 10 MB may take longer than its 10 seconds on a busy machine.
const { server } = app.hookServer;
assert.ok(server instanceof http.Server);
server.requestTimeout = 120_000;

/** Sends a request; resolves to its answer, the users' lines that it made, and its own line. */
async function ask(request: Request, path = "/userCreated", { url, stderr, users }: App = app) {
  const before = { users: users().length, line: stderr.text.length };
  const sent = send(new URL(url).origin + path, request);
  // Also after a failure, so that the next test does not take this line for its own.
  const line = await nextRequestLine(stderr, before.line);
  return { ...(await sent), users: users(before.users), line };
}

/** All that is said of a request behind its status, however it was broken into lines. */
const toldOf = ({ text, details }: RequestLine) => [text, ...details].join(" ");

const { SECRET, DELIVERY_HEADERS, JSON_TYPE } = okta;
const CHALLENGE = { "x-okta-verification-challenge": "c" };
const JOHN = okta.userLine("john.doe@example.com");
const BODY = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
const deliver = (body: string | Buffer, headers: Record<string, string> = {}): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

test("verification: the challenge comes back exactly, as JSON", async () => {
  const headers = { accept: "application/json", authorization: SECRET };
  for (const challenge of ["Q7s0mE-rAnd0m_v4lue", "", 'a"b\\c', "x".repeat(4000)]) {
    const answer = await ask({
      headers: { ...headers, "X-Okta-Verification-Challenge": challenge },
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body), { verification: challenge });
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    assert.equal(answer.headers["x-powered-by"], undefined);
    const { method, path, status, text } = answer.line;
    assert.deepEqual([method, path, status, text], ["GET", "/userCreated", 200, "verified"]);
  }
});

test("verification needs no credentials, and says when deliveries will lack them", async () => {
  for (const headers of [CHALLENGE, { ...CHALLENGE, authorization: "Basic YWRtaW46b3RoZXI=" }]) {
    const { status, body, line } = await ask({ headers });
    assert.deepEqual([status, body], [200, '{"verification":"c"}']);
    assert.match(toldOf(line), /^verified, but deliveries will get a 401 .+\. .+\.$/);
  }
});

test("what comes next is said once, after the first verification that will do", async (t) => {
  const other = await startApp(t);
  const verify = async (headers: Record<string, string>) =>
    (await ask({ headers: { ...CHALLENGE, ...headers } }, "/userCreated", other)).line.details;
  const next = "Now create a user in Okta. Its event comes within seconds, sometimes minutes.";
  assert.ok(!(await verify({})).includes(next));
  assert.deepEqual(await verify({ authorization: SECRET }), [next]);
  assert.deepEqual(await verify({ authorization: SECRET }), []);
});

test("401: a client hears the same for each wrong secret, the console what is wrong", async () => {
  const heard = new Set<string>();
  const told = new Set<string>();
  const wrong = [
    {},
    { authorization: "YWRtaW46c3VwZXJzZWNyZXQ=" },
    { authorization: "Basic admin:supersecret" },
    { authorization: "Basic YWRtaW46b3RoZXI=" },
  ];
  for (const secret of wrong) {
    const request = { method: "POST", headers: { ...JSON_TYPE, ...secret }, body: BODY };
    const { status, headers, body, users, line } = await ask(request);
    assert.deepEqual([status, line.status, users], [401, 401, ""]);
    assert.match(headers["www-authenticate"] ?? "", /^Basic realm=/);
    const { date: _date, ...same } = headers;
    heard.add(JSON.stringify({ ...same, body }));
    told.add(line.text);
    assert.match(toldOf(line), / from 127\.0\.0\.1 Okta does not retry\. .+\.$/);
    assert.doesNotMatch(toldOf(line), /YWRtaW46|supersecret/);
  }
  assert.equal(heard.size, 1);
  assert.equal(told.size, wrong.length);
});

test("a delivery: an empty 200, each created user on stdout, and what came of it", async () => {
  const targets = { target: [okta.group(), okta.user("jane.roe@example.com")] };
  const events = [
    okta.created("john.doe@example.com"),
    okta.event("user.session.start"),
    okta.event("user.lifecycle.create", targets),
  ];
  const answer = await ask(okta.post(okta.delivery(...events)));
  assert.deepEqual([answer.status, answer.body, answer.headers["content-length"]], [200, "", "0"]);
  assert.equal(answer.users, JOHN + okta.userLine("jane.roe@example.com"));
  const { method, path, status } = answer.line;
  assert.deepEqual([method, path, status], ["POST", "/userCreated", 200]);
  const told = "3 events, 2 announced, 1 ignored ignored: user.session.start";
  assert.equal(toldOf(answer.line), told);
});

test("a repeat is announced all the same, marked, and explained once", async (t) => {
  const other = await startApp(t);
  const announce = async (body: unknown) => {
    const { users, line } = await ask(okta.post(body), "/userCreated", other);
    assert.equal(users, JOHN);
    return toldOf(line);
  };
  const body = okta.delivery(okta.created("john.doe@example.com"));
  assert.equal(await announce(body), "1 event, 1 announced");
  assert.match(await announce(body), /^1 event, 1 announced, a repeat .*retry.*replay/i);
  assert.equal(await announce(body), "1 event, 1 announced, a repeat");
  for (const time of ["first", "second"]) {
    const told = await announce({ data: body.data });
    assert.equal(told, "1 event, 1 announced", `${time} delivery without an eventId`);
  }
});

test("503: what cannot be printed is not acknowledged, nor is its retry a repeat", async (t) => {
  let isFull = true;
  const print = () => (isFull ? Promise.reject(new Error("ENOSPC")) : Promise.resolve());
  const other = await startApp(t, { print });
  const refused = await ask(deliver(BODY), "/userCreated", other);
  assert.equal(refused.status, 503);
  for (const said of [refused.body, toldOf(refused.line)]) assert.match(said, /stdout/);
  const nobody = okta.post(okta.delivery(okta.event("user.session.start")));
  assert.equal((await ask(nobody, "/userCreated", other)).status, 200);
  isFull = false;
  const retried = await ask(deliver(BODY), "/userCreated", other);
  assert.deepEqual([retried.status, toldOf(retried.line)], [200, "1 event, 1 announced"]);
});

test("500: a mistake in our own code is shown on the console alone, with its frames", async (t) => {
  const other = await startApp(t);
  // What Node never makes of a header stands in for the mistake.
  other.hookServer.server.prependListener("request", ({ headers }: http.IncomingMessage) => {
    Object.assign(headers, { authorization: 7 });
  });
  const { status, body, line } = await ask({ headers: CHALLENGE }, "/userCreated", other);
  assert.equal(status, 500);
  assert.deepEqual(JSON.parse(body), { error: "The receiver failed: its console says why." });
  assert.match(toldOf(line), /TypeError: .+ at \S+ \(src\/receiver\/basic-auth\.ts:\d+:\d+\)/);
  assert.doesNotMatch(toldOf(line), /node_modules|node:|Okta retries/);
});

const huge = Buffer.alloc(10 * 1024 * 1024 + 1, " ");
const ZIPPED = { "content-encoding": "gzip" };
const CHUNKED = { "transfer-encoding": "chunked" };
const typed = (type: string) => deliver(BODY, { "content-type": type });

/** What the client and the console hear. */
const NO_CHALLENGE = /no x-okta-verification-challenge header/i;
const NOT_JSON = /the body is not JSON.* send it with Content-Type: application\/json/i;
const UNREADABLE = /the body cannot be read/i;
const INVALID = /the body is not valid JSON/i;
const NO_EVENTS = /the body has no data\.events list.* send an event hook's delivery/i;
const TOO_LARGE = /the body is over 10 MB.* send fewer events at once/i;
const WRONG_METHOD = /wrong method.* GET verifies the event hook, POST delivers to it/i;

const utf16 = Buffer.from(`\ufeff${BODY}`, "utf16le");
const cutOff = gzipSync(BODY).subarray(0, 40);
const refusals: [what: string, request: Request, status: number, error: RegExp][] = [
  ["GET without the challenge", {}, 400, NO_CHALLENGE],
  ["a form", typed("application/x-www-form-urlencoded"), 415, NOT_JSON],
  ["a text that holds JSON", typed("text/plain"), 415, NOT_JSON],
  [
    "a body without a type",
    { ...deliver(BODY), headers: { authorization: SECRET } },
    415,
    NOT_JSON,
  ],
  ["an unknown encoding", deliver("x", { "content-encoding": "zip" }), 415, UNREADABLE],
  ["what is not gzip", deliver("x", ZIPPED), 400, UNREADABLE],
  ["gzip that is cut off", deliver(cutOff, ZIPPED), 400, UNREADABLE],
  ["broken JSON", deliver('{"data":'), 400, INVALID],
  ["an empty body", deliver(""), 400, /the body/i],
  ["UTF-16", deliver(utf16), 400, INVALID],
  ["null", deliver("null"), 400, NO_EVENTS],
  ["a number", deliver("7"), 400, NO_EVENTS],
  ["data without events", deliver('{"data":{}}'), 400, NO_EVENTS],
  ["events that are no list", deliver('{"data":{"events":{}}}'), 400, NO_EVENTS],
  ["over 10 MB", deliver(huge), 413, TOO_LARGE],
  ["over 10 MB once inflated", deliver(gzipSync(huge), ZIPPED), 413, TOO_LARGE],
  ["PUT", { ...deliver(BODY), method: "PUT" }, 405, WRONG_METHOD],
  ["OPTIONS", { method: "OPTIONS" }, 405, WRONG_METHOD],
];
for (const [what, request, status, error] of refusals) {
  test(`${status}: ${what}`, async () => {
    const { headers, body, users, line, ...answer } = await ask(request);
    assert.deepEqual([answer.status, line.status, users], [status, status, ""]);
    assert.deepEqual([line.method, line.path], [request.method ?? "GET", "/userCreated"]);
    assert.equal(headers["content-type"], "application/json; charset=utf-8");
    assert.equal(headers["x-powered-by"], undefined);
    assert.equal(headers.allow, status === 405 ? "GET, POST" : undefined);
    const heard: Record<string, unknown> = JSON.parse(body);
    assert.deepEqual(Object.keys(heard), ["error"]);
    assert.match(String(heard.error), error);
    assert.doesNotMatch(body, /node_modules|\.[jt]s\b/);
    assert.match(toldOf(line), error);
    assert.equal(line.details[0], "from 127.0.0.1");
  });
}

const accepted: [what: string, request: Request][] = [
  ["a character set", typed("application/json; charset=utf-8")],
  ["a structured JSON type", typed("application/cloudevents+json")],
  ["gzip", deliver(gzipSync(BODY), ZIPPED)],
  ["chunks", deliver(BODY, CHUNKED)],
  ["a byte order mark", deliver(`\ufeff${BODY}`)],
  ["exactly 10 MB", deliver(BODY.padEnd(10 * 1024 * 1024))],
];
for (const [what, request] of accepted) {
  test(`takes ${what}`, async () => {
    const { status, users } = await ask(request);
    assert.deepEqual([status, users], [200, JOHN]);
  });
}

test("400: a broken chunk behind gzip that is none: one answer, one line, no page", async (t) => {
  const printed = t.mock.method(console, "error", () => {});
  const before = app.stderr.text.length;
  const fields = Object.entries({ ...DELIVERY_HEADERS, ...ZIPPED, ...CHUNKED, host: "x" });
  const headers = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const bytes = `POST /userCreated HTTP/1.1\r\n${headers}\r\n5\r\nxxxxx\r\nbroken\r\n`;
  const answer = await sendRaw(app.port, bytes);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
  assert.equal((await nextRequestLine(app.stderr, before)).status, 400);
  // The error of gzip comes a little later, and finds the answer sent.
  assert.match((await ask(deliver("x", ZIPPED))).line.text, UNREADABLE);
  assert.equal(printed.mock.callCount(), 0, "Express would print a stack");
});

test("GET / says that it is running, and where to point the hook", async () => {
  const { status, headers, body, line } = await ask({}, "/");
  assert.equal(status, 200);
  assert.match(headers["content-type"] ?? "", /^text\/plain/);
  assert.equal(body, "The receiver is running: point the event hook at /userCreated.\n");
  assert.deepEqual([line.status, toldOf(line)], [200, "running"]);
});

test("404: what comes to a wrong path is told the right one, and so is the console", async () => {
  const remedy = "end the event hook's URL in /userCreated";
  for (const path of ["/", "/usercreated", "/userCreated/", "//userCreated", "/api/userCreated"]) {
    for (const [request, told] of [
      [{ headers: CHALLENGE }, "Okta's verification came to the wrong path"],
      [deliver(BODY), "not found"],
    ] as const) {
      const { status, body, users, line } = await ask(request, path);
      assert.deepEqual([status, line.status, line.path, users], [404, 404, path, ""]);
      assert.deepEqual(JSON.parse(body), { error: `Not found: ${remedy}.` });
      assert.equal(toldOf(line), `${told} from 127.0.0.1 ${remedy}`);
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
    assert.equal(await isRed(deliver(BODY), path), true, `a delivery to ${path}`);
    assert.equal(await isRed({ headers: CHALLENGE }, path), true, `a verification at ${path}`);
  }
  assert.equal(await isRed({ method: "POST" }, "/userCreated"), true, "a 401");
  const icons = ["/favicon.ico", "/apple-touch-icon.png"];
  const devTools = "/.well-known/appspecific/com.chrome.devtools.json";
  for (const path of ["/", "/userCreated", ...icons, devTools]) {
    assert.equal(await isRed({}, path), false, `a browser at ${path}`);
  }
});

/** Sends a request as it stands; resolves to all that comes back and the request's own line. */
async function raw(start: string) {
  const before = app.stderr.text.length;
  const headers = ["Host: x", "Connection: close", "X-Okta-Verification-Challenge: c"];
  const text = await sendRaw(app.port, [start, ...headers, "", ""].join("\r\n"));
  return { text, line: await nextRequestLine(app.stderr, before) };
}

test("a whole URL as the request target is as good as its path", async () => {
  for (const target of ["http://example.com/userCreated", "HTTPS://x/userCreated?a#b"]) {
    const { text, line } = await raw(`GET ${target} HTTP/1.1`);
    assert.match(text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
    assert.deepEqual([line.path, line.status], ["/userCreated", 200]);
  }
});

test("a request target of any form gets one answer of ours, and one line", async () => {
  const targets = [
    ...["//a@b[#x", "//a@[::1#x", "//a@b", "//", "*", "/%", "/%E0%A4%A", "/userCreated%23f"],
    ...["ftp://x/userCreated", "/../../etc/passwd", "/userCreated;x", "/%75serCreated", "http://"],
    ...["http://x?y", "/a:b@c", "/\\", "/x#//a@b[", "/?#", "http://["],
  ];
  for (const target of targets) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const { text, line } = await raw(`${method} ${target} HTTP/1.1`);
      assert.equal(text.match(/^HTTP\/1\.1 /gm)?.length, 1, target);
      assert.match(text, /^HTTP\/1\.1 404 .*\r\n\r\n\{"error":"Not found: [^<]*"\}$/s, target);
      assert.equal(line.status, 404);
    }
  }
});
