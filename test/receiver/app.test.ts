/** The answers: for each request the status, the headers, the body, the users' lines and its own line. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Output } from "../../src/output.js";
import { createMistakeFinder } from "../../src/receiver/basic-auth.js";
import { NO_CHALLENGE, REFUSALS } from "../../src/receiver/replies.js";
import { printable } from "../../src/text.js";
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

const { SECRET, DELIVERY_HEADERS } = okta;
const CHALLENGE = { "x-okta-verification-challenge": "c" };
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
    const { method, path, status, text } = answer.line;
    assert.deepEqual([method, path, status, text], ["GET", "/userCreated", 200, "verified"]);
  }
});

test("what comes next is said once, after the first verification that will do", async (t) => {
  const other = await startApp(t);
  const verify = async (headers: Record<string, string>) => {
    const { line } = await ask({ headers: { ...CHALLENGE, ...headers } }, "/userCreated", other);
    return toldOf(line);
  };
  assert.match(await verify({}), /^verified, but/);
  const next = "Now create a user in Okta. Its event comes within seconds, sometimes minutes.";
  assert.equal(await verify({ authorization: SECRET }), `verified ${next}`);
  assert.equal(await verify({ authorization: SECRET }), "verified");
});

test("a conditional verification gets its challenge all the same", async () => {
  for (const path of ["/userCreated", "/"]) {
    const challenge = path === "/" ? {} : CHALLENGE;
    const answer = await ask({ headers: { "if-none-match": "*", ...challenge } }, path);
    assert.equal(answer.status, 200);
    assert.notEqual(answer.body, "");
  }
});

const findMistake = createMistakeFinder({ username: "admin", password: "supersecret" });

/** One of each kind that the console tells apart; basic-auth.test.ts has their words. */
const wrongSecrets: [what: string, authorization: string | undefined][] = [
  ["no header", undefined],
  ["no prefix", "YWRtaW46c3VwZXJzZWNyZXQ="],
  ["another scheme", "Bearer YWRtaW46c3VwZXJzZWNyZXQ="],
  ["nothing behind the scheme", "Basic"],
  ["not Base64", "Basic admin:supersecret"],
  ["the prefix twice", "Basic Basic YWRtaW46c3VwZXJzZWNyZXQ="],
  ["pasted twice", "Basic YWRtaW46c3VwZXJzZWNyZXQ=Basic YWRtaW46c3VwZXJzZWNyZXQ="],
  ["a line break behind the password", "Basic YWRtaW46c3VwZXJzZWNyZXQK"],
  ["quotes", '"Basic YWRtaW46c3VwZXJzZWNyZXQ="'],
  ["the password alone", "Basic c3VwZXJzZWNyZXQ="],
  ["another password", "Basic YWRtaW46b3RoZXI="],
];
const problems = new Set<string>();
const unauthorized = new Set<string>();

for (const [what, authorization] of wrongSecrets) {
  const sent = authorization === undefined ? {} : { authorization };

  test(`401: ${what}`, async () => {
    const { authorization: _, ...headers } = DELIVERY_HEADERS;
    const body = JSON.stringify(okta.delivery(okta.created("john.doe@example.com")));
    const answer = await ask({ method: "POST", headers: { ...headers, ...sent }, body });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /^Basic realm=/);
    assert.equal(answer.body, REFUSALS.unauthorized.body);
    assert.equal(answer.users, "");
    const { problem, remedy } = findMistake(authorization) ?? { problem: "", remedy: "" };
    const expected = `${problem} from 127.0.0.1 Okta does not retry. ${remedy}`;
    assert.equal(toldOf(answer.line), expected);
    problems.add(problem);
    const { date: _date, ...same } = answer.headers;
    unauthorized.add(JSON.stringify({ ...same, body: answer.body }));
  });

  test(`verification passes but warns: ${what}`, async () => {
    const answer = await ask({ headers: { ...CHALLENGE, ...sent } });
    assert.deepEqual([answer.status, answer.body, answer.users], [200, '{"verification":"c"}', ""]);
    const { problem, remedy } = findMistake(authorization) ?? { problem: "", remedy: "" };
    const expected = `verified, but deliveries will get a 401 ${problem}. ${remedy}`;
    assert.equal(toldOf(answer.line), expected);
  });
}

