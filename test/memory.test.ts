/** Memory: what was delivered or said is kept neither by a connection nor by a stream that is gone. */
import assert from "node:assert/strict";
import http from "node:http";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { flood } from "./support/flood.js";
import { send } from "./support/http.js";
import { created, delivery, event, post } from "./support/okta.js";
import { folder, GUIDE, listening, run, SERVER } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

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

/** Starts a receiver whose memory can be asked for. */
async function startMeasured(t: Ends) {
  const args = ["--expose-gc", "--import", REPORT, ...SERVER];
  const { child, stdout, stderr } = run(t, process.execPath, args, { env: GUIDE, cwd: folder(t) });
  const url = await listening(stderr);

  async function inUse(): Promise<number> {
    const before = stdout.text.length;
    child.kill("SIGUSR2");
    const [, bytes] = await stdout.until(/in use: (\d+)\n/, before);
    return Number(bytes);
  }

  /** Fails when more than before is in use, and that also after several collections. */
  async function assertKept(before: number, limit: number, what: string): Promise<void> {
    let growth = Infinity;
    // The first collections may come before the last answer's own ends are gone.
    for (let tries = 0; tries < 20 && growth > limit; tries += 1) growth = (await inUse()) - before;
    assert.ok(growth <= limit, `${what}: ${growth} bytes more are in use`);
  }
  return { log: child.stderr, url, inUse, assertKept };
}

const LONG = "x".repeat(2_000_000);
const USERS = Array.from({ length: 6_000 }, (_, index) => created(`u${index}@example.com`));
const REFUSED = [
  event(LONG),
  created(LONG, { outcome: { result: "DENY" } }),
  created("a", { outcome: { result: LONG } }),
];
const bodies: [what: string, body: string, status: number][] = [
  ["users", JSON.stringify(delivery(...USERS)), 200],
  [
    "its id, types, logins and results",
    JSON.stringify({ ...delivery(...REFUSED), eventId: LONG }),
    200,
  ],
  ["what is not JSON", `{${" ".repeat(8_000_000)}`, 400],
];
test("five kept-alive connections keep nothing of the 8 MB that each has delivered", async (t) => {
  const { url, inUse, assertKept } = await startMeasured(t);
  const agents = Array.from({ length: 5 }, () => new http.Agent({ keepAlive: true }));
  t.after(() => agents.forEach((agent) => agent.destroy()));
  const deliver = async (body: string, expected: number) => {
    for (const [index, agent] of agents.entries()) {
      // Each is a delivery of its own.
      const own = body.replace(LONG, `${LONG.slice(1)}${index}`);
      const answer = await send(url, { ...post(delivery()), agent, body: own });
      assert.equal(answer.status, expected);
      assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    }
  };
  await deliver(JSON.stringify(delivery(created("a@example.com"))), 200);
  const before = await inUse();
  for (const [what, body, status] of bodies) {
    await deliver(body, status);
    // Half of what one of the long texts comes to.
    await assertKept(before, 5_000_000, what);
  }
});

const endings: [what: string, end: (log: Readable) => void][] = [
  ["goes away", (log) => log.destroy()],
  ["stops reading", (log) => log.pause()],
];
for (const [what, end] of endings) {
  test(`the log of a reader that ${what} is not kept, and users do not wait for it`, async (t) => {
    const { log, url, inUse, assertKept } = await startMeasured(t);
    assert.ok(log);
    end(log);
    // Whatever may wait waits from then on.
    await flood(url, 200);
    const before = await inUse();
    await flood(url, 300);
    // Half of what the log would take.
    await assertKept(before, 1_000_000, "the log");
    const answer = await send(url, post(delivery(created("a@example.com"))));
    assert.equal(answer.status, 200);
  });
}
