/** Fuzz: pipelined pieces of HTTP in any order, reset or half closed at any moment, end nothing. */
import assert from "node:assert/strict";
import net, { type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { startReceiver } from "./support/process.js";

/** How many connections are made; a run of some minutes takes 100,000. */
const CONNECTIONS = Number(process.env.FUZZ_CONNECTIONS ?? 1_000);

/** How many connections are open at a time. */
const CLIENTS = 20;

const BODY = JSON.stringify(delivery(created("jane.roe@example.com")));
const POST = "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const SIGNED = `${POST}Authorization: ${SECRET}\r\nContent-Length: ${BODY.length}\r\n`;
const VERIFY = "GET /userCreated HTTP/1.1\r\nHost: x\r\nX-Okta-Verification-Challenge: c\r\n";
const GET = "GET / HTTP/1.1\r\nHost: x\r\n";
const NO_HOST = "GET / HTTP/1.1\r\n\r\n";
const GET_WITH_BODY = `${GET}Content-Length: 4\r\n\r\nabcd`;
const LAST = `${GET}Connection: close\r\n\r\n`;

const PIECES = [
  `${VERIFY}\r\n`,
  `${SIGNED}\r\n${BODY}`,
  `${SIGNED}\r\n${BODY.slice(0, 50)}`,
  `${SIGNED}Expect: 100-continue\r\n\r\n`,
  `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `${VERIFY}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
  "\u0000\u001b[2J\r\n\r\n",
  NO_HOST,
  GET_WITH_BODY,
  LAST,
  // Together, and reset, they have once ended the process.
  `${NO_HOST}${GET_WITH_BODY}${LAST}`,
];

const ENDS: ((socket: Socket) => void)[] = [
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
  const closed = new Promise((resolve) => socket.on("close", resolve));
  if (!socket.closed) await Promise.race([closed, sleep(20)]);
  socket.destroy();
}

test("whatever is piled up on a connection, and however it ends, the receiver goes on", async (t) => {
  const { child, port, url, stderr, users } = await startReceiver(t);
  let left = CONNECTIONS;
  const client = async () => {
    while (left > 0 && child.exitCode === null) {
      left -= 1;
      await attack(port);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));

  const answer = await send(url, post(delivery(created("john.doe@example.com")))).catch(
    () => undefined,
  );
  assert.equal(answer?.status, 200, stderr.text.slice(-2_000));
  assert.ok(users().includes(userLine("john.doe@example.com")));
  const whole = new RegExp(`^(?:${userLine("(?:jane.roe|john.doe)@example.com")})+$`);
  assert.match(users(), whole, "every line is whole");
  await send(new URL("/last", url).href);
  await stderr.until(/ GET \/last 404 /);
  // After what nobody has foreseen it goes on, too, but says so.
  assert.doesNotMatch(stderr.text, /^ +at |Error|Warning: (?!BASIC_AUTH)/m);
  assert.doesNotMatch(stderr.text, /^\d\d:\S+ \S+ \S+ 5\d\d /m);
});
