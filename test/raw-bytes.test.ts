/** Raw bytes: what is no HTTP, or HTTP that no client sends; the receiver answers, and keeps serving. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { connect, drain, send, sendRaw } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { startReceiver, type Receiver } from "./support/process.js";

const receiver = await startReceiver({ after });

/** Fails unless the receiver still takes a delivery, and has printed nothing that steers a terminal. */
async function isWell({ url, stderr, users }: Receiver) {
  const before = users().length;
  const line = stderr.text.length;
  const answer = await send(url, post(delivery(created("john.doe@example.com"))));
  assert.deepEqual([answer.status, users().slice(before)], [200, userLine("john.doe@example.com")]);
  await stderr.until(/: 1 event, 1 user created\n/, line);
  assert.doesNotMatch(stderr.text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
}

const NO_HTTP = "This is no HTTP request: send plain HTTP.";
const OVERSIZED = "The headers are over 16 KB: send less.";
const NOT_HERE = "Nothing is here: end the event hook's URL in /userCreated, letter for letter.";
const GET = "GET /userCreated HTTP/1.1\r\nHost: x\r\n";
const POST = `POST /userCreated HTTP/1.1\r\nHost: x\r\nAuthorization: ${SECRET}\r\nContent-Type: application/json\r\n`;
const hello = Buffer.from("16030100c8010000c40303" + "5a".repeat(180), "hex");
const cases: [what: string, bytes: string | Buffer, status: number, error: string][] = [
  ["words", "hello\r\n\r\n", 400, NO_HTTP],
  ["a TLS handshake, as https:// to this port sends", hello, 400, NO_HTTP],
  ["zeros", Buffer.alloc(1000), 400, NO_HTTP],
  ["escape sequences", "\u001b[2J\u001b]0;x\u0007\r\n\r\n", 400, NO_HTTP],
  ["a version of HTTP that does not exist", "GET / HTTP/9.9\r\n\r\n", 400, NO_HTTP],
  ["a method that does not exist", "FETCH / HTTP/1.1\r\nHost: x\r\n\r\n", 400, NO_HTTP],
  ["two lengths", `${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, NO_HTTP],
  ["a length that is no number", `${POST}Content-Length: 2x\r\n\r\n{}`, 400, NO_HTTP],
  ["a length that is negative", `${POST}Content-Length: -2\r\n\r\n{}`, 400, NO_HTTP],
  [
    "both Content-Length and Transfer-Encoding",
    `${POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    400,
    NO_HTTP,
  ],
  ["a chunk whose size is no number", `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`, 400, NO_HTTP],
  ["a control character in a header", `${GET}X-Forwarded-For: \u001b[2J\r\n\r\n`, 400, NO_HTTP],
  ["a header without a name", `${GET}: x\r\n\r\n`, 400, NO_HTTP],
  ["a header that is folded", `${GET}X-A: a\r\n b\r\n\r\n`, 400, NO_HTTP],
  ["one header of 20 KB", `${GET}X-A: ${"a".repeat(20_000)}\r\n\r\n`, 431, OVERSIZED],
  ["a thousand headers", `${GET}${"X-A: 0123456789abcdef\r\n".repeat(1000)}\r\n`, 431, OVERSIZED],
  ["a URL of 20 KB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, OVERSIZED],
  [
    "high bytes in the path",
    Buffer.from("GET /\u009b\u00ff HTTP/1.1\r\nHost: x\r\n\r\n", "latin1"),
    400,
    NO_HTTP,
  ],
  ["UTF-8 in the path", Buffer.from("GET /\u202e\u2066 HTTP/1.1\r\nHost: x\r\n\r\n", "utf8"), 400, NO_HTTP],
  [
    "percent-encoded control characters in the path",
    "GET /%1b%5b2J%0d%0a%e2%80%ae HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    404,
    NOT_HERE,
  ],
  [
    "a URL of 10 KB",
    `GET /${"a".repeat(10_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    404,
    NOT_HERE,
  ],
  [
    "an expectation that is unknown",
    `${GET}Connection: close\r\nExpect: tea\r\n\r\n`,
    400,
    "No x-okta-verification-challenge header: Okta sends one to verify.",
  ],
];
for (const [what, bytes, status, error] of cases) {
  test(`${status}: ${what}`, async () => {
    const before = receiver.stderr.text.length;
    const text = await sendRaw(receiver.port, bytes);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
    assert.match(text, /\r\ncontent-type: application\/json/i);
    assert.match(text, /\r\nconnection: close\r\n/i);
    const [, body = ""] = /(\{.*\})(?:\r\n0\r\n\r\n)?$/s.exec(text) ?? [];
    assert.deepEqual(JSON.parse(body), { error });
    const [line] = await receiver.stderr.until(/^.*\n/, before);
    assert.ok(line.includes(` ${status}`) && line.endsWith(`: ${error}\n`), line);
    assert.ok(line.length < 400, "a line stays a line");
    await isWell(receiver);
  });
}

test("an upgrade is not taken: the request is answered as it is", async () => {
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nX-Okta-Verification-Challenge: c\r\n\r\n";
  const socket = await connect(receiver.port);
  socket.end(GET + upgrade);
  assert.match(await drain(socket), /^HTTP\/1\.1 200 OK\r\n/);
  await isWell(receiver);
});

test("CONNECT is no proxy's: the connection is closed", async () => {
  assert.doesNotMatch(
    await sendRaw(receiver.port, "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    /^HTTP\/1\.1 [25]/,
  );
  await isWell(receiver);
});

const BODY = JSON.stringify(delivery(created("jane.roe@example.com")));
const WHOLE = `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

test("a whole delivery gets its answer, whatever follows it on the connection", async () => {
  const before = receiver.users().length;
  const text = await sendRaw(receiver.port, `${WHOLE}\u0000\u001b[2J garbage\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(receiver.users().slice(before), userLine("jane.roe@example.com"));
  await isWell(receiver);
});

test("deliveries sent one behind the other are answered one behind the other", async () => {
  const before = receiver.users().length;
  const last = WHOLE.replace("Host: x", "Host: x\r\nConnection: close");
  const text = await sendRaw(receiver.port, WHOLE.repeat(9) + last);
  assert.equal(text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 10);
  assert.equal(receiver.users().slice(before), userLine("jane.roe@example.com").repeat(10));
});

const BROKEN_OFF = "The request broke off: send it whole.";
for (const [what, end] of [
  ["is closed", (socket: Socket) => void socket.end()],
  ["is reset", (socket: Socket) => void socket.resetAndDestroy()],
] as const) {
  test(`a delivery is none when the connection ${what} before its end, and its line says so`, async () => {
    const before = { users: receiver.users().length, line: receiver.stderr.text.length };
    const socket = await connect(receiver.port);
    const expecting = WHOLE.replace("Host: x", "Host: x\r\nExpect: 100-continue").slice(0, -10);
    socket.write(expecting);
    await once(socket, "data");
    end(socket);
    const lost = `400 [\\d.]+ ms from \\S+: ${BROKEN_OFF}|unanswered: .* from \\S+: it did not arrive whole`;
    await receiver.stderr.until(new RegExp(` POST /userCreated (${lost})\n`), before.line);
    await isWell(receiver);
    assert.equal(receiver.users().slice(before.users), userLine("john.doe@example.com"));
  });
}

test("a client that hangs up before its answer: its user is logged, its line says that nobody heard", async (t) => {
  const other = await startReceiver(t, { pipe: true });
  const socket = await connect(other.port);
  socket.write(WHOLE, () => socket.destroy());
  await other.stdout.until(/\n/);
  await other.stderr.until(/ POST \/userCreated .*: 1 event, 1 user created\n/);
  assert.equal(other.stdout.text, userLine("jane.roe@example.com"));
});

test("stalled connections by the hundred hold nobody up, and are dropped", { timeout: 60_000 }, async (t) => {
  const other = await startReceiver(t);
  const openings = [
    "",
    "POST /userCr",
    GET,
    `${POST}Content-Length: 100\r\n\r\n{`,
    `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n`,
  ];
  const stalled = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const socket = await connect(other.port);
      t.after(() => void socket.destroy());
      const opening = openings[index % openings.length] ?? "";
      if (opening !== "") socket.write(opening);
      return { opening, socket };
    }),
  );
  for (let sent = 0; sent < 20; sent += 1) await isWell(other);
  for (const answer of await Promise.all(
    stalled.map(async ({ opening, socket }) => ({ opening, text: await drain(socket) })),
  )) {
    if (answer.opening !== "") assert.match(answer.text, /^HTTP\/1\.1 408 /, JSON.stringify(answer));
  }
  await isWell(other);
});

test("a connection that is half closed stays the client's own affair", async () => {
  const socket = await connect(receiver.port);
  socket.end("POST /userCr");
  assert.ok((await drain(socket)).endsWith(JSON.stringify({ error: BROKEN_OFF })));
  await isWell(receiver);
});
