/** Fuzz: pipelined pieces of HTTP in any order, reset or half closed at any moment, end nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { startReceiver } from "./support/process.js";

/** How many connections are made; a run of some minutes takes 100,000. */
const CONNECTIONS = Number(process.env.FUZZ_CONNECTIONS ?? 2_000);

/** How many connections are open at a time. */
const CLIENTS = 20;

const BODY = JSON.stringify(delivery(created("jane.roe@example.com")));
const head = (authorization: string, ...more: string[]) =>
  [
    "POST /userCreated HTTP/1.1",
    "Host: x",
    "Content-Type: application/json",
    `Content-Length: ${BODY.length}`,
    `Authorization: ${authorization}`,
    ...more,
    "",
    "",
  ].join("\r\n");
const GET = "GET /userCreated HTTP/1.1\r\nHost: x\r\nX-Okta-Verification-Challenge: c\r\n";

const PIECES = [
  `${GET}\r\n`,
  `${head(SECRET)}${BODY}`,
  `${head(SECRET)}${BODY.slice(0, 50)}`,
  `${head("Basic YWRtaW46b3RoZXI=")}${BODY}`,
  head(SECRET, "Expect: 100-continue"),
  `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
  "\u0000\u001b[2J\r\n\r\n",
  "POST /userCreated HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
];

const ENDS: ((socket: net.Socket) => void)[] = [
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.end(),
  (socket) => void socket.destroy(),
];

const pick = <Item>(items: Item[]): Item | undefined =>
  items[Math.floor(Math.random() * items.length)];

/** Makes one connection, writes up to six pieces on it, and ends it within some milliseconds. */
async function attack(port: number): Promise<void> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {}).on("end", () => socket.end());
  socket.resume();
  const count = 1 + Math.floor(Math.random() * 6);
  const pieces = Array.from({ length: count }, () => pick(PIECES));
  socket.write(pieces.join(""));
  await sleep(Math.random() * 3);
  pick(ENDS)?.(socket);
  // What was half closed may wait for the rest of its request.
  const closed = socket.closed ? [] : [once(socket, "close")];
  await Promise.race([...closed, sleep(20)]);
  socket.destroy();
}

test("whatever is piled up on a connection, and however it ends, the receiver goes on", async (t) => {
  const receiver = await startReceiver(t);
  let left = CONNECTIONS;
  const client = async () => {
    while (left > 0 && receiver.child.exitCode === null) {
      left -= 1;
      await attack(receiver.port);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  assert.equal(receiver.child.exitCode, null, receiver.stderr.text.slice(-2_000));
  const before = receiver.size();
  const answer = await send(receiver.url, post(delivery(created("john.doe@example.com"))));
  assert.equal(answer.status, 200);
  assert.ok(receiver.users(before).includes(userLine("john.doe@example.com")));
  const whole = new RegExp(`^(?:${userLine("(?:jane.roe|john.doe)@example.com")})+$`);
  assert.match(receiver.users(), whole, "every line is whole");
  assert.doesNotMatch(receiver.stderr.text, /^\d\d:\S+ \S+ \S+ 5\d\d /m, "no 5xx");
});
