/** Refusals arrive: before the body is read, and on a connection that stays open while it is dropped. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { startApp } from "../support/app.js";
import { connect } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { SECRET } from "../support/okta.js";
import { Transcript } from "../support/transcript.js";

const app = await startApp({ after });
// What is sent here may take longer than a request's 10 seconds on a busy machine.
const { server } = app.hookServer;
assert.ok(server instanceof http.Server);
server.requestTimeout = 120_000;

const PIECE = " ".repeat(100_000);
const AUTHORIZED = `Authorization: ${SECRET}`;
const JSON_TYPE = "Content-Type: application/json";
const VERIFICATION =
  "GET /userCreated HTTP/1.1\r\nHost: x\r\nX-Okta-Verification-Challenge: c\r\n\r\n";

/** Resolves when the system has taken a text over; rejects when the connection is lost. */
function write(socket: net.Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes a body of so many pieces; the receiver gets its turn after each. */
async function writeBody(socket: net.Socket, pieces: number, isChunked: boolean): Promise<void> {
  const piece = isChunked ? `${PIECE.length.toString(16)}\r\n${PIECE}\r\n` : PIECE;
  for (let sent = 0; sent < pieces; sent += 1) {
    await write(socket, piece);
    await setImmediate();
  }
  if (isChunked) await write(socket, "0\r\n\r\n");
}

/** Resolves to the status of the answer from an offset on, once it is whole. */
async function statusFrom(heard: Transcript, offset = 0): Promise<number> {
  const [, status] = await heard.until(/^HTTP\/1\.1 (\d+) [^{]*\{"\w+":"[^"]+"\}$/, offset);
  return Number(status);
}

const refusals: [status: number, start: string, headers: string[], pieces: number][] = [
  [401, "POST /userCreated", [JSON_TYPE], 30],
  [415, "POST /userCreated", [AUTHORIZED, "Content-Type: text/plain"], 30],
  [405, "PUT /userCreated", [], 30],
  [404, "POST /wrong", [AUTHORIZED, JSON_TYPE], 30],
  // This one alone comes when the body was read.
  [413, "POST /userCreated", [AUTHORIZED, JSON_TYPE], 110],
];
for (const [status, start, headers, pieces] of refusals) {
  for (const isChunked of [false, true]) {
    const how = isChunked ? "in chunks" : "of a known length";
    const when = status === 413 ? "comes once a body" : "comes before a body";

    test(`${status} ${when} ${how} was read, and the connection serves on`, async () => {
      const before = app.stderr.text.length;
      const socket = await connect(app.port);
      const heard = new Transcript(socket);
      const size = pieces * PIECE.length;
      const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${size}`;
      socket.write([`${start} HTTP/1.1`, "Host: x", framing, ...headers, "", ""].join("\r\n"));
      if (status === 413) await writeBody(socket, pieces, isChunked);
      assert.equal(await statusFrom(heard), status);
      if (status !== 413) await writeBody(socket, pieces, isChunked);
      assert.equal((await nextRequestLine(app.stderr, before)).status, status);
      const next = heard.text.length;
      socket.write(VERIFICATION);
      assert.equal(await statusFrom(heard, next), 200);
      socket.destroy();
      await app.stderr.until(/ GET \/userCreated .*\n(?: {2}.*\n)+$/, before);
    });
  }
}

for (const [status, start, headers, pieces] of refusals) {
  test(`${status} arrives at a proxy that wants a close, as nginx does by default, and the close comes`, async () => {
    const socket = await connect(app.port);
    const heard = new Transcript(socket);
    const framing = ["Connection: close", `Content-Length: ${pieces * PIECE.length}`];
    await write(socket, [`${start} HTTP/1.0`, ...framing, ...headers, "", ""].join("\r\n"));
    // Without an answer for its own client where it cannot write.
    await writeBody(socket, pieces, false);
    assert.equal(await statusFrom(heard), status);
    if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(120_000) });
  });
}
