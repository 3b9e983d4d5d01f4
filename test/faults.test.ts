/** Faults: killed under load, a reader that is slow, stops or goes away, and a stop with deliveries under way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { flood } from "./support/flood.js";
import { connect, drain, send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import {
  folder,
  GUIDE,
  noTerminal,
  run,
  SERVER,
  startInTerminal,
  startReceiver,
} from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** How often the receiver is killed, for each kind of stdout. */
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 5);

interface Load {
  /** Hears how many users were acknowledged so far. */
  onAcknowledged?(count: number): void;
  /** How many deliveries each client sends; without it they go on until the receiver is gone. */
  deliveries?: number;
}

/** Delivers users by eight clients; resolves to those that were acknowledged. */
async function load(
  t: Ends,
  url: string,
  { onAcknowledged = () => {}, deliveries = Infinity }: Load,
): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const acknowledged: string[] = [];
  const client = async (name: number) => {
    for (let sent = 0; sent < deliveries; sent += 1) {
      const logins = [0, 1].map((index) => `user-${name}-${sent}-${index}@example.com`);
      const request = post(delivery(...logins.map((login) => created(login))));
      const answer = await send(url, { ...request, agent }).catch(() => undefined);
      if (answer === undefined || answer.status === 503) return;
      assert.equal(answer.status, 200);
      acknowledged.push(...logins);
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
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
      const acknowledged = await load(t, receiver.url, {
        onAcknowledged: (count) => {
          if (count >= deadline) receiver.child.kill("SIGKILL");
        },
      });
      assert.deepEqual(await receiver.ended, { code: null, signal: "SIGKILL" });
      assert.ok(acknowledged.length >= deadline);
      assertLogged(acknowledged, pipe ? receiver.stdout.text : receiver.users());
    }
  });
}

/** Sends deliveries that together are far more than a pipe holds; resolves once each is under way. */
async function deliverMany(url: string, name = "user") {
  const deliveries = Array.from({ length: 50 }, (_, index) => {
    const logins = Array.from({ length: 100 }, (_, user) => `${name}-${index}-${user}@example.com`);
    const { method, headers, body } = post(delivery(...logins.map((login) => created(login))));
    const request = http.request(url, {
      method,
      headers: { ...headers, expect: "100-continue", "content-length": body.length },
      agent: false,
    });
    // The receiver waits for the body, and so for the end of the delivery.
    const isUnderWay = once(request, "continue").then(() => request.end(body));
    const status = new Promise<number | undefined>((resolve) => {
      request.on("response", (response) => resolve(response.resume().statusCode));
      request.on("error", () => resolve(undefined));
    });
    return { logins, isUnderWay, status };
  });
  for (const { isUnderWay } of deliveries) await isUnderWay;
  return deliveries;
}

type Deliveries = Awaited<ReturnType<typeof deliverMany>>;

test("a reader that stops reading and then goes on: acknowledgements wait, and nothing is missing", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.pause();
  const deliveries = await deliverMany(receiver.url);
  const acknowledged = await countAcknowledged(deliveries, receiver.url);
  assert.ok(acknowledged < deliveries.length, "what nobody can read is not acknowledged");
  receiver.child.stdout?.resume();
  for (const { status } of deliveries) assert.equal(await status, 200);
  await receiver.stdout.until(/^(.*\n){5000}$/);
  assertLogged(
    deliveries.flatMap(({ logins }) => logins),
    receiver.stdout.text,
  );
});

/** Resolves to how many were acknowledged when time enough has passed for those that do not wait. */
async function countAcknowledged(deliveries: Deliveries, url: string): Promise<number> {
  let acknowledged = 0;
  for (const { status } of deliveries) void status.then(() => (acknowledged += 1));
  for (let asked = 0; asked < 20; asked += 1) assert.equal((await send(url)).status, 400);
  return acknowledged;
}

/** Resolves to the users of the deliveries that were acknowledged. */
async function acknowledgedOf(deliveries: Deliveries) {
  const acknowledged: string[] = [];
  for (const { logins, status } of deliveries) {
    if ((await status) === 200) acknowledged.push(...logins);
  }
  return acknowledged;
}

test("a reader that stops reading, and a receiver that is killed then", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.pause();
  const deliveries = await deliverMany(receiver.url);
  for (let asked = 0; asked < 20; asked += 1) await send(receiver.url);
  receiver.child.kill("SIGKILL");
  const acknowledged = await acknowledgedOf(deliveries);
  receiver.child.stdout?.resume();
  await receiver.ended;
  assert.ok(acknowledged.length < 5_000, "what nobody can read is not acknowledged");
  assertLogged(acknowledged, receiver.stdout.text);
});

