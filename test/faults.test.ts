/** Faults: killed under load, readers that stop or go away, shared streams, a full disk, an entry that fails later. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { flood } from "./support/flood.js";
import { send } from "./support/http.js";
import { created, delivery, event, post, userLine } from "./support/okta.js";
import {
  copyProject,
  folder,
  GUIDE,
  noTerminal,
  run,
  SERVER,
  startInTerminal,
  startReceiver,
} from "./support/process.js";
import type { Ends, Transcript } from "./support/transcript.js";

/** How often the receiver is killed, for each kind of stdout. */
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);

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
      const deadline = 20 + Math.floor(Math.random() * 1_500);
      const acknowledged = await load(t, receiver.url, {
        onAcknowledged: (count) => {
          if (count >= deadline) receiver.child.kill("SIGKILL");
        },
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
  const deliveries = Array.from({ length: MANY / 100 }, (_, index) => {
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

/** Resolves to the users of the deliveries that were acknowledged, once all are answered or cut off. */
async function acknowledgedOf(deliveries: Awaited<ReturnType<typeof deliverMany>>) {
  const acknowledged: string[] = [];
  for (const { logins, status } of deliveries) {
    if ((await status) === 200) acknowledged.push(...logins);
  }
  return acknowledged;
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`${signal} while nobody reads stdout: what nobody can read was not acknowledged`, async (t) => {
    const receiver = await startReceiver(t, { pipe: true });
    const { child, stdout, stderr } = receiver;
    child.stdout?.pause();
    const deliveries = await deliverMany(receiver.url);
    // Answered after the deliveries: each had its time to be acknowledged.
    await flood(receiver.url, 100);
    // It does not wait for the reader.
    const hasExited = once(child, "exit");
    child.kill(signal);
    const acknowledged = await acknowledgedOf(deliveries);
    await hasExited;
    child.stdout?.resume();
    const isKilled = signal === "SIGKILL";
    const end = isKilled ? { code: null, signal } : { code: 0, signal: null };
    assert.deepEqual(await receiver.ended, end);
    assert.ok(acknowledged.length < MANY);
    assertPrinted(acknowledged, stdout.text);
    if (isKilled) return;
    const announced = stderr.text.match(/: 100 events, 100 announced\n/g)?.length ?? 0;
    const unanswered = stderr.text.match(/ POST \/userCreated: no answer, .*\n/g)?.length ?? 0;
    assert.equal(announced * 100, acknowledged.length);
    assert.equal(announced + unanswered, deliveries.length, "each has its line");
  });
}

test("a reader that goes away under load: 503, then exit 1", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const acknowledged = await load(t, receiver.url, {
    onAcknowledged: (count) => {
      if (count === 400) receiver.child.stdout?.destroy();
    },
  });
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
  assert.ok(acknowledged.length >= 400);
  assert.equal(receiver.stderr.text.match(/ Cannot write to stdout /g)?.length, 1);
  assert.match(receiver.stderr.text, / POST \/userCreated 503 /);
});

/** Their lines are some 2 MB: more than a pipe and the log's limit hold. */
const REQUESTS = 8_000;

const DROPPED = / Dropped \d+ lines of this log/;

/** Resolves once all that was said before has been read. */
async function readToNow(output: Transcript, url: string) {
  const before = output.text.length;
  await send(new URL("/last", url).href);
  await output.until(/ GET \/last 404 /, before);
}

test("both streams in one pipe that nobody reads for a while: users wait, and have whole lines", async (t) => {
  const args = ["-c", 'exec "$0" "$@" 2>&1', process.execPath, ...SERVER];
  const { child, stdout } = run(t, "sh", args, { env: GUIDE, cwd: folder(t) });
  const [, url = ""] = await stdout.until(/Listening on (.*)\n[^]*start again\.\n\n/);
  // The log comes first, and has half a line in the pipe when the users come.
  child.stdout?.pause();
  await flood(url, REQUESTS);
  const some = await deliverMany(url, "some");
  child.stdout?.resume();
  const acknowledged = await acknowledgedOf(some);
  await stdout.until(DROPPED);
  // The other way round.
  child.stdout?.pause();
  const others = await deliverMany(url, "other");
  await flood(url, REQUESTS);
  child.stdout?.resume();
  acknowledged.push(...(await acknowledgedOf(others)));
  assert.equal(acknowledged.length, 2 * MANY);
  await readToNow(stdout, url);
  assertPrinted(acknowledged, stdout.text);
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
    await readToNow(stdout, url);
    assertPrinted(acknowledged, stdout.text.replaceAll("\r\n", "\n"));
  },
);

/** Starts the receiver by a shell's command with its log in a file; resolves once it listens. */
async function startWithLogFile(t: Ends, shell: string) {
  const cwd = folder(t);
  const file = join(cwd, "all.log");
  writeFileSync(file, "");
  const args = ["-c", shell, process.execPath, ...SERVER];
  const receiver = run(t, "sh", args, { env: GUIDE, cwd });
  const reader = run(t, "tail", ["-n", "+1", "-f", file]);
  const [, url = ""] = await reader.stdout.until(/Listening on (.*)\n[^]*start again\.\n\n/);
  return { ...receiver, url, file };
}

test("both streams in one file: users and requests stand in their order, line by line", async (t) => {
  const { child, ended, url, file } = await startWithLogFile(t, 'exec "$0" "$@" >> all.log 2>&1');
  for (const login of ["a@example.com", "b@example.com"]) {
    assert.equal((await send(url, post(delivery(created(login))))).status, 200);
  }
  child.kill("SIGTERM");
  assert.deepEqual(await ended, { code: 0, signal: null });
  const expected = /\nThe user a@.*\n\S+ POST .*\nThe user b@.*\n\S+ POST .*\n\S+ Stopping\.\n$/;
  assert.match(readFileSync(file, "utf8"), expected);
});

test(
  "a log whose disk was full for a moment has no half line, and comes back",
  { skip: process.platform !== "linux" && "needs Linux" },
  async (t) => {
    // In blocks of 512 bytes.
    const shell = 'ulimit -f 20000; exec "$0" "$@" 2>> all.log';
    const { url, file, stdout } = await startWithLogFile(t, shell);
    // Another program takes all but ten bytes.
    const almostFull = 20_000 * 512 - 10;
    truncateSync(file, almostFull);
    for (const login of ["a@example.com", "b@example.com"]) {
      assert.equal((await send(url, post(delivery(created(login))))).status, 200);
    }
    assert.equal(statSync(file).size, almostFull);
    truncateSync(file, 0);
    // The line of the first is written before the second is read.
    for (const path of ["/back", "/last"]) await send(new URL(path, url).href);
    assert.match(readFileSync(file, "utf8"), /^(?:\S+ POST .*\n)?\S+ GET \/back 404 .*\n/);
    assert.equal(stdout.text, userLine("a@example.com") + userLine("b@example.com"));
  },
);

const FORGOTTEN: [what: string, statement: string, said: string][] = [
  ["a timer that throws", 'setTimeout(() => { throw new Error("late"); });', "Error: late"],
  ["a rejection", 'void Promise.reject(new TypeError("lost"));', "TypeError: lost"],
  ["a timer that throws no Error", "setTimeout(() => { throw null; });", "null"],
  ["a rejection without a reason", "void Promise.reject();", "undefined"],
];

test("what an entry left running and then failed is said, with its place, and ends nothing", async (t) => {
  const cwd = copyProject(t);
  const table = join(cwd, "src/receiver/announcements.ts");
  const entries = FORGOTTEN.map(
    ([, statement], index) =>
      `  "test.${index}": { about: "actor", sentence: () => {\n${statement}\nreturn "done"; } },\n`,
  );
  const source = readFileSync(table, "utf8");
  const changed = source.replace(/^export const ANNOUNCEMENTS.*\n/m, `$&${entries.join("")}`);
  writeFileSync(table, changed);
  const args = ["--import", "tsx", "src/server.ts"];
  const { child, stderr } = run(t, process.execPath, args, { cwd, env: GUIDE });
  const [, url = ""] = await stderr.until(/Listening on (.*)\n[^]*start again\.\n\n/);

  for (const [index, [what, statement, said]] of FORGOTTEN.entries()) {
    const before = stderr.text.length;
    const answer = await send(url, post(delivery(event(`test.${index}`))));
    assert.equal(answer.status, 200, what);
    const [block] = await stderr.until(
      new RegExp(`^\\S+ .+\n(?: .*\n)* .*${said}.*\n`, "m"),
      before,
    );
    const line = changed.split("\n").indexOf(statement) + 1;
    const place = new RegExp(` at .*src/receiver/announcements\\.ts:${line}:`);
    if (said.includes("Error")) await stderr.until(place, before);
    assert.ok(!block.includes("node_modules"), "only frames in src");
  }
  assert.equal((await send(url, post(delivery(created("a@example.com"))))).status, 200);
  assert.equal(child.exitCode, null);
});
