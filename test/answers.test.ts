/** The answers: for each request the status, the headers, the body, the users' lines and its own line. */
import assert from "node:assert/strict";
import http from "node:http";
import { after, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { connect, drain, send, sendRaw, type Request } from "./support/http.js";
import * as okta from "./support/okta.js";
import { startReceiver } from "./support/process.js";

const receiver = await startReceiver({ after });
const { origin } = new URL(receiver.url);

/** Sends a request; resolves to its answer, the users' lines that it made, and its own line. */
async function ask(request: Request, path = "/userCreated") {
  const before = { users: receiver.users().length, line: receiver.stderr.text.length };
  const sent = send(origin + path, request);
  // Also after a failure, so that the next test does not take this line for its own.
  const [line] = await receiver.stderr.until(/^.*\n/, before.line);
  const answer = await sent;
  return { ...answer, users: receiver.users().slice(before.users), line: withoutNoise(line) };
}

/** Takes a request's line. Returns it without the time of day and the duration, which must be there. */
function withoutNoise(line: string): string {
  assert.match(line, /^\d\d:\d\d:\d\d \S+ \S+ \d+ \d+\.\d ms from \S+: .+\n$/);
  return line.slice(9, -1).replace(/ \d+\.\d ms /, " ");
}

const CHECK = "compare the hook's Authentication field and secret with the start-up text";
const { SECRET, DELIVERY_HEADERS } = okta;
const verification = {
  accept: "application/json",
  "user-agent": "Okta-Integrations",
  "x-okta-request-id": "reqVhWvJ0lgTEy5yEm",
  authorization: SECRET,
};

test("verification: the challenge comes back exactly, as JSON", async () => {
  for (const challenge of ["Q7s0mE-rAnd0m_v4lue", "", 'a"b\\c', "x".repeat(4000)]) {
    const headers = { ...verification, "X-Okta-Verification-Challenge": challenge };
    const answer = await ask({ headers });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body), { verification: challenge });
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    assert.equal(answer.headers["x-powered-by"], undefined);
    assert.equal(answer.users, "");
    assert.equal(answer.line, "GET /userCreated 200 from 127.0.0.1: verified");
  }
});

for (const [authorization, reason] of [
  [undefined, "no Authorization header"],
  ["YWRtaW46c3VwZXJzZWNyZXQ=", 'the secret lacks its "Basic " prefix'],
  ["Basic YWRtaW46b3RoZXI=", "the user name or password differs"],
] as const) {
  test(`verification passes but warns: ${reason}`, async () => {
    const headers = { "x-okta-verification-challenge": "c", ...(authorization && { authorization }) };
    const answer = await ask({ headers });
    assert.deepEqual([answer.status, answer.body, answer.users], [200, '{"verification":"c"}', ""]);
    const warning = `verified, but every delivery will get a 401: ${reason}; ${CHECK}`;
    assert.equal(answer.line, `GET /userCreated 200 from 127.0.0.1: ${warning}`);
  });
}

test("a delivery: an empty 200, and each created user on stdout", async () => {
  const body = okta.delivery(
    okta.created("john.doe@example.com"),
    okta.event("user.session.start"),
    okta.event("user.lifecycle.create", { target: [okta.group(), okta.user("jane.roe@example.com")] }),
  );
  const answer = await ask(okta.post(body));
  assert.deepEqual([answer.status, answer.body, answer.headers["content-length"]], [200, "", "0"]);
  assert.equal(answer.users, okta.userLine("john.doe@example.com") + okta.userLine("jane.roe@example.com"));
  const outcome = "3 events, 2 users created, 1 ignored (user.session.start)";
  assert.equal(answer.line, `POST /userCreated 200 from 127.0.0.1: ${outcome}`);
});

test("a repeat: logged all the same, and marked", async () => {
  const body = okta.delivery(okta.created("john.doe@example.com"));
  const first = await ask(okta.post(body));
  const second = await ask(okta.post(body));
  assert.equal(first.line, "POST /userCreated 200 from 127.0.0.1: 1 event, 1 user created");
  assert.equal(second.line, `${first.line}, a repeat of ${body.eventId}`);
  assert.equal(second.users, first.users);
  assert.equal(second.users, okta.userLine("john.doe@example.com"));
  const anonymous = { data: body.data };
  assert.equal((await ask(okta.post(anonymous))).line, first.line);
  assert.equal((await ask(okta.post(anonymous))).line, first.line, "without an eventId nothing is a repeat");
});

