/** Memory: what was delivered or said is kept neither by a connection nor by a stream that is gone. */
import assert from "node:assert/strict";
import http from "node:http";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { flood } from "./support/flood.js";
import { send } from "./support/http.js";
import { created, delivery, event, post } from "./support/okta.js";
import { folder, GUIDE, run, SERVER } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

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

/** Starts a receiver whose memory can be asked for. */
async function startMeasured(t: Ends) {
  const args = ["--expose-gc", "--import", REPORT, ...SERVER];
  const { child, stdout, stderr } = run(t, process.execPath, args, { env: GUIDE, cwd: folder(t) });
  const [, url = ""] = await stderr.until(/^Listening on (.*)\n[^]*npm run simulate\n\n/);

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

const LONG = "x".repeat(9_000_000);
const many = Array.from({ length: 7_000 }, (_, index) => created(`u${index}@example.com`));
const bodies: [what: string, body: string, status: number][] = [
  ["users", JSON.stringify(delivery(...many)), 200],
  ["a type", JSON.stringify(delivery(event(LONG))), 200],
  ["a login", JSON.stringify(delivery(created(LONG, { outcome: { result: "DENY" } }))), 200],
  ["a result", JSON.stringify(delivery(created("a", { outcome: { result: LONG } }))), 200],
  ["an eventId", JSON.stringify({ ...delivery(), eventId: LONG }), 200],
  ["what is not JSON", `{${" ".repeat(LONG.length)}`, 400],
];
test("ten kept-alive connections keep nothing of 9 MB that each has delivered", async (t) => {
  const { url, inUse, assertKept } = await startMeasured(t);
  const agents = Array.from({ length: CONNECTIONS }, () => new http.Agent({ keepAlive: true }));
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
    // A tenth of what was delivered.
    await assertKept(before, LONG.length, what);
  }
});

const endings: [what: string, end: (log: Readable) => void][] = [
  ["goes away", (log) => log.destroy()],
  ["stops reading", (log) => log.pause()],
];
for (const [what, end] of endings) {
  test(`the log of a reader that ${what} is not kept`, async (t) => {
    const { log, url, inUse, assertKept } = await startMeasured(t);
    assert.ok(log);
    end(log);
    // Whatever may wait waits from then on.
    await flood(url, 6_000);
    const before = await inUse();
    await flood(url, 10_000);
    // Half of what the log would take.
    await assertKept(before, 1_000_000, "the log");
    const answer = await send(url, post(delivery(created("a@example.com"))));
    assert.equal(answer.status, 200, "users do not wait for it");
  });
}
