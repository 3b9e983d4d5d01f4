/** Faults: killed under load, a reader that stops or goes away, and a stop with deliveries under way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { connect, drain, send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { startReceiver, type Ends, type Receiver } from "./support/process.js";

/** How often the receiver is killed, for each kind of stdout. */
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 5);

/** Delivers users by several clients until the receiver is gone; `onAcknowledged` hears of each. */
async function load(
  t: Ends,
  { url }: Receiver,
  clients: number,
  onAcknowledged: (count: number) => void,
) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  t.after(() => agent.destroy());
  const acknowledged: string[] = [];
  const client = async (name: number) => {
    for (let sent = 0; ; sent += 1) {
      const logins = [0, 1].map((index) => `user-${name}-${sent}-${index}@example.com`);
      const request = post(delivery(...logins.map((login) => created(login))));
      const answer = await send(url, { ...request, agent }).catch(() => undefined);
      if (answer === undefined || answer.status === 503) return;
      assert.equal(answer.status, 200);
      acknowledged.push(...logins);
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
  return acknowledged;
}

/** Fails when an acknowledged user is missing from the log. */
function assertLogged(acknowledged: string[], log: string) {
  const lines = new Set(log.split("\n").map((line) => `${line}\n`));
  const missing = acknowledged.filter((login) => !lines.has(userLine(login)));
  assert.deepEqual(
    missing,
    [],
    `${missing.length} of ${acknowledged.length} acknowledged users are missing`,
  );
}

for (const pipe of [false, true]) {
  test(`SIGKILL under load loses no acknowledged user, with stdout in a ${pipe ? "pipe" : "file"}`, async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const receiver = await startReceiver(t, { pipe });
      const deadline = 20 + Math.floor(Math.random() * 1_500);
      const acknowledged = await load(t, receiver, 8, (count) => {
        if (count >= deadline) receiver.child.kill("SIGKILL");
      });
      assert.deepEqual(await receiver.ended, { code: null, signal: "SIGKILL" });
      assert.ok(acknowledged.length >= deadline);
      assertLogged(acknowledged, pipe ? receiver.stdout.text : receiver.users());
    }
  });
}

/** Returns deliveries that together are far more than a pipe holds. */
function manyDeliveries() {
  const all = Array.from({ length: 200 }, (_, index) =>
    Array.from({ length: 100 }, (_, user) => `user-${index}-${user}@example.com`),
  );
  return {
    all,
    requests: all.map((logins) => post(delivery(...logins.map((login) => created(login))))),
  };
}

test("a reader that stops reading and then goes on: acknowledgements wait, and nothing is missing", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.pause();
  const { all, requests } = manyDeliveries();
  let acknowledged = 0;
  const sent = Promise.all(
    requests.map(async (request) => {
      assert.equal((await send(receiver.url, request)).status, 200);
      acknowledged += 1;
    }),
  );
  // Every delivery is in, as their connections are; only what the pipe holds can be acknowledged.
  for (let asked = 0; asked < 20; asked += 1) assert.equal((await send(receiver.url)).status, 400);
  assert.ok(acknowledged < all.length, "what nobody can read is not acknowledged");
  receiver.child.stdout?.resume();
  await sent;
  assertLogged(all.flat(), receiver.stdout.text);
  assert.equal(receiver.stdout.text.split("\n").length, 20_001);
});

test("a reader that stops reading, and a receiver that is killed then", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.pause();
  const { all, requests } = manyDeliveries();
  const acknowledged: string[] = [];
  const sent = requests.map(async (request, index) => {
    const answer = await send(receiver.url, request).catch(() => undefined);
    if (answer?.status === 200) acknowledged.push(...(all[index] ?? []));
  });
  for (let asked = 0; asked < 20; asked += 1) await send(receiver.url);
  receiver.child.kill("SIGKILL");
  await Promise.all(sent);
  receiver.child.stdout?.resume();
  await receiver.ended;
  assert.ok(acknowledged.length < all.flat().length);
  assertLogged(acknowledged, receiver.stdout.text);
});

test("a reader that goes away under load: 503, then exit 1, and what was acknowledged was written", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const acknowledged = await load(t, receiver, 8, (count) => {
    if (count === 400) receiver.child.stdout?.destroy();
  });
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
  assert.ok(acknowledged.length >= 400);
  assert.equal(receiver.stderr.text.match(/ Cannot write to stdout /g)?.length, 1);
  const unwritten = / POST \/userCreated 503 .*: the receiver cannot write its log\n/;
  assert.match(receiver.stderr.text, unwritten);
});

test("SIGTERM with deliveries under way: each of them is answered, and logged", async (t) => {
  const receiver = await startReceiver(t);
  const logins = Array.from({ length: 100 }, (_, index) => `user-${index}@example.com`);
  const open = await Promise.all(
    logins.map(async (login) => {
      const socket = await connect(receiver.port);
      const body = JSON.stringify(delivery(created(login)));
      const head = `POST /userCreated HTTP/1.1\r\nHost: x\r\nAuthorization: ${SECRET}\r\nContent-Type: application/json\r\n`;
      socket.write(`${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
      await once(socket, "data"); // The receiver waits for the body, so the delivery is under way.
      socket.write(body.slice(0, 50));
      return { socket, rest: body.slice(50) };
    }),
  );
  receiver.child.kill("SIGTERM");
  await receiver.stderr.until(/ Stopping\.\n/);
  const answers = open.map(({ socket, rest }) => {
    socket.write(rest);
    return drain(socket);
  });
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assert.deepEqual(
    receiver.users().split("\n").sort(),
    ["", ...logins.map((login) => userLine(login).trim())].sort(),
  );
});

test("SIGTERM while a reader of stdout does not read: nobody is said to be created who was not", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.pause();
  const { requests } = manyDeliveries();
  const statuses = requests.map((request) =>
    send(receiver.url, request).then(
      ({ status }) => status,
      () => undefined,
    ),
  );
  // Every delivery is in, as their connections are.
  for (let asked = 0; asked < 20; asked += 1) await send(receiver.url);
  const before = receiver.stderr.text.length;
  receiver.child.kill("SIGTERM");
  const acknowledged = (await Promise.all(statuses)).filter((status) => status === 200).length;
  assert.ok(acknowledged < requests.length, "what nobody can read is not acknowledged");
  receiver.child.stdout?.resume();
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  const said = receiver.stderr.text;
  assert.equal(said.match(/: 100 events, 100 users created\n/g)?.length ?? 0, acknowledged);
  const unanswered = said
    .slice(before)
    .match(/ POST \/userCreated: no answer, the connection closed\n/g);
  assert.equal(unanswered?.length, requests.length - acknowledged);
  assert.doesNotMatch(said, /hung up/);
});
