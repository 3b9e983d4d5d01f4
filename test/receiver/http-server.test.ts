/** Raw bytes: what is not HTTP, or HTTP that no client sends: one answer, one line, and no harm. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type Socket } from "node:net";
import { after, test } from "node:test";
import { GRACE_MS } from "../../src/receiver/http-server.js";
import { fieldsOf } from "../../src/values.js";
import { startApp, type App } from "../support/app.js";
import { connect, drain, send, sendRaw } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { created, delivery, post, SECRET, userLine } from "../support/okta.js";
import type { Ends } from "../support/transcript.js";

/** A test that waits for what does not come fails. */
const LIMIT = { timeout: 120_000 };

/** Longer than any test may take. */
const NEVER_MS = 600_000;

const receiver = await startApp({ after });

/** Fails unless the receiver still takes a delivery, and has printed nothing that steers a terminal. */
async function isWell({ url, stderr, users }: App) {
  const before = users().length;
  const line = stderr.text.length;
  const answer = await send(url, post(delivery(created("john.doe@example.com"))));
  assert.deepEqual([answer.status, users().slice(before)], [200, userLine("john.doe@example.com")]);
  assert.equal((await nextRequestLine(stderr, line)).text, "1 event, 1 user created");
  assert.doesNotMatch(stderr.text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
}

const OVERSIZED = "the headers are over 16 KB";
const TLS = "https came to this http port";
const HTTP2 = "HTTP/2 came to this HTTP/1.1 port";
const PROXY = "the PROXY protocol came to this http port";
/** What Node's parser says is shown, whatever its words are. */
const INVALID = /^not valid HTTP \([A-Z][a-z][^()]+\)$/;
const GET = "GET /userCreated HTTP/1.1\r\nHost: x\r\n";
const POST = `POST /userCreated HTTP/1.1\r\nHost: x\r\nAuthorization: ${SECRET}\r\nContent-Type: application/json\r\n`;
const CONNECT = "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
const hello = Buffer.from("16030100c8010000c40303" + "5a".repeat(180), "hex");
const bothLengths = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";

/** What Node's parser refuses: there is no request, or it is not whole. */
const faulty: [what: string, bytes: string | Buffer, status: number, text: string | RegExp][] = [
  ["words", "hello\r\n\r\n", 400, INVALID],
  ["a TLS handshake, as https:// to this port sends", hello, 400, TLS],
  ["HTTP/2, as ngrok's upstream.protocol sends", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, HTTP2],
  ["the PROXY protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n", 400, PROXY],
  ["its first version without addresses", "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n", 400, PROXY],
  ["its second version", "\r\n\r\n\0\r\nQUIT\n!\u0011\0\u000c", 400, PROXY],
  ["zeros", Buffer.alloc(1000), 400, INVALID],
  ["escape sequences", "\u001b[2J\u001b]0;x\u0007\r\n\r\n", 400, INVALID],
  ["a version of HTTP that does not exist", "GET / HTTP/9.9\r\n\r\n", 400, INVALID],
  ["a method that does not exist", "FETCH / HTTP/1.1\r\nHost: x\r\n\r\n", 400, INVALID],
  ["two lengths", `${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, INVALID],
  ["a length that is not a number", `${POST}Content-Length: 2x\r\n\r\n{}`, 400, INVALID],
  ["a length that is negative", `${POST}Content-Length: -2\r\n\r\n{}`, 400, INVALID],
  ["both Content-Length and Transfer-Encoding", POST + bothLengths, 400, INVALID],
  [
    "a chunk whose size is not a number",
    `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`,
    400,
    INVALID,
  ],
  ["a control character in a header", `${GET}X-Forwarded-For: \u001b[2J\r\n\r\n`, 400, INVALID],
  ["a header without a name", `${GET}: x\r\n\r\n`, 400, INVALID],
  ["a header that is folded", `${GET}X-A: a\r\n b\r\n\r\n`, 400, INVALID],
  ["one header of 20 KB", `${GET}X-A: ${"a".repeat(20_000)}\r\n\r\n`, 431, OVERSIZED],
  ["a thousand headers", `${GET}${"X-A: 0123456789abcdef\r\n".repeat(1000)}\r\n`, 431, OVERSIZED],
  ["a URL of 20 KB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, OVERSIZED],
  [
    "high bytes in the path",
    Buffer.from("GET /\u009b\u00ff HTTP/1.1\r\nHost: x\r\n\r\n", "latin1"),
    400,
    INVALID,
  ],
  [
    "UTF-8 in the path",
    Buffer.from("GET /\u202e\u2066 HTTP/1.1\r\nHost: x\r\n\r\n", "utf8"),
    400,
    INVALID,
  ],
];
for (const [what, bytes, status, expected] of faulty) {
  test(`${status}: ${what}`, async () => {
    const before = receiver.stderr.text.length;
    const text = await sendRaw(receiver.port, bytes);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} [A-Z][^\\r]+\\r\\n`));
    assert.match(text, /\r\nconnection: close\r\n/i);
    assert.match(text, /\r\n\r\n$/, "without a body");
    const line = await nextRequestLine(receiver.stderr, before);
    assert.equal(line.status, status);
    const [problem = "", remedy = ""] = [line.text, ...line.details]
      .join(" ")
      .split(" from 127.0.0.1");
    if (typeof expected === "string") assert.equal(problem, expected);
    else assert.match(problem, expected);
    const isNamed = [TLS, HTTP2, PROXY].includes(problem);
    assert.equal(remedy !== "", isNamed, "a remedy where the cause is known");
    await isWell(receiver);
  });
}

