/** Memory: what was delivered or said is kept neither by a connection nor by a stream that is gone. */
import assert from "node:assert/strict";
import http from "node:http";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { flood } from "./support/flood.js";
import { send } from "./support/http.js";
import { created, delivery, event, post } from "./support/okta.js";
import { folder, GUIDE, run, SERVER } from "./support/process.js";
import type { Ends, Transcript } from "./support/transcript.js";

const CONNECTIONS = 10;

/** Has the receiver collect its garbage and say on stdout how much memory is in use, in bytes. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  process.on("SIGUSR2", () => {
    setImmediate(() => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      console.log("in use: " + (heapUsed + external));
    });
  });
`)}`;

/** Starts a receiver; resolves to it, to where it is, and to a check of what it keeps. */
async function startMeasured(t: Ends) {
  const args = ["--expose-gc", "--import", REPORT, ...SERVER];
  const receiver = run(t, process.execPath, args, { env: GUIDE, cwd: folder(t) });
  const { child, stdout, stderr } = receiver;
  const [, url = ""] = await stderr.until(/^Listening on (.*)\n[^]*npm run simulate\n\n/);
  const inUse = () => askFor(stdout, () => child.kill("SIGUSR2"));

  async function assertKept(before: number, limit: number): Promise<void> {
    let growth = Infinity;
    // The first collections may come before the last answer's own ends are gone.
    for (let tries = 0; tries < 20 && growth > limit; tries += 1) growth = (await inUse()) - before;
    assert.ok(growth <= limit, `${growth} bytes more are in use`);
  }
  return { ...receiver, url, inUse, assertKept };
}

async function askFor(stdout: Transcript, ask: () => void): Promise<number> {
  const before = stdout.text.length;
  ask();
  const [, bytes] = await stdout.until(/in use: (\d+)\n/, before);
  return Number(bytes);
}

const LONG = "x".repeat(9_000_000);
const denied = { outcome: { result: "DENY" } };
const many = Array.from({ length: 7_000 }, (_, index) => created(`u${index}@example.com`));
const bodies: [what: string, body: string, status: number][] = [
  ["users", JSON.stringify(delivery(...many)), 200],
  ["a type", JSON.stringify(delivery(event(LONG))), 200],
  ["a login", JSON.stringify(delivery(created(LONG, denied))), 200],
  ["a result", JSON.stringify(delivery(created("a", { outcome: { result: LONG } }))), 200],
  ["what is not JSON", `{${" ".repeat(9_000_000)}`, 400],
];
test("ten kept-alive connections keep nothing of 9 MB that each has delivered", async (t) => {
  const { url, inUse, assertKept } = await startMeasured(t);
  const agents = Array.from({ length: CONNECTIONS }, () => new http.Agent({ keepAlive: true }));
  t.after(() => agents.forEach((agent) => agent.destroy()));
  const deliver = async (body: string, expected: number) => {
    // One after the other: a request has 10 seconds to arrive.
    for (const agent of agents) {
      assert.equal((await send(url, { ...post(delivery()), agent, body })).status, expected);
      assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    }
  };
  await deliver(JSON.stringify(delivery(created("a@example.com"))), 200);
  const before = await inUse();
  for (const [what, body, status] of bodies) {
    await deliver(body, status);
    // A tenth of what was delivered.
    await assertKept(before, 9_000_000).catch((error: unknown) => {
      assert.fail(`${what}: ${String(error)}`);
    });
  }
});

const endings: [what: string, end: (log: Readable) => void][] = [
  ["goes away", (log) => log.destroy()],
  ["stops reading", (log) => log.pause()],
];
for (const [what, end] of endings) {
  test(`the log of a reader that ${what} is not kept`, async (t) => {
    const { child, url, inUse, assertKept } = await startMeasured(t);
    assert.ok(child.stderr);
    end(child.stderr);
    // Whatever may wait waits from then on.
    await flood(url, 10_000);
    const before = await inUse();
    await flood(url, 10_000);
    // Half of what the log would take.
    await assertKept(before, 1_000_000);
  });
}
