/** The tunnel: found in every form the agent writes it, followed, and never in the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings } from "../src/settings.js";
import { findTunnels } from "../src/tunnel.js";
import { endpoints, startAgent, tunnels, type Answering } from "./support/agent.js";
import { send } from "./support/http.js";
import { startReceiver } from "./support/process.js";

const PUBLIC = "https://example.ngrok-free.app";
const OTHER = "https://another.ngrok-free.app";
const NEVER = 60_000;

const { settings } = readSettings({ BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" });

const upstreams = [
  ["http://localhost:8082", true],
  ["localhost:8082", true],
  ["8082", true],
  ["http://127.0.0.1:8082", true],
  ["127.0.0.1:8082", true],
  ["http://[::1]:8082", true],
  ["http://LOCALHOST:8082/", true],
  ["http://host.docker.internal:8082", true],
  ["http://192.0.2.7:8082", true, "192.0.2.7"],
  ["http://[2001:db8::7]:8082", true, "2001:db8::7"],
  ["http://localhost:8083", false],
  ["http://localhost:18082", false],
  ["8083", false],
  ["http://localhost", false],
  ["https://localhost:8082", false],
  ["http://192.0.2.7:8082", false],
  ["http://localhost.example.com:8082", false],
  ["", false],
  ["http://", false],
] as const;
for (const [upstream, ours, host = "127.0.0.1"] of upstreams) {
  test(`${JSON.stringify(upstream)} is ${ours ? "ours" : "another's"} when listening on ${host}`, async (t) => {
    for (const answers of [
      { "/api/endpoints": endpoints([OTHER, "9999"], [PUBLIC, upstream]) },
      { "/api/tunnels": tunnels([OTHER, "9999"], [PUBLIC, upstream]) },
    ]) {
      const agent = await startAgent(t, answers);
      const found = await findTunnels({ ...settings, host, ngrokWebAddr: agent.address }, NEVER);
      assert.deepEqual(found, ours ? [PUBLIC] : []);
    }
  });
}

test("port 80 is ours also when it is not written", async (t) => {
  const agent = await startAgent(t, { "/api/endpoints": endpoints([PUBLIC, "http://localhost"]) });
  assert.deepEqual(await findTunnels({ ...settings, port: 80, ngrokWebAddr: agent.address }, NEVER), [
    PUBLIC,
  ]);
});

test("only https is offered", async (t) => {
  const list = endpoints(["http://example.ngrok-free.app", "8082"], ["tcp://0.tcp.ngrok.io:12345", "8082"]);
  const agent = await startAgent(t, { "/api/endpoints": list });
  assert.deepEqual(await findTunnels({ ...settings, ngrokWebAddr: agent.address }, NEVER), []);
});

const text =
  (body: string): Answering =>
  (res) =>
    void res.end(body);
const broken: [what: string, answer: unknown][] = [
  ["no JSON", text("<html>\u001b[2J</html>")],
  ["nothing", text("")],
  ["JSON of another shape", { endpoints: 7, tunnels: {} }],
  ["a list", []],
  [
    "an answer that breaks off",
    ((res) =>
      void res.writeHead(200, { "content-length": 99 }).write("{", () => res.destroy())) satisfies Answering,
  ],
  ["a hang-up", ((res) => void res.destroy()) satisfies Answering],
  ["an answer over 1 MB", text(`{"endpoints":[${" ".repeat(2_000_000)}]}`)],
  [
    "a redirect",
    ((res) => void res.writeHead(302, { location: "http://127.0.0.1:1/" }).end()) satisfies Answering,
  ],
];
for (const [what, answer] of broken) {
  test(`an agent that answers ${what} is no news`, async (t) => {
    const agent = await startAgent(t, { "/api/endpoints": answer, "/api/tunnels": answer });
    assert.equal(await findTunnels({ ...settings, ngrokWebAddr: agent.address }, NEVER), undefined);
  });
}

test("an agent that never answers, or never stops, is no news", async (t) => {
  const silent: Answering = () => {};
  const endless: Answering = (res) => {
    res.on("error", () => {});
    res.write('{"endpoints":[');
    const trickle = setInterval(() => res.write(" "), 10);
    res.on("close", () => clearInterval(trickle));
  };
  for (const answer of [silent, endless]) {
    const agent = await startAgent(t, { "/api/endpoints": answer });
    assert.equal(await findTunnels({ ...settings, ngrokWebAddr: agent.address }, 100), undefined);
  }
});

test("odd items in the list hide no other", async (t) => {
  const odd = [null, 7, "x", [], {}, { url: 7, upstream: 7 }, { url: PUBLIC, upstream: { url: ["8082"] } }];
  const { endpoints: good } = endpoints(["https://\u001b[2J", "8082"], [PUBLIC, "8082"]);
  const agent = await startAgent(t, { "/api/endpoints": { endpoints: [...odd, ...good] } });
  assert.deepEqual(await findTunnels({ ...settings, ngrokWebAddr: agent.address }, NEVER), [PUBLIC]);
});

test("no agent is no tunnel", async () => {
  assert.deepEqual(await findTunnels({ ...settings, ngrokWebAddr: "127.0.0.1:1" }, NEVER), []);
});

test("a tunnel that is open at the start is in the text to paste, and in no other line", async (t) => {
  // The agent must know the port beforehand, so a first receiver finds a free one.
  const agent = await startAgent(t);
  const receiver = await startReceiver(t);
  agent.answers = { "/api/endpoints": endpoints([PUBLIC, String(receiver.port)]) };
  receiver.child.kill("SIGTERM");
  await receiver.ended;
  const again = await startReceiver(t, {
    env: { NGROK_WEB_ADDR: agent.address, PORT: String(receiver.port) },
  });
  assert.match(again.stderr.text, new RegExp(`^ {2}URL {20}${PUBLIC}/userCreated$`, "m"));
  await agent.asked(2);
  assert.equal(again.stderr.text.split("leave a tunnel open.\n\n")[1], "");
});

test("a tunnel's life: found, changed, gone and back are each said once, and nothing else", async (t) => {
  const agent = await startAgent(t);
  const receiver = await startReceiver(t, { env: { NGROK_WEB_ADDR: agent.address } });
  const ours = `http://localhost:${receiver.port}`;
  let said = receiver.stderr.text;
  const expect = async (message: string) => {
    said += message;
    await receiver.stderr.until(/\n$/, said.length - 1);
    assert.equal(receiver.stderr.text, said);
  };
  const list = (...all: [string, string][]) => (agent.answers = { "/api/endpoints": endpoints(...all) });

  list([OTHER, "http://localhost:1"], ["http://example.ngrok-free.app", ours]);
  await agent.asked(1);
  list([PUBLIC, ours]);
  await expect(`The tunnel is open. URL for Okta: ${PUBLIC}/userCreated\n`);
  list([OTHER, ours], [PUBLIC, ours]); // A second one, while the first goes on, changes nothing.
  await agent.asked(2);
  list([OTHER, ours]);
  await expect(
    `The tunnel's URL is new: edit the event hook in Okta, and verify it again: ${OTHER}/userCreated\n`,
  );
  await agent.stop();
  const gone = `The tunnel is gone. Events are lost until it is back: ngrok http ${receiver.port}\n`;
  await expect(gone);
  await agent.start();
  await expect("The tunnel is back at the same URL.\n");
  list();
  await expect(gone);
  agent.answers = { "/api/tunnels": tunnels([PUBLIC, String(receiver.port)]) };
  await expect(
    `The tunnel's URL is new: edit the event hook in Okta, and verify it again: ${PUBLIC}/userCreated\n`,
  );
});

test("an agent that hangs is in the way of nothing, stopping included", async (t) => {
  const agent = await startAgent(t, { "/api/endpoints": (() => {}) satisfies Answering });
  const receiver = await startReceiver(t, { env: { NGROK_WEB_ADDR: agent.address } });
  await agent.asked(1);
  assert.equal((await send(receiver.url)).status, 400);
  receiver.child.kill("SIGTERM");
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
});
