/** Memory: a connection that stays open after a delivery keeps nothing of it. */
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { send } from "./support/http.js";
import { created, delivery, post } from "./support/okta.js";
import { folder, GUIDE, run, SERVER } from "./support/process.js";

const CONNECTIONS = 10;

/** A tenth of what was delivered, in bytes. */
const LIMIT = 9_000_000;

/** Has the receiver collect its garbage and say how much memory is in use, in bytes. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  process.on("SIGUSR2", () => {
    setImmediate(() => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      console.error("in use: " + (heapUsed + external));
    });
  });
`)}`;

test("ten kept-alive connections keep nothing of 9 MB that each has delivered", async (t) => {
  const args = ["--expose-gc", "--import", REPORT, SERVER];
  const { child, stderr } = run(t, process.execPath, args, { env: GUIDE, cwd: folder(t) });
  const [, url = ""] = await stderr.until(/^Listening on (.*)\n[^]*npm run simulate\n\n/);
  const inUse = async () => {
    const before = stderr.text.length;
    child.kill("SIGUSR2");
    const [, bytes] = await stderr.until(/in use: (\d+)\n/, before);
    return Number(bytes);
  };
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const deliver = async (users: number, body?: string) => {
    const events = Array.from({ length: users }, (_, index) => created(`u${index}@example.com`));
    const request = { ...post(delivery(...events)), agent, ...(body && { body }) };
    const sent = Array.from({ length: CONNECTIONS }, () => send(url, request));
    const expected = body === undefined ? 200 : 400;
    for (const { status } of await Promise.all(sent)) assert.equal(status, expected);
    assert.equal(Object.values(agent.freeSockets).flat().length, CONNECTIONS);
  };
  await deliver(1);
  const before = await inUse();
  const settled = async () => {
    let growth = Infinity;
    // The first collections may come before the last answer's own ends are gone.
    for (let tries = 0; tries < 20 && growth > LIMIT; tries += 1) growth = (await inUse()) - before;
    assert.ok(growth <= LIMIT, `${growth} bytes more are in use`);
  };
  await deliver(7_000);
  await settled();
  await deliver(0, `{${" ".repeat(9_000_000)}`);
  await settled();
});