test("what is remembered is bounded: after 10,000 other deliveries, one is new again", async (t) => {
  const other = await startReceiver(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  t.after(() => agent.destroy());
  const first = okta.delivery();
  const lineOf = async (client: string) => {
    const { headers, ...request } = okta.post(first);
    await send(other.url, { ...request, headers: { ...headers, "x-forwarded-for": client } });
    return (await other.stderr.until(new RegExp(`from ${client}: (.*)\n`)))[1];
  };
  assert.equal(await lineOf("203.0.113.1"), "0 events, 0 users created");
  const others = Array.from({ length: 9_999 }, (_, id) =>
    okta.post({ eventId: `e${id}`, data: { events: [] } }),
  );
  await Promise.all(others.map((request) => send(other.url, { ...request, agent })));
  assert.equal(await lineOf("203.0.113.2"), `0 events, 0 users created, a repeat of ${first.eventId}`);
  await send(other.url, okta.post(okta.delivery()));
  assert.equal(await lineOf("203.0.113.3"), "0 events, 0 users created");
});

test("hostile text: control and bidirectional characters are escaped on both streams", async () => {
  const login = "a\u001b[31m\r\n\u0007\u009b\u202e\u2066\u2028\ud800b";
  const escaped = "a\\u001b[31m\\u000d\\u000a\\u0007\\u009b\\u202e\\u2066\\u2028\\ud800b";
  const body = okta.delivery(okta.created(login), okta.event(login));
  const answer = await ask(okta.post({ ...body, eventId: login }));
  assert.equal(answer.users, okta.userLine(escaped));
  assert.match(answer.line, /: 2 events, 1 user created, 1 ignored \(a\\u001b\[31m.*b\)$/);
  const again = await ask(okta.post({ ...body, eventId: login }));
  assert.match(again.line, /, a repeat of a\\u001b\[31m/);
});

const UNAUTHORIZED = { error: "Not authorized: send this receiver's credentials by Basic authentication." };
for (const [authorization, reason] of [
  [undefined, "no Authorization header"],
  ["YWRtaW46c3VwZXJzZWNyZXQ=", 'the secret lacks its "Basic " prefix'],
  ["Bearer YWRtaW46c3VwZXJzZWNyZXQ=", "another scheme than Basic"],
  ["Basic supersecret!", 'not valid Base64 of "username:password"'],
  ["Basic YWRtaW46b3RoZXI=", "the user name or password differs"],
] as const) {
  test(`401: ${reason}`, async () => {
    const { authorization: _, ...headers } = DELIVERY_HEADERS;
    const body = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
    const answer = await ask({
      method: "POST",
      headers: { ...headers, ...(authorization && { authorization }) },
      body,
    });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /^Basic realm=/);
    assert.deepEqual(JSON.parse(answer.body), UNAUTHORIZED);
    assert.equal(answer.users, "");
    const line = `POST /userCreated 401 from 127.0.0.1: ${reason}, and Okta will not retry; ${CHECK}`;
    assert.equal(answer.line, line);
  });
}

test("401 comes before any of the body", async () => {
  const before = receiver.stderr.text.length;
  const socket = await connect(receiver.port);
  const head = "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  socket.write(`${head}Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n`);
  const text = await drain(socket);
  assert.match(text, /^HTTP\/1\.1 401 /, "and without a 100 Continue that would ask for it");
  assert.match(text, /\r\nConnection: close\r\n/);
  await receiver.stderr.until(/ 401 .*: no Authorization header, /, before);
});

const good = { method: "POST", headers: DELIVERY_HEADERS };
const JSON_BODY = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
const huge = Buffer.alloc(10 * 1024 * 1024 + 1, " ");
const withHeaders = (headers: Record<string, string>, body: string | Buffer): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

const TOO_LARGE = "The body is over 10 MB: send fewer events in one delivery.";
const NO_JSON = "The body is not JSON: send it with Content-Type: application/json.";
const NO_EVENTS = "The body has no data.events list: send an event hook's delivery.";
const NOT_HERE = "Nothing is here: end the event hook's URL in /userCreated, letter for letter.";
const NO_METHOD = "Use GET to verify the event hook and POST to deliver its events.";
const NO_CHALLENGE = "No x-okta-verification-challenge header: Okta sends one to verify.";
const refusals: [what: string, request: Request, status: number, error: string | RegExp, path?: string][] = [
  ["a GET without the challenge", { headers: { authorization: SECRET } }, 400, NO_CHALLENGE],
  ["a form", withHeaders({ "content-type": "application/x-www-form-urlencoded" }, "a=b"), 415, NO_JSON],
  ["a text that holds JSON", withHeaders({ "content-type": "text/plain" }, JSON_BODY), 415, NO_JSON],
  [
    "a body without a type",
    { method: "POST", headers: { authorization: SECRET }, body: JSON_BODY },
    415,
    NO_JSON,
  ],
  ["nothing at all, without a type", { method: "POST", headers: { authorization: SECRET } }, 415, NO_JSON],
  [
    "an encoding that is unknown",
    withHeaders({ "content-encoding": "zip" }, "x"),
    415,
    /^The body cannot be read \(unsupported content encoding "zip"\)/,
  ],
  [
    "a character set that is unknown",
    withHeaders({ "content-type": "application/json; charset=latin1" }, "{}"),
    415,
    /^The body cannot be read \(unsupported charset "LATIN1"\)/,
  ],
  ["broken JSON", { ...good, body: '{"data":' }, 400, /^The body is not valid JSON \(.+\): correct it\.$/],
  [
    "JSON that is no text",
    { ...good, body: Buffer.from([0xff, 0xfe, 0x00]) },
    400,
    /^The body is not valid JSON/,
  ],
  [
    "a body that is no gzip",
    withHeaders({ "content-encoding": "gzip" }, "x"),
    400,
    /^The body is not valid JSON/,
  ],
  ["an empty body", { ...good, body: "" }, 400, NO_EVENTS],
  ["a body that is a number", { ...good, body: "7" }, 400, NO_EVENTS],
  ["a list of events alone", { ...good, body: "[]" }, 400, NO_EVENTS],
  ["data without events", { ...good, body: '{"data":{}}' }, 400, NO_EVENTS],
  ["over 10 MB", { ...good, body: huge }, 413, TOO_LARGE],
  ["over 10 MB in chunks", withHeaders({ "transfer-encoding": "chunked" }, huge), 413, TOO_LARGE],
  ["over 10 MB once inflated", withHeaders({ "content-encoding": "gzip" }, gzipSync(huge)), 413, TOO_LARGE],
  [
    "over 10 MB from brotli",
    withHeaders({ "content-encoding": "br" }, brotliCompressSync(huge)),
    413,
    TOO_LARGE,
  ],
  ["HEAD", { method: "HEAD" }, 405, ""],
  ["PUT", { ...good, method: "PUT", body: JSON_BODY }, 405, NO_METHOD],
  ["DELETE", { method: "DELETE" }, 405, NO_METHOD],
  ["OPTIONS", { method: "OPTIONS" }, 405, NO_METHOD],
  ["PATCH", { method: "PATCH" }, 405, NO_METHOD],
  ["a delivery to /", { ...good, body: JSON_BODY }, 404, NOT_HERE, "/"],
  ["a delivery to another path", { ...good, body: JSON_BODY }, 404, NOT_HERE, "/user-created"],
  ["a delivery to the path in small letters", { ...good, body: JSON_BODY }, 404, NOT_HERE, "/usercreated"],
  ["a delivery to the path and a slash", { ...good, body: JSON_BODY }, 404, NOT_HERE, "/userCreated/"],
  ["a path that is badly encoded", {}, 404, NOT_HERE, "/%E0%A4%A"],
];
for (const [what, request, status, error, path = "/userCreated"] of refusals) {
  test(`${status}: ${what}`, async () => {
    const answer = await ask(request, path);
    assert.equal(answer.status, status);
    assert.equal(answer.users, "");
    assert.equal(answer.headers["x-powered-by"], undefined);
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    const line = /^(\S+) (\S+) (\d+) from 127\.0\.0\.1: (.*)$/.exec(answer.line);
    assert.deepEqual(line?.slice(1, 4), [request.method ?? "GET", path, String(status)]);
    if (status === 405) assert.equal(answer.headers.allow, "GET, POST");
    if (request.method === "HEAD") return assert.equal(answer.body, "");
    const told: unknown = JSON.parse(answer.body);
    assert.deepEqual(told, { error: line?.[4] }, "the line gives the client's sentence as the reason");
    if (typeof error === "string") assert.deepEqual(told, { error });
    else assert.match(line?.[4] ?? "", error);
    assert.doesNotMatch(answer.body, /node_modules|\.js|\n/);
  });
}

for (const [what, headers, body] of [
  ["the type in capitals", { "content-type": "APPLICATION/JSON" }, JSON_BODY],
  ["a character set", { "content-type": "application/json; charset=utf-8" }, JSON_BODY],
  ["a structured JSON type", { "content-type": "application/cloudevents+json" }, JSON_BODY],
  ["gzip", { "content-encoding": "gzip" }, gzipSync(JSON_BODY)],
  ["chunks", { "transfer-encoding": "chunked" }, JSON_BODY],
  ["a byte order mark", {}, `\ufeff${JSON_BODY}`],
  ["just under 10 MB", {}, JSON_BODY + " ".repeat(10 * 1024 * 1024 - JSON_BODY.length)],
  ["a body that is waited for", { expect: "100-continue" }, JSON_BODY],
  ["the scheme in small letters", { authorization: SECRET.replace("Basic", "basic") }, JSON_BODY],
] as const) {
  test(`takes ${what}`, async () => {
    const answer = await ask(withHeaders(headers, body));
    assert.equal(answer.status, 200);
    assert.equal(answer.users, okta.userLine("john.doe@example.com"));
  });
}

test("GET / says that it runs, and where to point the hook", async () => {
  const answer = await ask({}, "/");
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"] ?? "", /^text\/plain/);
  assert.equal(answer.body, "The receiver runs: point the event hook at /userCreated here.\n");
  assert.equal(answer.line, "GET / 200 from 127.0.0.1: it runs");
});

test("the query is neither looked at nor printed: it may hold a secret", async () => {
  const headers = { "x-okta-verification-challenge": "c", authorization: SECRET };
  const answer = await ask({ headers }, "/userCreated?password=supersecret");
  assert.equal(answer.line, "GET /userCreated 200 from 127.0.0.1: verified");
});

test("the client's address is the forwarded one, and printed escaped", async () => {
  const from = async (forwarded: string) => {
    const { line } = await ask({ headers: { "x-forwarded-for": forwarded } }, "/");
    return /from (.*): it runs$/.exec(line)?.[1];
  };
  assert.equal(await from("203.0.113.9"), "203.0.113.9");
  assert.equal(
    await from("198.51.100.1, 203.0.113.9"),
    "203.0.113.9",
    "what a stranger adds is not believed",
  );
  assert.equal(await from("2001:db8::1"), "2001:db8::1");
  assert.equal(await from("\u009b\u0085"), "\\u009b\\u0085");
});

/** Sends a request as it stands; resolves to all that comes back and the request's own line. */
async function raw(line: string, ...headers: string[]) {
  const before = receiver.stderr.text.length;
  const text = await sendRaw(receiver.port, [line, "Connection: close", ...headers, "", ""].join("\r\n"));
  return { text, line: withoutNoise((await receiver.stderr.until(/^.*\n/, before))[0]) };
}

test("a whole URL in the request line is as good as a path", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  const whole = await raw("GET http://example.ngrok-free.app/userCreated HTTP/1.1", "Host: x", challenge);
  assert.match(whole.text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
  assert.match(whole.line, /^GET \/userCreated 200 /);
  for (const target of ["http://", "http://x", "ftp://x/userCreated", "/../../etc/passwd"]) {
    const { text, line } = await raw(`GET ${target} HTTP/1.1`, "Host: x", challenge);
    assert.match(text, /^HTTP\/1\.1 404 .*\{"error":"Nothing is here: /s, target);
    assert.match(line, /^GET \S+ 404 .*: Nothing is here: /);
  }
});

test("400: HTTP/1.1 without a Host header, but not HTTP/1.0", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  const without = await raw("GET /userCreated HTTP/1.1", challenge);
  assert.match(without.text, /^HTTP\/1\.1 400 .*\{"error":"No Host header: /s);
  assert.match(without.line, /^GET \/userCreated 400 from 127\.0\.0\.1: No Host header: /);
  const old = await raw("GET /userCreated HTTP/1.0", challenge);
  assert.match(old.text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
});