const CLOSE = "Host: x\r\nConnection: close\r\n\r\n";
/** What is HTTP, however odd: the application answers it. */
const odd: [what: string, bytes: string, status: number, text: string][] = [
  [
    "percent-encoded control characters in the path",
    `GET /%1b%5b2J%0d%0a%e2%80%ae HTTP/1.1\r\n${CLOSE}`,
    404,
    "not found",
  ],
  ["a URL of 10 KB", `GET /${"a".repeat(10_000)} HTTP/1.1\r\n${CLOSE}`, 404, "not found"],
  [
    "an expectation that is unknown",
    `GET /userCreated HTTP/1.1\r\nExpect: tea\r\n${CLOSE}`,
    400,
    "no x-okta-verification-challenge header",
  ],
];
for (const [what, bytes, status, expected] of odd) {
  test(`${status}: ${what}`, async () => {
    const before = receiver.stderr.text.length;
    const text = await sendRaw(receiver.port, bytes);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} .*\\{"error":".*"\\}$`, "s"));
    const line = await nextRequestLine(receiver.stderr, before);
    assert.deepEqual([line.status, line.text], [status, expected]);
    const said = receiver.stderr.text.slice(before);
    assert.ok(said.length < 600, "a line stays a line");
    await isWell(receiver);
  });
}

test("an upgrade is not taken: the request is answered as it is", async () => {
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nX-Okta-Verification-Challenge: c\r\n\r\n";
  const before = receiver.stderr.text.length;
  const socket = await connect(receiver.port);
  socket.end(GET + upgrade);
  assert.match(await drain(socket), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal((await nextRequestLine(receiver.stderr, before)).status, 200);
  await isWell(receiver);
});

test("CONNECT is for proxies: Node closes the connection, and nothing else happens", async () => {
  assert.equal(await sendRaw(receiver.port, CONNECT), "");
  await isWell(receiver);
});

test("HTTP/1.1 without a Host header is Node's to refuse, and leaves no line", async () => {
  const before = receiver.stderr.text.length;
  const text = await sendRaw(receiver.port, `${GET}\r\n`.replace("Host: x\r\n", ""));
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n(?:.+\r\n)*\r\n(?:0\r\n\r\n)?$/);
  await isWell(receiver);
  assert.equal(receiver.stderr.text.slice(before).match(/^\d\d:/gm)?.length, 1);
});

test("an error on a socket that Node hands over ends nothing", async (t) => {
  const other = await startApp(t);
  // Node takes its own listener for errors away from both.
  for (const event of ["connect", "upgrade"]) {
    other.hookServer.server.on(event, (_req: unknown, socket: Socket) => {
      socket.destroy(new Error("a reset"));
    });
  }
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  for (const request of [CONNECT, GET + upgrade]) {
    assert.equal(await sendRaw(other.port, request), "");
    await isWell(other);
  }
});

test("what follows the last request of a connection is not looked at", async () => {
  const before = receiver.stderr.text.length;
  const text = await sendRaw(receiver.port, `GET / HTTP/1.1\r\n${CLOSE}XX`);
  assert.match(text, /^HTTP\/1\.1 200 /);
  const line = await nextRequestLine(receiver.stderr, before);
  assert.deepEqual([line.status, line.text], [200, "running"]);
  await isWell(receiver);
});

test("a refusal arrives, also where the body that follows is malformed", async () => {
  const before = receiver.stderr.text.length;
  const head = "POST /userCreated HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (let time = 0; time < 20; time += 1) {
    const text = await sendRaw(receiver.port, `${head}zz\r\n`);
    assert.match(text, /^HTTP\/1\.1 401 (?:(?!HTTP).)*\{"error":"Not authorized: [^"]*"\}$/s);
  }
  await receiver.stderr.until(/(?:.* 401 .*: no Authorization header\n(?: {2}.*\n)*){20}$/, before);
});

const BODY = JSON.stringify(delivery(created("jane.roe@example.com")));
const WHOLE = `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

test("a whole delivery gets its answer, whatever follows it on the connection", async () => {
  const before = receiver.users().length;
  const line = receiver.stderr.text.length;
  const text = await sendRaw(receiver.port, `${WHOLE}\u0000\u001b[2J garbage\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(text.match(/^HTTP\//gm)?.length, 1);
  assert.equal(receiver.users().slice(before), userLine("jane.roe@example.com"));
  assert.match((await nextRequestLine(receiver.stderr, line)).text, /^1 event, 1 user created/);
  await isWell(receiver);
});

const UNAUTHORIZED = "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
test("before what is not HTTP, each request of one write gets its answer and its line", async () => {
  const before = receiver.users().length;
  const line = receiver.stderr.text.length;
  const requests = `${WHOLE}${UNAUTHORIZED}${GET}\r\n${WHOLE}`;
  const text = await sendRaw(receiver.port, `${requests}\u0000`);
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ["200", "401", "400", "200"]);
  assert.equal(receiver.users().slice(before), userLine("jane.roe@example.com").repeat(2));
  await receiver.stderr.until(/(?: POST .*created[^]*){2}$/, line);
  const said = receiver.stderr.text.slice(line);
  assert.equal(said.match(/^\d\d:/gm)?.length, 4);
});

test("many faulty pieces behind two requests: two answers, two lines, and no warning", async (t) => {
  let finish = () => {};
  const printed = new Promise<void>((resolve) => (finish = resolve));
  const slow = await startApp(t, { print: () => printed });
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on("warning", listener);
  t.after(() => void process.off("warning", listener));
  const socket = await connect(slow.port);
  const text = drain(socket);
  // The first is answered, and gone, while the second is under way.
  socket.write(`${GET}\r\n${WHOLE}`);
  for (let piece = 0; piece < 20; piece += 1) {
    await new Promise((resolve) => socket.write("\u0000", resolve));
    // Each answered request lets the receiver read one more piece by itself.
    await send(new URL("/", slow.url).href);
  }
  finish();
  const statuses = [...(await text).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ["400", "200"]);
  await slow.stderr.until(/ POST .*created\n/);
  assert.equal(slow.stderr.text.match(/^\d\d:/gm)?.length, 22);
  assert.deepEqual(warnings, []);
});

test("garbage after a whole answer closes the connection", async () => {
  const before = receiver.stderr.text.length;
  const socket = await connect(receiver.port);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal((await nextRequestLine(receiver.stderr, before)).status, 200);
  const second = receiver.stderr.text.length;
  socket.write("\u0000");
  assert.match(await drain(socket), /^HTTP\/1\.1 400 /);
  assert.match((await nextRequestLine(receiver.stderr, second)).text, INVALID);
});

test("a refused connection ends, also where the client keeps its half open", LIMIT, async (t) => {
  const other = await startApp(t);
  const { server } = other.hookServer;
  assert.ok(server instanceof http.Server);
  // These would end it, too.
  server.requestTimeout = NEVER_MS;
  server.headersTimeout = NEVER_MS;
  const accepted = once(server, "connection");
  const socket = net.connect({ port: other.port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => void socket.destroy());
  socket.on("error", () => {}).resume();
  socket.write("\u0000");
  const [peer] = await accepted;
  assert.ok(peer instanceof net.Socket);
  await once(peer, "close");
  assert.equal((await nextRequestLine(other.stderr, 0)).status, 400);
});

test("a refused request that something faulty follows: the connection is closed", async () => {
  const before = receiver.stderr.text.length;
  const text = await sendRaw(receiver.port, `${UNAUTHORIZED}\u0000`);
  assert.match(text, /^HTTP\/1\.1 401 (?:(?!HTTP).)*$/s);
  assert.equal((await nextRequestLine(receiver.stderr, before)).status, 401);
  await isWell(receiver);
});

test("deliveries sent one behind the other are answered one behind the other", async () => {
  const before = receiver.users().length;
  const line = receiver.stderr.text.length;
  const last = WHOLE.replace("Host: x", "Host: x\r\nConnection: close");
  const text = await sendRaw(receiver.port, WHOLE.repeat(9) + last);
  assert.equal(text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 10);
  await receiver.stderr.until(/(?:.*: 1 event, 1 user created.*\n){10}$/, line);
  assert.equal(receiver.users().slice(before), userLine("jane.roe@example.com").repeat(10));
});

const CUT_OFF = "the request was cut off";
const HUNG_UP = "no answer, the connection closed";
const endings: [
  what: string,
  end: (socket: Socket) => void,
  status: number | undefined,
  text: string,
][] = [
  ["is closed", (socket) => void socket.end(), 400, CUT_OFF],
  ["is reset", (socket) => void socket.resetAndDestroy(), undefined, HUNG_UP],
];
for (const [what, end, status, text] of endings) {
  test(`a delivery is none when the connection ${what} before its end, and its line says so`, async () => {
    const before = { users: receiver.users().length, line: receiver.stderr.text.length };
    const socket = await connect(receiver.port);
    const cut = WHOLE.replace("Host: x", "Host: x\r\nExpect: 100-continue").slice(0, -10);
    socket.write(cut);
    await once(socket, "data");
    end(socket);
    const line = await nextRequestLine(receiver.stderr, before.line);
    assert.deepEqual([line.path, line.status, line.text], ["/userCreated", status, text]);
    await isWell(receiver);
    assert.equal(receiver.users().slice(before.users), userLine("john.doe@example.com"));
  });
}

test("a client that hangs up before its answer: its user is logged all the same", async (t) => {
  const other = await startApp(t);
  const socket = await connect(other.port);
  socket.write(WHOLE, () => socket.destroy());
  const line = await nextRequestLine(other.stderr, 0);
  assert.equal(other.users(), userLine("jane.roe@example.com"));
  assert.ok([HUNG_UP, "1 event, 1 user created"].includes(line.text), line.text);
});

test("the time limits are those that ngrok, load balancers and Okta need", () => {
  const { server } = receiver.hookServer;
  assert.ok(server instanceof http.Server);
  // In milliseconds.
  assert.deepEqual(
    [server.requestTimeout, server.headersTimeout, server.keepAliveTimeout],
    [10_000, 10_000, 120_000],
  );
  // Node has it, and its types do not.
  assert.equal(fieldsOf(server).connectionsCheckingInterval, 1_000);
  assert.equal(GRACE_MS, 3_000);
});

const TIMED_OUT = "not whole after 10 seconds";
const openings: [what: string, sent: string, answer: RegExp, line?: string][] = [
  ["nothing", "", /^$/],
  [
    "half a request line",
    "POST /userCr",
    /^HTTP\/1\.1 408 [^\r]+\r\nConnection: close\r\n\r\n$/,
    TIMED_OUT,
  ],
  ["half a head", GET, /^HTTP\/1\.1 408 [^\r]+\r\nConnection: close\r\n\r\n$/, TIMED_OUT],
  ["half a body", `${POST}Content-Length: 100\r\n\r\n{`, /^HTTP\/1\.1 408 .*\r\n\r\n$/s, TIMED_OUT],
  [
    "half a chunk",
    `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n`,
    /^HTTP\/1\.1 408 .*\r\n\r\n$/s,
    TIMED_OUT,
  ],
  [
    "half a body that was refused",
    "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    /^HTTP\/1\.1 401 (?:(?!HTTP).)*\{"error":"Not authorized: [^"]*"\}$/s,
    "no Authorization header",
  ],
];
for (const [what, sent, answer, text] of openings) {
  test(`a client that sends ${what} and no more is dropped`, async (t) => {
    const other = await startApp(t);
    const { server } = other.hookServer;
    assert.ok(server instanceof http.Server);
    // The limits themselves are tested by their values.
    server.requestTimeout = 1;
    server.headersTimeout = 1;
    const socket = await connect(other.port);
    if (sent !== "") socket.write(sent);
    assert.match(await drain(socket), answer);
    if (text === undefined) assert.equal(other.stderr.text, "");
    else assert.equal((await nextRequestLine(other.stderr, 0)).text, text);
  });
}

test("connections that never sent a byte do not hold the stop", LIMIT, async (t) => {
  const other = await startApp(t);
  const idle = await Promise.all([connect(other.port), connect(other.port)]);
  // Connections are accepted in their order.
  await send(other.url);
  const ended = Promise.all(idle.map(drain));
  const stopped = other.hookServer.stop(NEVER_MS);
  assert.deepEqual(await ended, ["", ""]);
  await stopped;
});

/** Starts a receiver with a delivery under way, which `finish` ends. */
async function startBusy(t: Ends) {
  let finish = () => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const print = () => {
    begin();
    return new Promise<void>((resolve) => (finish = resolve));
  };
  const app = await startApp(t, { print });
  const socket = await connect(app.port);
  const text = drain(socket);
  socket.write(WHOLE);
  await begun;
  return { ...app, socket, text, finish: () => finish() };
}

test(
  "a kept-alive connection whose answer was under way does not hold the stop",
  LIMIT,
  async (t) => {
    const { hookServer, text, finish } = await startBusy(t);
    const stopped = hookServer.stop(NEVER_MS);
    finish();
    assert.match(await text, /^HTTP\/1\.1 200 OK\r\n/);
    await stopped;
  },
);

test("what is under way after the grace is cut off, and its line says so", LIMIT, async (t) => {
  const { hookServer, stderr, text } = await startBusy(t);
  await hookServer.stop(1);
  assert.equal(await text, "");
  assert.equal((await nextRequestLine(stderr, 0)).text, HUNG_UP);
});

test("a connection that is half closed stays the client's own affair", async () => {
  const before = receiver.stderr.text.length;
  const socket = await connect(receiver.port);
  socket.end("POST /userCr");
  assert.match(await drain(socket), /^HTTP\/1\.1 400 .*\r\n\r\n$/s);
  assert.equal((await nextRequestLine(receiver.stderr, before)).text, CUT_OFF);
  await isWell(receiver);
});
