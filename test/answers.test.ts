/** The answers: for each request the status, the headers, the body, the users' lines and its own line. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { send, sendRaw, type Request } from "./support/http.js";
import { printable } from "../src/text.js";
import { nextRequestLine } from "./support/lines.js";
import * as okta from "./support/okta.js";
import { startReceiver } from "./support/process.js";

const receiver = await startReceiver({ after });
const { origin } = new URL(receiver.url);

/** Sends a request; resolves to its answer, the users' lines that it made, and its own line. */
async function ask(request: Request, path = "/userCreated") {
  const before = { users: receiver.users().length, line: receiver.stderr.text.length };
  const sent = send(origin + path, request);
  // Also after a failure, so that the next test does not take this line for its own.
  const line = await nextRequestLine(receiver.stderr, before.line);
  const answer = await sent;
  return { ...answer, users: receiver.users().slice(before.users), line };
}

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
    assert.deepEqual(answer.line, {
      method: "GET",
      path: "/userCreated",
      status: 200,
      text: "verified",
      details: [],
    });
  }
});

test("a conditional verification gets its challenge all the same", async () => {
  for (const path of ["/userCreated", "/"]) {
    const challenge = path === "/" ? {} : { "x-okta-verification-challenge": "c" };
    const answer = await ask({ headers: { "if-none-match": "*", ...challenge } }, path);
    assert.equal(answer.status, 200);
    assert.notEqual(answer.body, "");
  }
});

/** What to do in Okta's form. */
const REMEDY = "paste the Authentication values printed at the start";

/** Authorization headers, and what is wrong with each. */
const rejections = [
  [undefined, "no Authorization header"],
  ["YWRtaW46c3VwZXJzZWNyZXQ=", 'the secret lacks its "Basic " prefix'],
  ["Bearer YWRtaW46c3VwZXJzZWNyZXQ=", "the scheme is not Basic"],
  ["Basic YWRtaW46b3RoZXI=", "wrong user name or password"],
] as const;

for (const [authorization, problem] of rejections) {
  test(`verification passes but warns: ${problem}`, async () => {
    const headers = {
      "x-okta-verification-challenge": "c",
      ...(authorization && { authorization }),
    };
    const answer = await ask({ headers });
    assert.deepEqual([answer.status, answer.body, answer.users], [200, '{"verification":"c"}', ""]);
    assert.equal(answer.line.text, "verified, but deliveries will get a 401");
    assert.equal(answer.line.details.join(" "), `${problem}: ${REMEDY}`);
  });

  test(`401: ${problem}`, async () => {
    const { authorization: _, ...headers } = DELIVERY_HEADERS;
    const body = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
    const answer = await ask({
      method: "POST",
      headers: { ...headers, ...(authorization && { authorization }) },
      body,
    });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /^Basic realm=/);
    const error = "Not authorized: send this receiver's credentials (Basic).";
    assert.deepEqual(JSON.parse(answer.body), { error });
    assert.equal(answer.users, "");
    assert.equal(answer.line.text, problem);
    const [from, ...rest] = answer.line.details;
    assert.equal(from, "from 127.0.0.1");
    assert.equal(rest.join(" "), `Okta does not retry: ${REMEDY}`);
  });
}

test("a delivery: an empty 200, and each created user on stdout", async () => {
  const body = okta.delivery(
    okta.created("john.doe@example.com"),
    okta.event("user.session.start"),
    okta.event("user.lifecycle.create", {
      target: [okta.group(), okta.user("jane.roe@example.com")],
    }),
  );
  const answer = await ask(okta.post(body));
  assert.deepEqual([answer.status, answer.body, answer.headers["content-length"]], [200, "", "0"]);
  assert.equal(
    answer.users,
    okta.userLine("john.doe@example.com") + okta.userLine("jane.roe@example.com"),
  );
  assert.deepEqual(answer.line, {
    method: "POST",
    path: "/userCreated",
    status: 200,
    text: "3 events, 2 users created, 1 ignored",
    details: ["ignored: user.session.start"],
  });
});

test("a repeat: logged all the same, and marked", async () => {
  const body = okta.delivery(okta.created("john.doe@example.com"));
  const first = await ask(okta.post(body));
  const second = await ask(okta.post(body));
  assert.equal(first.line.text, "1 event, 1 user created");
  assert.equal(second.line.text, "1 event, 1 user created, a repeat");
  assert.equal(second.users, first.users);
  assert.equal(second.users, okta.userLine("john.doe@example.com"));
  const anonymous = { data: body.data };
  for (const time of ["first", "second"]) {
    const { line } = await ask(okta.post(anonymous));
    assert.equal(line.text, "1 event, 1 user created", `${time} delivery without an eventId`);
  }
});

