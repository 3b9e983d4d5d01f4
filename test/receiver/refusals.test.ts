/** Refusals arrive: at once, whole, and also at a client that is still writing a large body. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import { after, test } from "node:test";
import { startApp } from "../support/app.js";
import { connect, send, type Request } from "../support/http.js";
import { nextRequestLine } from "../support/lines.js";
import { created, delivery, post, SECRET, userLine } from "../support/okta.js";

const app = await startApp({ after });
// What is sent here may take longer than a request's 10 seconds on a busy machine.
const { server } = app.hookServer;
assert.ok(server instanceof http.Server);
server.requestTimeout = 120_000;
const MB = 1_000_000;

interface Refused {
  status: number;
  /** Method and path. Default: a delivery. */
  start?: string;
  headers: string[];
}
const refusals: Refused[] = [
  { status: 401, headers: ["Content-Type: application/json"] },
  { status: 415, headers: [`Authorization: ${SECRET}`, "Content-Type: text/plain"] },
  { status: 413, headers: [`Authorization: ${SECRET}`, "Content-Type: application/json"] },
  { status: 405, start: "PUT /userCreated", headers: [] },
  { status: 404, start: "POST /wrong", headers: [`Authorization: ${SECRET}`] },
];

/** How a proxy frames the body that it passes on, and whether it keeps the connection. */
interface Framing {
  version: "1.0" | "1.1";
  isChunked: boolean;
  connection: "keep-alive" | "close";
}
const framings: Framing[] = [
  { version: "1.1", isChunked: false, connection: "keep-alive" },
  { version: "1.1", isChunked: true, connection: "keep-alive" },
  { version: "1.1", isChunked: false, connection: "close" },
  { version: "1.1", isChunked: true, connection: "close" },
  { version: "1.0", isChunked: false, connection: "close" }, // As nginx does by default.
];

function headOf(refused: Refused, framing: Framing, size: number): string {
  const { start = "POST /userCreated", headers } = refused;
  const { version, isChunked, connection } = framing;
  const length = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${size}`;
  const lines = [`${start} HTTP/${version}`, "Host: x", `Connection: ${connection}`];
  return [...lines, length, ...headers, "", ""].join("\r\n");
}

/** Resolves when a text has been taken over by the system; rejects when the connection is lost. */
function write(socket: net.Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

const ANSWER = /^HTTP\/1\.1 (?<status>\d+) .*?\r\n\r\n(?<body>\{"error":"[^"]+"\})/s;

/**
 * Stands in for a proxy: it passes the whole body on before it looks at the answer, and has none
 * for its own client when it cannot write. Resolves to the answer's status.
 */
async function pass(refused: Refused, framing: Framing, size: number): Promise<number> {
  const socket = await connect(app.port);
  socket.pause();
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.pause();
  await write(socket, headOf(refused, framing, size));
  const piece = " ".repeat(MB / 10);
  const chunk = framing.isChunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece;
  for (let sent = 0; sent < size; sent += piece.length) await write(socket, chunk);
  if (framing.isChunked) await write(socket, "0\r\n\r\n");
  socket.resume();
  while (!ANSWER.test(text)) {
    assert.ok(!socket.closed, `closed after ${JSON.stringify(text)}`);
    await Promise.race([once(socket, "data"), once(socket, "close")]);
  }
  socket.destroy();
  return Number(ANSWER.exec(text)?.groups?.status);
}

for (const size of [0.5 * MB, 3 * MB, 15 * MB]) {
  test(`no refusal is lost at a proxy that passes on ${size / MB} MB`, async () => {
    for (const refused of refusals) {
      if (refused.status === 413 && size < 10 * MB) continue;
      for (const framing of framings) {
        const before = app.stderr.text.length;
        const statuses = await Promise.all([1, 2, 3, 4].map(() => pass(refused, framing, size)));
        const what = `${refused.status} by ${JSON.stringify(framing)}`;
        assert.deepEqual(statuses, Array(4).fill(refused.status), what);
        const line = `\\S+ \\S+ \\S+ ${refused.status} .*\\n(?: {2}.*\\n)+`;
        await app.stderr.until(new RegExp(`^(?:${line}){4}$`), before);
      }
    }
  });
}

for (const refused of refusals) {
  test(`${refused.status} comes at once, before the body has`, async () => {
    const before = app.stderr.text.length;
    const socket = await connect(app.port);
    const framing: Framing = { version: "1.1", isChunked: false, connection: "keep-alive" };
    await write(socket, headOf(refused, framing, 20 * MB));
    const [answer] = await once(socket, "data");
    assert.match(String(answer), ANSWER);
    assert.match(String(answer), new RegExp(`^HTTP/1\\.1 ${refused.status} `));
    socket.destroy();
    assert.equal((await nextRequestLine(app.stderr, before)).status, refused.status);
  });
}

test("the connection of a refused body serves the next request", async (t) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ports = new Set<number | undefined>();
  agent.on("free", (socket: net.Socket) => ports.add(socket.localPort));
  const stranger = { method: "POST", body: Buffer.alloc(3 * MB, " "), agent };
  const before = app.users().length;
  const ask = async (request: Request) => {
    const line = app.stderr.text.length;
    const { status } = await send(app.url, request);
    await nextRequestLine(app.stderr, line);
    return status;
  };
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await ask(stranger), 401);
    assert.equal(await ask({ ...post(delivery(created("john.doe@example.com"))), agent }), 200);
  }
  assert.equal(ports.size, 1);
  assert.equal(app.users().slice(before), userLine("john.doe@example.com").repeat(3));
});
