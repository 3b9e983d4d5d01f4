/** The HTTP client: any answer as it comes, from any port, and never more than 1 MB or its time. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import net from "node:net";
import { test } from "node:test";
import { exchange, TOO_LARGE } from "../src/http-client.js";
import { endless, listen, REFUSED_BY_FETCH } from "./support/agent.js";
import type { Ends } from "./support/transcript.js";

/** Far longer than any exchange takes that is not meant to be late. */
const PATIENCE_MS = 120_000;

/** Starts a server that ends with the test; returns its URL. */
async function serve(t: Ends, listener: RequestListener, ...ports: number[]): Promise<URL> {
  const server = createServer(listener);
  const port = await listen(server, ...ports);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${port}/path?query`);
}

const answerWith =
  (body: string, status = 200, headers = {}): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, headers).end(body);

test("sends what it is given, and resolves to the whole answer", async (t) => {
  let seen: IncomingMessage | undefined;
  const url = await serve(t, (req, res) => {
    seen = req;
    res.writeHead(201, { "X-Answer": "yes" });
    req.setEncoding("utf8").on("data", (body: string) => res.write(`${body}, `));
    req.on("end", () => res.end("🦊"));
  });
  const headers = { "x-question": "why" };
  const options = { method: "PUT", headers, body: "jörg", limitMs: PATIENCE_MS };
  const answer = await exchange(url, options);
  assert.deepEqual(
    [answer.status, answer.headers["x-answer"], answer.text],
    [201, "yes", "jörg, 🦊"],
  );
  assert.deepEqual(
    [seen?.method, seen?.url, seen?.headers["x-question"]],
    ["PUT", "/path?query", "why"],
  );
});

test("a character that two packets share stays whole", async (t) => {
  const [first, ...rest] = Buffer.from("🦊");
  const url = await serve(t, (req, res) => {
    res.writeHead(200, { "content-length": 4 });
    res.write(Buffer.of(first ?? 0), () => setImmediate(() => res.end(Buffer.from(rest))));
    req.resume();
  });
  assert.equal((await exchange(url, { limitMs: PATIENCE_MS })).text, "🦊");
});

test("a redirect is an answer, and it is not followed", async (t) => {
  let asks = 0;
  const elsewhere = await serve(t, (_req, res) => {
    asks += 1;
    res.end();
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serve(t, answerWith("moved", status, { location: elsewhere.href }));
    const answer = await exchange(url, { limitMs: PATIENCE_MS });
    assert.deepEqual(
      [answer.status, answer.headers.location, answer.text],
      [status, elsewhere.href, "moved"],
    );
  }
  assert.equal(asks, 0);
});

test("a port that fetch refuses is asked as any other", async (t) => {
  const url = await serve(t, answerWith("here"), ...REFUSED_BY_FETCH);
  await assert.rejects(fetch(url), { cause: new Error("bad port") });
  assert.equal((await exchange(url, { limitMs: PATIENCE_MS })).text, "here");
});

test("https is spoken to an https URL, and to no other", async (t) => {
  for (const [protocol, beginning] of [
    ["http", /^GET \//],
    ["https", /^\x16\x03/],
  ] as const) {
    const server = net.createServer();
    const port = await listen(server, 0);
    t.after(() => void server.close());
    const connected = once(server, "connection");
    const failed = assert.rejects(
      exchange(new URL(`${protocol}://127.0.0.1:${port}`), { limitMs: PATIENCE_MS }),
    );
    const [socket] = await connected;
    assert.ok(socket instanceof net.Socket);
    const [data] = await once(socket, "data");
    assert.match(String(data), beginning);
    socket.destroy();
    await failed;
  }
});

test("an answer of 1 MB is whole", async (t) => {
  const body = "x".repeat(1_000_000);
  const url = await serve(t, answerWith(body));
  assert.equal((await exchange(url, { limitMs: PATIENCE_MS })).text, body);
});

const LARGE = { code: TOO_LARGE, message: "the answer is over 1 MB" };
const LATE = { name: "TimeoutError" };
const unbounded: [what: string, listener: RequestListener, limitMs: number, error: object][] = [
  ["is over 1 MB", answerWith("x".repeat(1_000_001)), PATIENCE_MS, LARGE],
  ["never ends", (_req, res) => endless(res), PATIENCE_MS, LARGE],
  ["does not begin", () => {}, 100, LATE],
  ["stops in a chunk", (_req, res) => void res.writeHead(200).write("{"), 100, LATE],
  [
    "would end with its connection",
    ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\n\r\n{"),
    100,
    LATE,
  ],
];
for (const [what, listener, limitMs, error] of unbounded) {
  test(`an answer that ${what} is given up, and its connection closed`, async (t) => {
    let closed: Promise<unknown> | undefined;
    const url = await serve(t, (req, res) => {
      closed = new Promise((resolve) => req.socket.on("close", resolve));
      listener(req, res);
    });
    await assert.rejects(exchange(url, { limitMs }), error);
    await closed;
  });
}

const failures: [what: string, listener: RequestListener, code: string][] = [
  ["hangs up", (req) => void req.socket.destroy(), "ECONNRESET"],
  [
    "breaks its answer off",
    (req, res) => {
      res.writeHead(200, { "content-length": 99 });
      res.write("{", () => req.socket.destroy());
    },
    "ECONNRESET",
  ],
  [
    "changes to another protocol",
    ({ socket }) => void socket.end("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    "ECONNRESET",
  ],
  ["speaks no HTTP", (req) => void req.socket.end("hello\r\n\r\n"), "HPE_INVALID_CONSTANT"],
];
for (const [what, listener, code] of failures) {
  test(`a server that ${what} is told by its error`, async (t) => {
    const url = await serve(t, listener);
    await assert.rejects(exchange(url, { limitMs: PATIENCE_MS }), { code });
  });
}

test("where nobody listens, and where no name is known, that is the error", async () => {
  const ask = (url: string) => exchange(new URL(url), { limitMs: PATIENCE_MS });
  await assert.rejects(ask("http://127.0.0.1:2"), { code: "ECONNREFUSED" });
  await assert.rejects(ask("http://no-such-host.invalid"), { code: /^(ENOTFOUND|EAI_AGAIN)$/ });
});
