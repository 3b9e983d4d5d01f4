/** Raw bytes: what is not HTTP, or HTTP that no client sends: one answer, one line, and no harm. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { connect, drain, send, sendRaw } from "./support/http.js";
import { nextRequestLine } from "./support/lines.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { startReceiver, type Receiver } from "./support/process.js";

const receiver = await startReceiver({ after });

/** Fails unless the receiver still takes a delivery, and has printed nothing that steers a terminal. */
async function isWell({ url, stderr, users }: Receiver) {
  const before = users().length;
  const line = stderr.text.length;
  const answer = await send(url, post(delivery(created("john.doe@example.com"))));
  assert.deepEqual([answer.status, users().slice(before)], [200, userLine("john.doe@example.com")]);
  assert.equal((await nextRequestLine(stderr, line)).text, "1 event, 1 user created");
  assert.doesNotMatch(stderr.text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
}

const OVERSIZED = "the headers are over 16 KB";
const TLS = "https was sent to an http port: use http://";
/** What Node's parser says is shown, whatever its words are. */
const INVALID = /^not valid HTTP \([A-Z][^()]+\)$/;
const GET = "GET /userCreated HTTP/1.1\r\nHost: x\r\n";
const POST = `POST /userCreated HTTP/1.1\r\nHost: x\r\nAuthorization: ${SECRET}\r\nContent-Type: application/json\r\n`;
const hello = Buffer.from("16030100c8010000c40303" + "5a".repeat(180), "hex");
const bothLengths = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";

/** What Node's parser refuses: there is no request, or it is not whole. */
const faulty: [what: string, bytes: string | Buffer, status: number, text: string | RegExp][] = [
  ["words", "hello\r\n\r\n", 400, INVALID],
  ["a TLS handshake, as https:// to this port sends", hello, 400, TLS],
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
    assert.deepEqual([line.status, line.details], [status, ["from 127.0.0.1"]]);
    if (typeof expected === "string") assert.equal(line.text, expected);
    else assert.match(line.text, expected);
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
    const [first = ""] = receiver.stderr.text.slice(before).split("\n");
    assert.ok(first.length < 400, "a line stays a line");
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
  const request = "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
  assert.equal(await sendRaw(receiver.port, request), "");
  await isWell(receiver);
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

test("many faulty pieces after a delivery: one answer, one line, and no warning", async (t) => {
  const slow = await startReceiver(t, { pipe: true });
  const before = slow.stderr.text.length;
  slow.child.stdout?.pause();
  const huge = JSON.stringify(delivery(created("x".repeat(1_000_000))));
  const socket = await connect(slow.port);
  const text = drain(socket);
  socket.write(`${POST}Content-Length: ${huge.length}\r\n\r\n${huge}`);
  for (let piece = 0; piece < 20; piece += 1) {
    await new Promise((resolve) => socket.write("\u0000", resolve));
    // Each answered request lets the receiver read one more piece by itself.
    await send(`http://127.0.0.1:${slow.port}/`);
  }
  slow.child.stdout?.resume();
  assert.match(await text, /^HTTP\/1\.1 200 OK\r\n(?:(?!HTTP).)*$/s);
  await slow.stderr.until(/ POST .*created\n/, before);
  const said = slow.stderr.text.slice(before);
  assert.equal(said.match(/^\d\d:/gm)?.length, 21);
  assert.doesNotMatch(said, /Warning/);
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
  const other = await startReceiver(t, { pipe: true });
  const before = other.stderr.text.length;
  const socket = await connect(other.port);
  socket.write(WHOLE, () => socket.destroy());
  await other.stdout.until(/\n/);
  assert.equal(other.stdout.text, userLine("jane.roe@example.com"));
  const line = await nextRequestLine(other.stderr, before);
  assert.ok([HUNG_UP, "1 event, 1 user created"].includes(line.text), line.text);
});

test("what stalls is dropped after its time, and holds nobody up", async (t) => {
  const other = await startReceiver(t);
  const openings = [
    { sent: "", answer: /^$/ },
    { sent: "POST /userCr", answer: /^HTTP\/1\.1 408 [^\r]+\r\nConnection: close\r\n\r\n$/ },
    { sent: GET, answer: /^HTTP\/1\.1 408 [^\r]+\r\nConnection: close\r\n\r\n$/ },
    { sent: `${POST}Content-Length: 100\r\n\r\n{`, answer: /^HTTP\/1\.1 408 .*\r\n\r\n$/s },
    {
      sent: `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n`,
      answer: /^HTTP\/1\.1 408 .*\r\n\r\n$/s,
    },
    {
      sent: "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
      answer: /^HTTP\/1\.1 401 (?:(?!HTTP).)*\{"error":"Not authorized: [^"]*"\}$/s,
    },
  ];
  const stalled = await Promise.all(
    Array.from({ length: 600 }, async (_, index) => {
      const socket = await connect(other.port);
      t.after(() => void socket.destroy());
      const { sent = "", answer = /^$/ } = openings[index % openings.length] ?? {};
      if (sent !== "") socket.write(sent);
      return { sent, answer, text: drain(socket) };
    }),
  );
  for (let sent = 0; sent < 20; sent += 1) await isWell(other);
  const before = other.stderr.text.length;
  for (const { sent, answer, text } of stalled) {
    assert.match(await text, answer, `the answer to ${JSON.stringify(sent)}`);
  }
  await other.stderr.until(/(?:^\d\d:.*\n(?: {2}.*\n)*){500}$/m, before);
  const lines = other.stderr.text.slice(before);
  const count = (pattern: RegExp) => lines.match(pattern)?.length ?? 0;
  assert.equal(count(/ - - 408: the request timed out after 10 seconds\n {2}from 127/g), 200);
  assert.equal(count(/ POST \/userCreated 408 [\d.]+ ms: the request timed out after /g), 200);
  assert.equal(count(/ POST \/userCreated 401 [\d.]+ ms: no Authorization header\n/g), 100);
  assert.equal(count(/^\d\d:/gm), 500, "a connection that never sent a byte leaves no line");
});

test("a connection that is half closed stays the client's own affair", async () => {
  const before = receiver.stderr.text.length;
  const socket = await connect(receiver.port);
  socket.end("POST /userCr");
  assert.match(await drain(socket), /^HTTP\/1\.1 400 .*\r\n\r\n$/s);
  assert.equal((await nextRequestLine(receiver.stderr, before)).text, CUT_OFF);
  await isWell(receiver);
});