test("a reader that goes away under load: 503, then exit 1, and what was acknowledged was written", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const acknowledged = await load(t, receiver.url, {
    onAcknowledged: (count) => {
      if (count === 400) receiver.child.stdout?.destroy();
    },
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
  const deliveries = await deliverMany(receiver.url);
  const hasExited = once(receiver.child, "exit");
  receiver.child.kill("SIGTERM");
  const acknowledged = await acknowledgedOf(deliveries);
  assert.ok(acknowledged.length < 5_000, "what nobody can read is not acknowledged");
  // It does not wait for the reader.
  await hasExited;
  receiver.child.stdout?.resume();
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assertLogged(acknowledged, receiver.stdout.text);
  const said = receiver.stderr.text;
  const printed = said.match(/: 100 events, 100 users created\n/g)?.length ?? 0;
  assert.equal(printed * 100, acknowledged.length);
  const unanswered = said.match(/ POST \/userCreated: no answer, the connection closed\n/g);
  assert.equal(printed + (unanswered?.length ?? 0), deliveries.length);
});

/** Their lines are some 1.5 MB: more than a pipe and the log's limit hold. */
const REQUESTS = 5_000;

const DROPPED = / (\d+) lines of this log were dropped: /;

test("both streams in one pipe that nobody reads for a while: each user waits, and has a whole line", async (t) => {
  const args = ["-c", 'exec "$0" "$@" 2>&1', process.execPath, ...SERVER];
  const { child, stdout } = run(t, "sh", args, { env: GUIDE, cwd: folder(t) });
  const [, url = ""] = await stdout.until(/Listening on (.*)\n[^]*start again\.\n\n/);
  // The log comes first, and has half a line in the pipe when the users come.
  child.stdout?.pause();
  await flood(url, REQUESTS);
  const some = await deliverMany(url, "some");
  assert.equal(await countAcknowledged(some, url), 0);
  child.stdout?.resume();
  const acknowledged = await acknowledgedOf(some);
  await stdout.until(DROPPED);
  // The other way round.
  child.stdout?.pause();
  const others = await deliverMany(url, "other");
  await flood(url, REQUESTS);
  child.stdout?.resume();
  acknowledged.push(...(await acknowledgedOf(others)));

  assert.equal(acknowledged.length, 10_000);
  const before = stdout.text.length;
  await send(new URL("/last", url).href);
  await stdout.until(/ GET \/last 404 /, before);
  assertLogged(acknowledged, stdout.text);
});

test(
  "both streams in one terminal with a slow reader: each user has a whole line",
  { skip: noTerminal },
  async (t) => {
    const { child, stdout } = startInTerminal(t, { env: { NO_COLOR: "1" } });
    const [, url = ""] = await stdout.until(/Listening on (\S+)\r\n/);
    child.stdout?.on("data", () => {
      child.stdout?.pause();
      setImmediate(() => child.stdout?.resume());
    });
    const [acknowledged] = await Promise.all([load(t, url, { deliveries: 20 }), flood(url, 500)]);
    assert.equal(acknowledged.length, 320);
    const before = stdout.text.length;
    await send(new URL("/last", url).href);
    await stdout.until(/ GET \/last 404 /, before);
    assertLogged(acknowledged, stdout.text.replaceAll("\r\n", "\n"));
  },
);

test("both streams in one file: users and requests stand in their order, line by line", async (t) => {
  const cwd = folder(t);
  const file = join(cwd, "all.log");
  const descriptor = openSync(file, "a");
  const receiver = run(t, process.execPath, SERVER, {
    env: GUIDE,
    cwd,
    stdout: descriptor,
    stderr: descriptor,
  });
  closeSync(descriptor);
  const reader = run(t, "tail", ["-n", "+1", "-f", file]);
  const [, url = ""] = await reader.stdout.until(/Listening on (.*)\n/);
  for (const login of ["a@example.com", "b@example.com"]) {
    const before = reader.stdout.text.length;
    assert.equal((await send(url, post(delivery(created(login))))).status, 200);
    await reader.stdout.until(/ 1 user created\n/, before);
  }
  receiver.child.kill("SIGTERM");
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assert.match(
    readFileSync(file, "utf8"),
    /\nThe user a@.*\n\S+ POST .*\nThe user b@.*\n\S+ POST .*\n\S+ Stopping\.\n$/,
  );
});

test("a stderr that nobody reads: each line that is missing is counted, and users are not kept waiting", async (t) => {
  const receiver = await startReceiver(t);
  receiver.child.stderr?.pause();
  await flood(receiver.url, REQUESTS);
  assert.equal((await send(receiver.url, post(delivery(created("a@example.com"))))).status, 200);
  assert.equal(receiver.users(), userLine("a@example.com"));
  receiver.child.stderr?.resume();
  const [, dropped] = await receiver.stderr.until(DROPPED);
  const before = receiver.stderr.text.length;
  await send(new URL("/last", receiver.url).href);
  await receiver.stderr.until(/ GET \/last 404 /, before);

  const blocks = receiver.stderr.text.split(/^(?=\d\d:\d\d:\d\d )/m);
  const kept = blocks.filter((block) => block.includes("/xxx"));
  const linesEach = (kept[0] ?? "").split("\n").length - 1;
  assert.ok(kept.every((block) => block.split("\n").length - 1 === linesEach));
  // The delivery's line was dropped, too.
  assert.equal(Number(dropped), (REQUESTS - kept.length) * linesEach + 1);
});