test("what is remembered is bounded: after 10,000 other deliveries, one is new again", async (t) => {
  const other = await startReceiver(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  t.after(() => agent.destroy());
  const first = okta.delivery(okta.event("first"));
  const deliver = async (expected: string) => {
    const before = other.stderr.text.length;
    await send(other.url, okta.post(first));
    const line = await nextRequestLine(other.stderr, before);
    assert.equal(line.text, expected);
  };
  const deliverOthers = async (count: number) => {
    const deliveries = Array.from({ length: count }, () => okta.post(okta.delivery()));
    await Promise.all(deliveries.map((request) => send(other.url, { ...request, agent })));
    const before = other.stderr.text.length;
    await send(new URL("/", other.url).href);
    await other.stderr.until(/: running\n$/, before); // The last of their lines is there, too.
  };
  await deliver("1 event, 1 ignored");
  await deliverOthers(9_999);
  await deliver("1 event, 1 ignored, a repeat");
  await deliverOthers(1);
  await deliver("1 event, 1 ignored");
});

test("hostile text: control and bidirectional characters are escaped on both streams", async () => {
  const login = "a\u001b[31m\r\n\u0007\u009b\u202e\u2066\u2028\ud800b";
  const escaped = "a\\u001b[31m\\u000d\\u000a\\u0007\\u009b\\u202e\\u2066\\u2028\\ud800b";
  const denied = okta.created(login, { outcome: { result: login } });
  const body = okta.delivery(okta.created(login), okta.event(login), denied);
  const answer = await ask(okta.post({ ...body, eventId: login }));
  assert.equal(answer.users, okta.userLine(escaped));
  assert.equal(answer.line.text, "3 events, 1 user created, 1 not created, 1 ignored");
  const told = answer.line.details.join(" ");
  assert.equal(told, `not created: ${`${escaped} (${escaped})`.slice(0, 400)} ignored: ${escaped}`);
});

test("401 comes before any of the body", async () => {
  const before = receiver.stderr.text.length;
  const request = http.request(receiver.url, {
    method: "POST",
    headers: { ...okta.JSON_TYPE, expect: "100-continue", "content-length": 5_000_000 },
  });
  request.on("continue", () => assert.fail("a stranger is not asked for the body"));
  request.flushHeaders();
  const [response] = await once(request, "response");
  assert.equal(response.statusCode, 401);
  request.destroy();
  const line = await nextRequestLine(receiver.stderr, before);
  assert.deepEqual([line.status, line.text], [401, "no Authorization header"]);
});

const good = { method: "POST", headers: DELIVERY_HEADERS };
const JSON_BODY = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
const huge = Buffer.alloc(10 * 1024 * 1024 + 1, " ");
const withHeaders = (headers: Record<string, string>, body: string | Buffer): Request => ({
  method: "POST",
  headers: { ...DELIVERY_HEADERS, ...headers },
  body,
});

const TOO_LARGE = "The body is over 10 MB: send fewer events at once.";
const NOT_JSON = "The body is not JSON: send it with Content-Type: application/json.";
const NO_EVENTS = "The body has no data.events list: send an event hook's delivery.";
const NOT_FOUND = "Not found: end the event hook's URL in /userCreated (case-sensitive).";
const WRONG_METHOD = "Wrong method: GET verifies the event hook, POST delivers to it.";
const NO_CHALLENGE = "No x-okta-verification-challenge header: Okta sends it to verify.";
const INVALID = /^The body is not valid JSON: .+\.$/s;
const refusals: [
  what: string,
  request: Request,
  status: number,
  error: string | RegExp,
  path?: string,
][] = [
  ["a GET without the challenge", { headers: { authorization: SECRET } }, 400, NO_CHALLENGE],
  [
    "a form",
    withHeaders({ "content-type": "application/x-www-form-urlencoded" }, "a=b"),
    415,
    NOT_JSON,
  ],
  [
    "a text that holds JSON",
    withHeaders({ "content-type": "text/plain" }, JSON_BODY),
    415,
    NOT_JSON,
  ],
  [
    "a body without a type",
    { method: "POST", headers: { authorization: SECRET }, body: JSON_BODY },
    415,
    NOT_JSON,
  ],
  [
    "nothing at all, without a type",
    { method: "POST", headers: { authorization: SECRET } },
    415,
    NOT_JSON,
  ],
  [
    "an encoding that is unknown",
    withHeaders({ "content-encoding": "zip" }, "x"),
    415,
    'The body cannot be read: unsupported content encoding "zip".',
  ],
  ["broken JSON", { ...good, body: '{"data":' }, 400, INVALID],
  ["an empty body", { ...good, body: "" }, 400, INVALID],
  [
    "a body that is not UTF-8",
    { ...good, body: Buffer.from(`\ufeff${JSON_BODY}`, "utf16le") },
    400,
    INVALID,
  ],
  [
    "a body that is not gzip",
    withHeaders({ "content-encoding": "gzip" }, "x"),
    400,
    "The body cannot be read: unexpected end of file.",
  ],
  ["a body that is a number", { ...good, body: "7" }, 400, NO_EVENTS],
  ["a list of events alone", { ...good, body: "[]" }, 400, NO_EVENTS],
  ["data without events", { ...good, body: '{"data":{}}' }, 400, NO_EVENTS],
  ["over 10 MB", { ...good, body: huge }, 413, TOO_LARGE],
  ["over 10 MB in chunks", withHeaders({ "transfer-encoding": "chunked" }, huge), 413, TOO_LARGE],
  [
    "over 10 MB once inflated",
    withHeaders({ "content-encoding": "gzip" }, gzipSync(huge)),
    413,
    TOO_LARGE,
  ],
  [
    "over 10 MB from brotli",
    withHeaders({ "content-encoding": "br" }, brotliCompressSync(huge)),
    413,
    TOO_LARGE,
  ],
  ["HEAD", { method: "HEAD" }, 405, ""],
  ["PUT", { ...good, method: "PUT", body: JSON_BODY }, 405, WRONG_METHOD],
  ["DELETE", { method: "DELETE" }, 405, WRONG_METHOD],
  ["OPTIONS", { method: "OPTIONS" }, 405, WRONG_METHOD],
  ["PATCH", { method: "PATCH" }, 405, WRONG_METHOD],
  ["a delivery to /", { ...good, body: JSON_BODY }, 404, NOT_FOUND, "/"],
  ["a delivery to another path", { ...good, body: JSON_BODY }, 404, NOT_FOUND, "/user-created"],
  [
    "a delivery to the path in small letters",
    { ...good, body: JSON_BODY },
    404,
    NOT_FOUND,
    "/usercreated",
  ],
  [
    "a delivery to the path and a slash",
    { ...good, body: JSON_BODY },
    404,
    NOT_FOUND,
    "/userCreated/",
  ],
  ["a path that is badly encoded", {}, 404, NOT_FOUND, "/%E0%A4%A"],
];
for (const [what, request, status, error, path = "/userCreated"] of refusals) {
  test(`${status}: ${what}`, async () => {
    const answer = await ask(request, path);
    assert.equal(answer.status, status);
    assert.equal(answer.users, "");
    assert.equal(answer.headers["x-powered-by"], undefined);
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    const { line } = answer;
    assert.deepEqual(
      [line.method, line.path, line.status],
      [request.method ?? "GET", path, status],
    );
    if (status === 405) assert.equal(answer.headers.allow, "GET, POST");
    if (request.method === "HEAD") {
      assert.equal(answer.body, "");
      return;
    }
    const told: { error: string } = JSON.parse(answer.body);
    if (typeof error === "string") assert.deepEqual(told, { error });
    else assert.match(told.error, error);
    assert.doesNotMatch(answer.body, /node_modules|\.js|\n/);
    const [from, ...rest] = line.details;
    assert.equal(from, "from 127.0.0.1");
    const shown = `${line.text}: ${rest.join(" ")}.`;
    assert.equal(
      shown.toLowerCase(),
      printable(told.error).toLowerCase(),
      "the console says the same",
    );
  });
}

for (const path of ["/", "/usercreated", "/userCreated/", "/x"]) {
  test(`a verification at ${path}: 404, and the console says that the URL lacks its path`, async () => {
    for (const method of ["GET", "HEAD"]) {
      const headers = { "x-okta-verification-challenge": "c" };
      const { status, body, line } = await ask({ method, headers }, path);
      assert.equal(status, 404);
      if (method === "GET") assert.deepEqual(JSON.parse(body), { error: NOT_FOUND });
      assert.equal(line.text, "Okta's verification came to the wrong path");
      const remedy = "end the event hook's URL in /userCreated (case-sensitive)";
      assert.deepEqual(line.details, ["from 127.0.0.1", remedy]);
    }
  });
}

for (const [what, headers, body] of [
  ["the type in capitals", { "content-type": "APPLICATION/JSON" }, JSON_BODY],
  ["a tab in the type", { "content-type": "application/json\t;charset=utf-8" }, JSON_BODY],
  ["a character set", { "content-type": "application/json; charset=utf-8" }, JSON_BODY],
  [
    "a character set that JSON cannot have",
    { "content-type": "application/json; charset=latin1" },
    JSON_BODY,
  ],
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

test("GET / says that it is running, and where to point the hook", async () => {
  const answer = await ask({}, "/");
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"] ?? "", /^text\/plain/);
  assert.equal(answer.body, "The receiver is running: point the event hook at /userCreated.\n");
  assert.deepEqual([answer.line.status, answer.line.text], [200, "running"]);
});

test("the query is neither looked at nor printed: it may hold a secret", async () => {
  const headers = { "x-okta-verification-challenge": "c", authorization: SECRET };
  const { line } = await ask({ headers }, "/userCreated?password=supersecret");
  assert.deepEqual([line.path, line.text, line.details], ["/userCreated", "verified", []]);
});

test("the client's address is the forwarded one, and printed escaped", async () => {
  const from = async (forwarded: string) => {
    const { line } = await ask({ headers: { "x-forwarded-for": forwarded } }, "/x");
    return line.details[0];
  };
  assert.equal(await from("203.0.113.9"), "from 203.0.113.9");
  const added = await from("198.51.100.1, 203.0.113.9");
  assert.equal(added, "from 203.0.113.9", "what a stranger adds is not believed");
  assert.equal(await from("2001:db8::1"), "from 2001:db8::1");
  assert.equal(await from("\u009b\u0085"), "from \\u009b\\u0085");
});

/** Sends a request as it stands; resolves to all that comes back and the request's own line. */
async function raw(line: string, ...headers: string[]) {
  const before = receiver.stderr.text.length;
  const bytes = [line, "Connection: close", ...headers, "", ""].join("\r\n");
  const text = await sendRaw(receiver.port, bytes);
  return { text, line: await nextRequestLine(receiver.stderr, before) };
}

test("a whole URL in the request line is as good as its path", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  for (const target of ["http://example.ngrok-free.app/userCreated", "HTTPS://x/userCreated?a#b"]) {
    const { text, line } = await raw(`GET ${target} HTTP/1.1`, "Host: x", challenge);
    assert.match(text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
    assert.deepEqual([line.path, line.status], ["/userCreated", 200]);
  }
});

const oddTargets = [
  ...[
    "//a@b[#x",
    "//a@[::1#x",
    "//a@b",
    "//",
    "///",
    "*",
    "http://",
    "http://x",
    "http://x?y",
    "/%",
  ],
  ...["ftp://x/userCreated", "/../../etc/passwd", "/;", "/userCreated;x"],
  ...["/userCreated%23f", "//userCreated", "/userCreated//", "/?#", "/a:b@c", "/\\", "/x#//a@b["],
];
for (const target of oddTargets) {
  test(`the request target ${target}: one answer of ours, and one line`, async () => {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const { text, line } = await raw(`${method} ${target} HTTP/1.1`, "Host: x");
      assert.equal(text.match(/^HTTP\/1\.1 /gm)?.length, 1);
      const isRoot =
        method === "GET" && ["http://", "http://x", "http://x?y", "/?#"].includes(target);
      if (isRoot) assert.equal(line.text, "running");
      else assert.match(text, /^HTTP\/1\.1 404 .*\r\n\r\n\{"error":"Not found: [^<]*"\}$/s);
      assert.equal(line.status, isRoot ? 200 : 404);
    }
  });
}

test("what follows a # is not part of a request target", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  const { text, line } = await raw("GET /userCreated#f HTTP/1.1", "Host: x", challenge);
  assert.match(text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
  assert.deepEqual([line.path, line.text.split(",")[0]], ["/userCreated", "verified"]);
});

test("400: HTTP/1.1 without a Host header, but not HTTP/1.0", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  const without = await raw("GET /userCreated HTTP/1.1", challenge);
  assert.match(without.text, /^HTTP\/1\.1 400 .*\{"error":"No Host header: /s);
  assert.deepEqual([without.line.status, without.line.text], [400, "no Host header"]);
  const old = await raw("GET /userCreated HTTP/1.0", challenge);
  assert.match(old.text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
});