test("the console tells the wrong secrets apart, their clients hear all the same", () => {
  assert.equal(problems.size, wrongSecrets.length);
  assert.equal(unauthorized.size, 1);
});

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
  const { method, path, status } = answer.line;
  assert.deepEqual([method, path, status], ["POST", "/userCreated", 200]);
  const told = "3 events, 2 users created, 1 ignored ignored: user.session.start";
  assert.equal(toldOf(answer.line), told);
});

test("a repeat: announced all the same, and marked", async () => {
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

test("503: users that cannot be written are not acknowledged, nor is their retry a repeat", async (t) => {
  let isFull = true;
  const print = () => (isFull ? Promise.reject(new Error("ENOSPC")) : Promise.resolve());
  const other = await startApp(t, { print });
  const request = okta.post(okta.delivery(okta.created("john.doe@example.com")));
  const refused = await ask(request, "/userCreated", other);
  assert.deepEqual([refused.status, refused.body], [503, REFUSALS.unwritten.body]);
  assert.equal(refused.line.text, "the receiver cannot write its log");
  const nobody = okta.post(okta.delivery(okta.event("user.session.start")));
  assert.equal((await ask(nobody, "/userCreated", other)).status, 200);
  isFull = false;
  const retried = await ask(request, "/userCreated", other);
  assert.deepEqual([retried.status, retried.line.text], [200, "1 event, 1 user created"]);
});

test("hostile text: what steers a terminal or hides is escaped on both streams", async () => {
  const login = "a\u001b[31m\r\n\u0007\u009b\u202e\u2066\u2028\ud800b";
  const escaped = "a\\u001b[31m\\u000d\\u000a\\u0007\\u009b\\u202e\\u2066\\u2028\\ud800b";
  const denied = okta.created(login, { outcome: { result: "DENY", reason: login } });
  const body = okta.delivery(okta.created(login), okta.event(login), denied);
  const answer = await ask(okta.post({ ...body, eventId: login }));
  assert.equal(answer.users, okta.userLine(escaped));
  const expected = `3 events, 1 user created, 1 not created, 1 ignored not created: ${escaped} (DENY: ${escaped}) ignored: ${escaped}`;
  assert.equal(toldOf(answer.line), expected);
});

test("letters that nobody sees are escaped, and those of every script stay as they are", async () => {
  const hidden = "a\u00adb\u200b\u200d\u2060\u206a\ufeff\ufff9\u{e0061}\u3164c";
  const escaped =
    "a\\u00adb\\u200b\\u200d\\u2060\\u206a\\ufeff\\ufff9\\u{e0061}\\u3164c@example.com";
  const visible = "jörg.渡辺.دانا.नमस्ते.🦊@example.com";
  const events = [okta.created(`${hidden}@example.com`), okta.created(visible)];
  const answer = await ask(okta.post(okta.delivery(...events, okta.event(hidden))));
  assert.equal(answer.users, okta.userLine(escaped) + okta.userLine(visible));
  assert.deepEqual(answer.line.details, [`ignored: ${escaped.replace("@example.com", "")}`]);
});

test("401 comes before any of the body", async () => {
  const before = app.stderr.text.length;
  const request = http.request(app.url, {
    method: "POST",
    headers: { ...okta.JSON_TYPE, expect: "100-continue", "content-length": 5_000_000 },
  });
  request.on("continue", () => assert.fail("a stranger is not asked for the body"));
  request.flushHeaders();
  const [response] = await once(request, "response");
  assert.equal(response.statusCode, 401);
  request.destroy();
  const line = await nextRequestLine(app.stderr, before);
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
const untyped = { method: "POST", headers: { authorization: SECRET } };

const TOO_LARGE = "The body is over 10 MB: send fewer events at once.";
const NOT_JSON = "The body is not JSON: send it with Content-Type: application/json.";
const NO_EVENTS = "The body has no data.events list: send an event hook's delivery.";
const NOT_FOUND = "Not found: make the URL's path exactly /userCreated.";
const WRONG_METHOD = "Wrong method: GET verifies the event hook, POST delivers to it.";
const INVALID = /^The body is not valid JSON: .+\.$/s;
const UNREADABLE = /^The body cannot be read: .+\.$/;
const refusals: [
  what: string,
  request: Request,
  status: number,
  error: string | RegExp,
  path?: string,
][] = [
  [
    "a form",
    withHeaders({ "content-type": "application/x-www-form-urlencoded" }, "a"),
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
    "a type in JSON's neighbourhood",
    withHeaders({ "content-type": "application/jsonl" }, JSON_BODY),
    415,
    NOT_JSON,
  ],
  ["a body without a type", { ...untyped, body: JSON_BODY }, 415, NOT_JSON],
  ["nothing at all, without a type", untyped, 415, NOT_JSON],
  ["an encoding that is unknown", withHeaders({ "content-encoding": "zip" }, "x"), 415, UNREADABLE],
  ["broken JSON", { ...good, body: '{"data":' }, 400, INVALID],
  ["an empty body", { ...good, body: "" }, 400, INVALID],
  [
    "a body that is not UTF-8",
    { ...good, body: Buffer.from(`\ufeff${JSON_BODY}`, "utf16le") },
    400,
    INVALID,
  ],
  ["a body that is not gzip", withHeaders({ "content-encoding": "gzip" }, "x"), 400, UNREADABLE],
  [
    "gzip that is cut off",
    withHeaders({ "content-encoding": "gzip" }, gzipSync(JSON_BODY).subarray(0, 40)),
    400,
    UNREADABLE,
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
  ["HEAD with the challenge", { method: "HEAD", headers: CHALLENGE }, 405, ""],
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
  [
    "a delivery to the path below another",
    { ...good, body: JSON_BODY },
    404,
    NOT_FOUND,
    "/api/userCreated",
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
    assert.doesNotMatch(answer.body, /node_modules|\.[jt]s\b|\n/);
    const shown = `${toldOf(line).replace(" from 127.0.0.1 ", ": ")}.`;
    const expected = printable(told.error).toLowerCase();
    assert.equal(shown.toLowerCase(), expected, "the console says the same");
  });
}

test("400: a broken chunk behind gzip that is none: one answer, one line, no stack trace", async (t) => {
  const printed = t.mock.method(console, "error", () => {});
  const before = app.stderr.text.length;
  const head = [
    "POST /userCreated HTTP/1.1",
    "Host: x",
    `Authorization: ${SECRET}`,
    "Content-Type: application/json",
    "Content-Encoding: gzip",
    "Transfer-Encoding: chunked",
  ];
  const answer = await sendRaw(app.port, `${head.join("\r\n")}\r\n\r\n5\r\nxxxxx\r\nbroken\r\n`);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
  assert.match((await nextRequestLine(app.stderr, before)).text, /^not valid HTTP/);
  // The error of gzip comes a little later, and finds the answer sent.
  const broken = withHeaders({ "content-encoding": "gzip" }, "x");
  assert.match((await ask(broken)).line.text, /^the body cannot be read/);
  assert.equal(printed.mock.callCount(), 0);
});

for (const path of ["/", "/usercreated", "/userCreated/", "//userCreated", "/api/userCreated"]) {
  test(`a verification at ${path}: 404, and the console says that the URL's path is wrong`, async () => {
    for (const method of ["GET", "HEAD"]) {
      const { status, body, line } = await ask({ method, headers: CHALLENGE }, path);
      assert.equal(status, 404);
      if (method === "GET") assert.deepEqual(JSON.parse(body), { error: NOT_FOUND });
      const remedy = "make the URL's path exactly /userCreated";
      const expected = `Okta's verification came to the wrong path from 127.0.0.1 ${remedy}`;
      assert.equal(toldOf(line), expected);
    }
  });
}

test("a browser at the address that the start prints makes no red line, a wrong path does", async (t) => {
  const stream = new PassThrough();
  const stderr = new Transcript(stream);
  const coloured = { ...(await startApp(t, { log: new Output(stream, true) })), stderr };
  const get = async (path: string) => {
    const before = stderr.text.length;
    const answer = await send(new URL(coloured.url).origin + path);
    await stderr.until(/\n$/, before);
    return { ...answer, said: stderr.text.slice(before) };
  };
  const opened = await get("/userCreated");
  assert.deepEqual([opened.status, opened.body], [400, NO_CHALLENGE.body]);
  const { error }: { error: string } = JSON.parse(opened.body);
  assert.match(error, /^The receiver runs, .*x-okta-verification-challenge/);
  const icon = await get("/favicon.ico");
  assert.equal(icon.status, 404);
  for (const said of [opened.said, icon.said, (await get("/")).said]) {
    assert.doesNotMatch(said, /\u001b/);
  }
  const wrong = await get("/api/userCreated");
  assert.ok(wrong.said.startsWith("\u001b[31m"), wrong.said);
});

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
  ["exactly 10 MB", {}, JSON_BODY + " ".repeat(10 * 1024 * 1024 - JSON_BODY.length)],
  ["the scheme in small letters", { authorization: SECRET.replace("Basic", "basic") }, JSON_BODY],
  ["the secret without its padding", { authorization: SECRET.replace("=", "") }, JSON_BODY],
  ["blanks in front of the secret", { authorization: SECRET.replace(" ", " \t ") }, JSON_BODY],
] as const) {
  test(`takes ${what}`, async () => {
    const answer = await ask(withHeaders(headers, body));
    assert.equal(answer.status, 200);
    assert.equal(answer.users, okta.userLine("john.doe@example.com"));
  });
}

test("takes a body that is sent only when it is asked for", async () => {
  const before = app.users().length;
  const line = app.stderr.text.length;
  const headers = { ...DELIVERY_HEADERS, expect: "100-continue" };
  const request = http.request(app.url, { method: "POST", headers });
  request.flushHeaders();
  request.on("continue", () => request.end(JSON_BODY));
  const [response] = await once(request, "response", { signal: AbortSignal.timeout(120_000) });
  response.resume();
  assert.equal(response.statusCode, 200);
  assert.equal(app.users(before), okta.userLine("john.doe@example.com"));
  await nextRequestLine(app.stderr, line);
});

test("GET / says that it is running, and where to point the hook", async () => {
  const answer = await ask({}, "/");
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"] ?? "", /^text\/plain/);
  assert.equal(answer.body, "The receiver is running: point the event hook at /userCreated.\n");
  assert.deepEqual([answer.line.status, answer.line.text], [200, "running"]);
});

/** Sends a request as it stands; resolves to all that comes back and the request's own line. */
async function raw(line: string, ...headers: string[]) {
  const before = app.stderr.text.length;
  const bytes = [line, "Connection: close", ...headers, "", ""].join("\r\n");
  const text = await sendRaw(app.port, bytes);
  return { text, line: await nextRequestLine(app.stderr, before) };
}

test("a whole URL in the request line is as good as its path", async () => {
  const challenge = "X-Okta-Verification-Challenge: c";
  for (const target of [
    "http://example.ngrok-free.app/userCreated",
    "HTTPS://x/userCreated?a#b",
    "/userCreated#f",
  ]) {
    const { text, line } = await raw(`GET ${target} HTTP/1.1`, "Host: x", challenge);
    assert.match(text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
    assert.deepEqual([line.path, line.status], ["/userCreated", 200]);
  }
});

test("HTTP/1.0 needs no Host header", async () => {
  const { text } = await raw("GET /userCreated HTTP/1.0", "X-Okta-Verification-Challenge: c");
  assert.match(text, /^HTTP\/1\.1 200 .*\{"verification":"c"\}$/s);
});

const roots = ["http://", "http://x", "http://x?y", "/?#"];
const oddTargets = [
  ...["//a@b[#x", "//a@[::1#x", "//a@b", "//", "///", "*", "/%", "/userCreated%23f"],
  ...["ftp://x/userCreated", "/../../etc/passwd", "/;", "/userCreated;x", "/%75serCreated"],
  ...["//userCreated", "/userCreated//", "/a:b@c", "/\\", "/x#//a@b["],
];
for (const target of [...roots, ...oddTargets]) {
  test(`the request target ${target}: one answer of ours, and one line`, async () => {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const { text, line } = await raw(`${method} ${target} HTTP/1.1`, "Host: x");
      assert.equal(text.match(/^HTTP\/1\.1 /gm)?.length, 1);
      const isWelcome = method === "GET" && roots.includes(target);
      if (isWelcome) assert.equal(line.text, "running");
      else assert.match(text, /^HTTP\/1\.1 404 .*\r\n\r\n\{"error":"Not found: [^<]*"\}$/s);
      assert.equal(line.status, isWelcome ? 200 : 404);
    }
  });
}
