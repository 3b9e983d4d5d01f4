/** Faults: killed under load, a reader that stops, streams that share a pipe, a full disk. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { begin, flood } from "./support/flood.js";
import { drain, send, sendRaw } from "./support/http.js";
import { created, delivery, post, userLine } from "./support/okta.js";
import { folder, GUIDE, listening, run, SERVER, startReceiver } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** How often the receiver is killed, for each kind of stdout. */
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);

/** Delivers users by eight clients until the receiver is gone; resolves to all that were acknowledged. */
async function load(
  t: Ends,
  url: string,
  onAcknowledged: (count: number) => void,
): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const acknowledged: string[] = [];
  const client = async (name: number) => {
    for (let sent = 0; ; sent += 1) {
      const logins = [0, 1].map((index) => `user-${name}-${sent}-${index}@example.com`);
      const request = post(delivery(...logins.map((login) => created(login))));
      const answer = await send(url, { ...request, agent }).catch(() => undefined);
      if (answer === undefined) return;
      assert.equal(answer.status, 200);
      acknowledged.push(...logins);
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
  return acknowledged;
}

/** Fails when an acknowledged user has no whole line in what was printed. */
function assertPrinted(acknowledged: string[], printed: string) {
  const lines = new Set(printed.split("\n").map((line) => `${line}\n`));
  const missing = acknowledged.filter((login) => !lines.has(userLine(login)));
  assert.deepEqual(missing, [], `of ${acknowledged.length} acknowledged users`);
}

for (const pipe of [false, true]) {
  test(`SIGKILL under load loses no acknowledged user, with stdout in a ${pipe ? "pipe" : "file"}`, async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const receiver = await startReceiver(t, { pipe });
      const deadline = 20 + Math.floor(Math.random() * 500);
      const acknowledged = await load(t, receiver.url, (count) => {
        if (count >= deadline) receiver.child.kill("SIGKILL");
      });
      assert.deepEqual(await receiver.ended, { code: null, signal: "SIGKILL" });
      assert.ok(acknowledged.length >= deadline);
      assertPrinted(acknowledged, pipe ? receiver.stdout.text : receiver.users());
    }
  });
}

/** How many users `deliverMany` delivers. */
const MANY = 5_000;

/** Sends deliveries that together are far more than a pipe holds; resolves once each is under way. */
async function deliverMany(url: string, name = "user") {
  const deliveries: { logins: string[]; answer: Promise<string> }[] = [];
  for (let index = 0; index < MANY / 100; index += 1) {
    const logins = Array.from({ length: 100 }, (_, user) => `${name}-${index}-${user}@example.com`);
    const body = JSON.stringify(delivery(...logins.map((login) => created(login))));
    const socket = await begin(url, body.length);
    deliveries.push({ logins, answer: drain(socket) });
    socket.write(body);
  }
  return deliveries;
}

/** Resolves to the users of the deliveries that were acknowledged, once all are answered or cut off. */
async function acknowledgedOf(deliveries: Awaited<ReturnType<typeof deliverMany>>) {
  const acknowledged: string[] = [];
  for (const { logins, answer } of deliveries) {
    if ((await answer).startsWith("HTTP/1.1 200 ")) acknowledged.push(...logins);
  }
  return acknowledged;
}

test("a stop while nobody reads stdout: what nobody can read was not acknowledged", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const { child, stdout, stderr } = receiver;
  child.stdout?.pause();
  const deliveries = await deliverMany(receiver.url);
  // Answered after the deliveries: each had its time to be acknowledged.
  await flood(receiver.url, 20);
  // It does not wait for the reader.
  const hasExited = once(child, "exit");
  child.kill("SIGTERM");
  const acknowledged = await acknowledgedOf(deliveries);
  assert.deepEqual(await hasExited, [0, null]);
  child.stdout?.resume();
  await receiver.ended;
  assert.ok(acknowledged.length < MANY);
  assertPrinted(acknowledged, stdout.text);
  const announced = stderr.text.match(/: 100 events, 100 announced\n/g)?.length ?? 0;
  const unanswered = stderr.text.match(/ POST \/userCreated: no answer, .*\n/g)?.length ?? 0;
  assert.equal(announced * 100, acknowledged.length);
  assert.equal(announced + unanswered, deliveries.length, "each has its line");
});

