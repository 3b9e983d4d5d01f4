/** Connections: what is not HTTP, what is cut off or takes too long, and a stop that ends them all. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import net, { type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import { after, test } from "node:test";
import { Output } from "../../src/output.js";
import type { AppOptions } from "../../src/receiver/app.js";
import { startApp, type App } from "../support/app.js";
import { connect, drain, send, sendRaw } from "../support/http.js";
import { ask, nextRequestLine } from "../support/lines.js";
import { created, delivery, SECRET, userLine } from "../support/okta.js";
import type { Ends } from "../support/transcript.js";

/** Longer than any test may take: what waits for it fails. */
const NEVER_MS = 600_000;
const LIMIT = { timeout: 120_000 };

const receiver = await startApp({ after });

/** Fails unless the receiver goes on; resolves to what it had said by then, from an offset on. */
async function saidUntilNow(from: number): Promise<string> {
  assert.equal((await send(new URL("/last", receiver.url).href)).status, 404);
  const { index } = await receiver.stderr.until(/^\S+ GET \/last 404 [^]*\n$/m, from);
  return receiver.stderr.text.slice(from, from + index);
}

const GET = "GET /userCreated HTTP/1.1\r\nHost: x\r\n";
const POST = `POST /userCreated HTTP/1.1\r\nHost: x\r\nAuthorization: ${SECRET}\r\nContent-Type: application/json\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
const BODY = JSON.stringify(delivery(created("jane.roe@example.com")));
const WHOLE = `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
const UNAUTHORIZED = "POST /userCreated HTTP/1.1\r\nHost: x\r\n";

const INVALID = /^not valid HTTP \(.+\) from 127\.0\.0\.1$/;
const OVERSIZED = /^the headers are over .* from 127\.0\.0\.1$/;
const TLS = /^https came .* from 127\.0\.0\.1 .*http:\/\//;
const hello = Buffer.from("16030100c8010000c40303" + "5a".repeat(180), "hex");
const long = "a".repeat(20_000);

/** What Node's parser refuses: there is no request, or it is not whole. */
const faulty: [what: string, bytes: string | Buffer, status: number, said: RegExp][] = [
  ["https to this port", hello, 400, TLS],
  ["words", "hello\r\n\r\n", 400, INVALID],
  ["the PROXY protocol", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n", 400, INVALID],
  ["a length beside chunks", `${POST}Content-Length: 2\r\n${CHUNKED}0\r\n\r\n`, 400, INVALID],
  ["a chunk whose size is no number", `${POST}${CHUNKED}zz\r\n{}\r\n`, 400, INVALID],
  ["an escape in a header", `${GET}X-Forwarded-For: \u001b[2J\r\n\r\n`, 400, INVALID],
  ["a header of 20 KB", `${GET}X-A: ${long}\r\n\r\n`, 431, OVERSIZED],
  ["a URL of 20 KB", `GET /${long} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, OVERSIZED],
];
for (const [what, bytes, status, said] of faulty) {
  test(`what Node's parser refuses has a bare ${status} and one line: ${what}`, async () => {
    const before = receiver.stderr.text.length;
    const answer = await sendRaw(receiver.port, bytes);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^\\r]+\r\n(?:[^\\r]+\r\n)*\r\n$`));
    assert.match(answer, /\r\nconnection: close\r\n/i);
    const line = await nextRequestLine(receiver.stderr, before);
    assert.equal(line.status, status);
    assert.match(line.told, said);
    assert.equal((await ask(receiver)).status, 400, "the receiver goes on");
  });
}

const lastOne = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const four = `${WHOLE}${UNAUTHORIZED}Content-Length: 2\r\n\r\n{}${GET}\r\n${WHOLE}`;

/** What no client sends: the statuses of all answers, and whether each has its line, too. */
const piled: [what: string, bytes: string, answers: number[], lines?: number[]][] = [
  ["HTTP/1.1 without a Host, which Node refuses", "GET / HTTP/1.1\r\n\r\n", [400], []],
  ["CONNECT, which Node closes", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", [], []],
  ["more behind the last request", `${lastOne}XX`, [200]],
  ["garbage behind four requests", `${four}\u0000`, [200, 401, 400, 200]],
  ["a refused body that is malformed", `${UNAUTHORIZED}${CHUNKED}zz\r\n`, [401]],
];
for (const [what, bytes, answers, lines = answers] of piled) {
  test(`each request has one answer, in its order, and one line: ${what}`, async () => {
    const before = { users: receiver.users().length, line: receiver.stderr.text.length };
    const text = await sendRaw(receiver.port, bytes);
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    assert.deepEqual(statuses, answers);
    const said = await saidUntilNow(before.line);
    const told = [...said.matchAll(/^\S+ \S+ \S+ (\d+) /gm)].map(([, status]) => Number(status));
    assert.deepEqual(told, lines);
    assert.equal(said.match(/^\d\d:/gm)?.length ?? 0, lines.length, "nothing else is said");
    const users = userLine("jane.roe@example.com").repeat(bytes.split(BODY).length - 1);
    assert.equal(receiver.users(before.users), users);
  });
}

/** Starts a receiver with a delivery under way, which `finish` ends. */
async function startBusy(t: Ends, options: Partial<AppOptions> = {}) {
  const output = new EventEmitter();
  const begun = once(output, "begun");
  const finished = once(output, "finish");
  async function print() {
    output.emit("begun");
    await finished;
  }
  const app = await startApp(t, { print, ...options });
  const socket = await connect(app.port);
  const text = drain(socket);
  socket.write(WHOLE);
  await begun;
  return { ...app, socket, text, finish: () => output.emit("finish") };
}

test("garbage on and on behind a delivery under way: it is answered, and no warning is said", async (t) => {
  const { url, socket, text, finish } = await startBusy(t);
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on("warning", listener);
  t.after(() => void process.off("warning", listener));
  for (let piece = 0; piece < 20; piece += 1) {
    await new Promise((resolve) => socket.write("\u0000", resolve));
    // An answered request has let the receiver read one more piece.
    await send(url);
  }
  finish();
  assert.match(await text, /^HTTP\/1\.1 200 (?:(?!HTTP)[^])*$/);
  assert.deepEqual(warnings, []);
});

test("garbage on a kept connection whose request was answered: a 400, a line, and its end", async (t) => {
  const { port, stderr } = await startApp(t);
  const socket = await connect(port);
  socket.write(`${GET}\r\n`);
  await stderr.until(/\n$/);
  const before = stderr.text.length;
  socket.write("\u0000");
  assert.match(await drain(socket), /\}HTTP\/1\.1 400 [^{]*$/);
  assert.match((await nextRequestLine(stderr, before)).text, /^not valid HTTP /);
});

test("a refused connection ends, also where the client keeps its half open", LIMIT, async (t) => {
  const { port, hookServer } = await startApp(t);
  // This would end it, too.
  setTimeLimit(hookServer, NEVER_MS);
  const accepted = once(hookServer.server, "connection");
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => void socket.destroy());
  socket.on("error", () => {}).resume();
  socket.write("\u0000");
  const [peer] = await accepted;
  assert.ok(peer instanceof net.Socket);
  await once(peer, "close");
});

/** Sets how long a request may take to arrive; returns how long it might before. */
function setTimeLimit({ server }: App["hookServer"], milliseconds: number): number {
  assert.ok(server instanceof http.Server);
  const { requestTimeout } = server;
  server.requestTimeout = milliseconds;
  server.headersTimeout = milliseconds;
  return requestTimeout;
}

const CUT_OFF = "the request was cut off";
const NO_ANSWER = "no answer, the connection closed";
const HALF = WHOLE.replace("Host: x", "Host: x\r\nExpect: 100-continue").slice(0, -10);
const close = (socket: Socket) => void socket.end();
const reset = (socket: Socket) => void socket.resetAndDestroy();
const endings: [string, string, (socket: Socket) => void, number | undefined, string][] = [
  ["a delivery that is closed before its end", HALF, close, 400, CUT_OFF],
  ["a delivery that is reset before its end", HALF, reset, undefined, NO_ANSWER],
  ["a request line that is closed before its end", "POST /userCr", close, 400, CUT_OFF],
];
for (const [what, sent, end, status, text] of endings) {
  test(`nothing is announced, and one line says so: ${what}`, async () => {
    const before = { users: receiver.users().length, line: receiver.stderr.text.length };
    const socket = await connect(receiver.port);
    socket.write(sent);
    // Asked to go on, what was sent so far has come.
    if (sent === HALF) await once(socket, "data");
    end(socket);
    const line = await nextRequestLine(receiver.stderr, before.line);
    assert.deepEqual([line.status, line.text], [status, text]);
    await saidUntilNow(receiver.stderr.text.length);
    assert.equal(receiver.users(before.users), "");
  });
}

const SLOW = /408.*: not whole after 10 seconds\n/;
const BARE_408 = /^HTTP\/1\.1 408 [^\r]+\r\n(?:[^\r]+\r\n)*\r\n$/;
const ONE_401 = /^HTTP\/1\.1 401 (?:(?!HTTP)[^])*\{"error":"[^"]+"\}$/;
const openings: [sent: string, answer: RegExp, said: RegExp][] = [
  ["", /^$/, /^$/],
  ["POST /userCr", BARE_408, SLOW],
  [`${POST}Content-Length: 100\r\n\r\n{`, BARE_408, SLOW],
  [`${UNAUTHORIZED}Content-Length: 100\r\n\r\n{`, ONE_401, /401 .* no Authorization header\n/],
];
test("408 after 10 seconds, or no more than was answered", LIMIT, async (t) => {
  async function wait([sent, answer, said]: (typeof openings)[number]) {
    const { port, hookServer, stderr } = await startApp(t);
    assert.equal(setTimeLimit(hookServer, 1), 10_000);
    const socket = await connect(port);
    if (sent !== "") socket.write(sent);
    assert.match(await drain(socket), answer);
    await stderr.until(said);
    assert.equal(stderr.text.match(/^\d\d:/gm)?.length, sent === "" ? undefined : 1);
  }
  await Promise.all(openings.map(wait));
});

test("a stop drops idle connections at once, and waits for what is under way", LIMIT, async (t) => {
  const { port, hookServer, text, finish } = await startBusy(t);
  const unused = await connect(port);
  const kept = await connect(port);
  kept.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const [answer] = await once(kept, "data");
  const [, seconds] = /^Keep-Alive: timeout=(\d+)/im.exec(String(answer)) ?? [];
  assert.ok(Number(seconds) > 90, "ngrok's agent and load balancers keep one for up to 90 seconds");

  const stopped = hookServer.stop(NEVER_MS);
  assert.deepEqual(await Promise.all([drain(unused), drain(kept)]), ["", ""]);
  finish();
  assert.match(await text, /^HTTP\/1\.1 200 OK\r\n/);
  await stopped;
});

test("a stop cuts off what takes longer, and all their lines are said when it resolves", async (t) => {
  const stderr = new PassThrough();
  const busy = await startBusy(t, { log: new Output(stderr, false) });
  const half = await connect(busy.port);
  half.write(HALF);
  await once(half, "data");
  await busy.hookServer.stop(1);
  // What is said later is lost, as where the process ends now.
  stderr.end();
  assert.equal(await busy.text, "");
  const lines = (await readAll(stderr)).split("\n");
  const expected = new RegExp(`^\\S+ POST /userCreated: ${NO_ANSWER}$`);
  assert.equal(lines.filter((line) => expected.test(line)).length, 2, lines.join("\n"));
});