/** What they say is some 2 MB: more than a pipe and the log's limit hold. */
const REMARKED = 250;

test("both streams in one pipe that nobody reads for a while: users wait, and have whole lines", async (t) => {
  const args = ["-c", 'exec "$0" "$@" 2>&1', process.execPath, ...SERVER];
  const { child, stdout } = run(t, "sh", args, { env: GUIDE, cwd: folder(t) });
  const url = await listening(stdout);
  // The log comes first, and has half a line in the pipe when the users come.
  child.stdout?.pause();
  await flood(url, REMARKED);
  const some = await deliverMany(url, "some");
  child.stdout?.resume();
  const acknowledged = await acknowledgedOf(some);
  await stdout.until(/ Dropped \d+ lines of this log/);
  // The other way round.
  child.stdout?.pause();
  const others = await deliverMany(url, "other");
  await flood(url, REMARKED);
  child.stdout?.resume();
  acknowledged.push(...(await acknowledgedOf(others)));
  assert.equal(acknowledged.length, 2 * MANY);
  // All that was said before has been read then.
  const before = stdout.text.length;
  await send(new URL("/last", url).href);
  await stdout.until(/ GET \/last 404 /, before);
  assertPrinted(acknowledged, stdout.text);
});

const needsLinux = { skip: process.platform !== "linux" && "needs Linux" };

test(
  "a disk that fills: a delivery's users stand there all or not at all",
  needsLinux,
  async (t) => {
    const cwd = folder(t);
    // In blocks of 512 bytes.
    const shell = 'ulimit -f 2; exec "$0" "$@" >> users.log';
    const args = ["-c", shell, process.execPath, ...SERVER];
    const { stderr, ended } = run(t, "sh", args, { env: GUIDE, cwd });
    const url = await listening(stderr);
    let acknowledged = "";
    for (let sent = 0, status = 200; status === 200; sent += 1) {
      const logins = ["a", "b", "c"].map((name) => `${name}${sent}@example.com`);
      ({ status } = await send(url, post(delivery(...logins.map((login) => created(login))))));
      if (status === 200) acknowledged += logins.map(userLine).join("");
      assert.ok(acknowledged.length <= 1024, "more was acknowledged than the disk holds");
    }
    assert.deepEqual(await ended, { code: 1, signal: null });
    assert.ok(acknowledged.length > 0);
    assert.equal(readFileSync(join(cwd, "users.log"), "utf8"), acknowledged);
  },
);

test(
  "a log whose disk was full for a moment has no half line, and comes back",
  needsLinux,
  async (t) => {
    const cwd = folder(t);
    const file = join(cwd, "all.log");
    writeFileSync(file, "");
    const shell = 'ulimit -f 20000; exec "$0" "$@" 2>> all.log';
    const { stdout } = run(t, "sh", ["-c", shell, process.execPath, ...SERVER], {
      env: GUIDE,
      cwd,
    });
    const url = await listening(run(t, "tail", ["-n", "+1", "-f", file]).stdout);
    // Another program takes all but ten bytes.
    const almostFull = 20_000 * 512 - 10;
    truncateSync(file, almostFull);
    for (const login of ["a@example.com", "b@example.com"]) {
      assert.equal((await send(url, post(delivery(created(login))))).status, 200);
    }
    // Node answers this by itself, without a line: what was said before is tried when it is read.
    await sendRaw(Number(new URL(url).port), "GET / HTTP/1.1\r\n\r\n");
    assert.equal(statSync(file).size, almostFull);
    truncateSync(file, 0);
    // The line of the first is written before the second is read.
    for (const path of ["/back", "/last"]) await send(new URL(path, url).href);
    assert.match(readFileSync(file, "utf8"), /^(?:\S+ POST .*\n)?\S+ GET \/back 404 .*\n/);
    assert.equal(stdout.text, userLine("a@example.com") + userLine("b@example.com"));
  },
);
