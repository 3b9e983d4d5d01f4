/** The tunnel: which endpoint leads here, what is said of each change, and that it is followed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeChange,
  findTunnel,
  followTunnel,
  leadsTo,
  NO_TUNNEL,
  tunnelCommand,
  type Pace,
  type Tunnel,
} from "../../src/ngrok/tunnel.js";
import type { Message } from "../../src/output.js";
import {
  endpoint,
  endpoints,
  json,
  startAgent,
  type Agent,
  type Answers,
} from "../support/agent.js";
import type { Ends } from "../support/transcript.js";

const PUBLIC = "https://example.ngrok-free.app";
const OTHER = "https://another.ngrok-free.app";
const HERE = { host: "127.0.0.1", port: 8082 };

const LOOPBACK = ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "okta.localhost"];
const MORE_LOOPBACK = ["0.0.0.0", "[::ffff:127.0.0.1]", "host.docker.internal"];
const OTHERS = [
  "[::1]",
  "127.0.0.2",
  "192.0.2.7",
  "receiver",
  "localhost.example.com",
  "xlocalhost",
];
const hosts: [listening: string, ours: string[], others: string[]][] = [
  ["127.0.0.1", [...LOOPBACK, ...MORE_LOOPBACK], OTHERS],
  ["127.0.0.2", ["127.0.0.2"], ["127.0.0.1", "localhost"]],
  ["localhost", ["localhost", "localhost."], ["127.0.0.1", "[::1]"]],
  ["::1", ["[::1]", "[0:0::1]"], ["127.0.0.1", "localhost", "[::2]"]],
  ["0.0.0.0", [...LOOPBACK, ...MORE_LOOPBACK, ...OTHERS], []],
  ["::", [...LOOPBACK, ...OTHERS, "[2001:db8::7]"], []],
  ["192.0.2.7", ["192.0.2.7"], ["192.0.2.8", "localhost", "0.0.0.0", "host.docker.internal"]],
  ["2001:db8::7", ["[2001:DB8::7]"], ["[2001:db8::8]"]],
  ["laptop.local", ["laptop.local", "LAPTOP.local", "laptop.local."], ["other.local"]],
];
for (const [host, ours, others] of hosts) {
  test(`a receiver on ${host} is reached by its addresses, and by no other`, () => {
    const address = { host, port: 8082 };
    for (const each of ours) assert.ok(leadsTo(new URL(`http://${each}:8082`), address), each);
    for (const each of others) assert.ok(!leadsTo(new URL(`http://${each}:8082`), address), each);
    for (const each of [...ours, ...others]) {
      assert.ok(!leadsTo(new URL(`http://${each}:8083`), address), `${each}, another port`);
      assert.ok(!leadsTo(new URL(`https://${each}:8082`), address), `${each}, by https`);
      assert.ok(!leadsTo(new URL(`tcp://${each}:8082`), address), `${each}, by tcp`);
    }
  });
}

test("port 80 is the one that an upstream leaves out", () => {
  assert.ok(leadsTo(new URL("http://localhost"), { host: "127.0.0.1", port: 80 }));
  assert.ok(!leadsTo(new URL("https://localhost"), { host: "127.0.0.1", port: 443 }));
});

test("the command for a tunnel names the host only where ngrok would not find it", () => {
  const commandFor = (host: string) => tunnelCommand({ host, port: 8082 });
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "::"]) {
    assert.equal(commandFor(host), "ngrok http 8082", host);
  }
  assert.equal(commandFor("::1"), "ngrok http [::1]:8082");
  assert.equal(commandFor("192.0.2.7"), "ngrok http 192.0.2.7:8082");
});

const to = (url: string, upstream: string) => ({ url: new URL(url), upstream: new URL(upstream) });
const none: Tunnel = NO_TUNNEL;
const open: Tunnel = { state: "open", url: PUBLIC, lastUrl: PUBLIC };
const openAtOther: Tunnel = { state: "open", url: OTHER, lastUrl: OTHER };
const closed: Tunnel = { state: "closed", lastUrl: PUBLIC };
const ELSEWHERE = "http://localhost:3000";
const elsewhere: Tunnel = { state: "elsewhere", upstream: ELSEWHERE, lastUrl: PUBLIC };
const notHttps: Tunnel = { state: "not https", lastUrl: undefined };
const noAnswer: Tunnel = { state: "no answer", lastUrl: PUBLIC };

const LOCAL = "http://localhost:8082";
const findings: [what: string, list: ReturnType<typeof to>[], before: Tunnel, found: Tunnel][] = [
  ["no endpoints", [], none, none],
  ["no endpoints any more", [], open, closed],
  ["one that leads here", [to(PUBLIC, LOCAL)], none, open],
  ["one with its port", [to(`${PUBLIC}:443/`, LOCAL)], none, open],
  ["two, of which the first is taken", [to(PUBLIC, LOCAL), to(OTHER, LOCAL)], none, open],
  ["two, of which one is known", [to(OTHER, LOCAL), to(PUBLIC, LOCAL)], open, open],
  ["two, of which neither is known", [to(OTHER, LOCAL)], open, openAtOther],
  ["http only", [to("http://example.com", LOCAL)], none, notHttps],
  ["http and https", [to("http://example.com", LOCAL), to(PUBLIC, LOCAL)], none, open],
  ["tcp to here", [to("tcp://0.tcp.ngrok.io:12345", LOCAL)], none, none],
  ["one that leads elsewhere", [to(PUBLIC, ELSEWHERE)], open, elsewhere],
  [
    "several that lead elsewhere, whatever their order",
    [to(PUBLIC, "http://localhost:5000"), to(OTHER, ELSEWHERE)],
    open,
    elsewhere,
  ],
  [
    "an upstream by https",
    [to(PUBLIC, "https://localhost")],
    none,
    { state: "elsewhere", upstream: "https://localhost:443", lastUrl: undefined },
  ],
  ["a file server", [to(PUBLIC, "file:///srv")], none, none],
];
for (const [what, list, before, found] of findings) {
  test(`finds of ${what}: ${found.state}`, () => {
    assert.deepEqual(findTunnel(list, HERE, before), found);
  });
}

/** What messages.ts says of a first tunnel, in this test's own words. */
const describeOpening = (url: string): Message => ({ text: "open", details: [url] });
const COMMAND = ["ngrok http 8082"];

const OPEN = describeOpening(`${PUBLIC}/userCreated`);
const AGAIN: Message = {
  text: "The tunnel is open again, at the same URL: nothing to change in Okta.",
};
const NEW_URL: Message = {
  text: "The tunnel has a new URL. Edit the hook in Okta, and verify it again:",
  details: [`${OTHER}/userCreated`],
  color: "yellow",
};
const CLOSED: Message = {
  text: "The tunnel closed: events are lost until it is open again:",
  details: COMMAND,
  color: "red",
};
const NOT_HERE: Message = {
  text: `ngrok forwards to ${ELSEWHERE}, not here. A free account has one URL: stop that tunnel, and run:`,
  details: COMMAND,
  color: "yellow",
};
const HTTP_ONLY: Message = {
  text: "The tunnel is http only, and Okta needs https. Stop it, and run:",
  details: COMMAND,
  color: "yellow",
};
const LOST: Message = {
  text: "ngrok's agent does not answer: look whether the tunnel is still open.",
  color: "yellow",
};

const changes: [what: string, before: Tunnel, after: Tunnel, message?: Message][] = [
  ["there is still none", none, { ...none }],
  ["a first tunnel opens", none, open, OPEN],
  ["it is still open", open, { ...open }],
  ["it gets a new URL", open, openAtOther, NEW_URL],
  ["it closes", open, closed, CLOSED],
  ["it is still closed", closed, { ...closed }],
  ["it opens again", closed, open, AGAIN],
  ["it opens again at a new URL", closed, openAtOther, NEW_URL],
  ["it leads elsewhere", open, elsewhere, NOT_HERE],
  ["it still leads elsewhere", elsewhere, { ...elsewhere }],
  ["it leads here again", elsewhere, open, AGAIN],
  ["what led elsewhere is gone", elsewhere, closed, CLOSED],
  ["it is http only", none, notHttps, HTTP_ONLY],
  ["it is https at last", notHttps, open, OPEN],
  ["the agent is lost", open, noAnswer, LOST],
  ["the agent is back", noAnswer, open, AGAIN],
  ["one that never led here is gone", notHttps, none],
];
for (const [what, before, after, message] of changes) {
  test(`${message === undefined ? "nothing" : "one thing"} is said when ${what}`, () => {
    assert.deepEqual(describeChange(before, after, HERE, describeOpening), message);
  });
}

/** Longer than any test may take. */
const NEVER_MS = 600_000;
/** A test that waits for what does not come fails. */
const LIMIT = { timeout: 120_000 };

/** Follows an agent's tunnel at a pace of milliseconds; `says` waits for the next message. */
function follow(t: Ends, agent: Agent, pace: Partial<Pace> = {}) {
  const stopping = new AbortController();
  const said: Message[] = [];
  let wake = () => {};
  const following = followTunnel(
    {
      address: HERE,
      agent: agent.address,
      describeOpening,
      say: (message) => {
        said.push(message);
        wake();
      },
      signal: stopping.signal,
    },
    { searchMs: 1, watchMs: 5, patienceMs: NEVER_MS, ...pace },
  );
  t.after(() => stopping.abort());
  const says = async (message: Message) => {
    while (said.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    assert.deepEqual(said.shift(), message);
  };
  return { says, said, stopping, following };
}

const leadingHere = (url: string): Answers => ({ endpoints: endpoints(endpoint(url, LOCAL)) });

test("each turn of a tunnel's life is said once, and nothing else", LIMIT, async (t) => {
  const agent = await startAgent(t);
  const { says, said, stopping, following } = follow(t, agent);
  await agent.asked(3);
  agent.answers = leadingHere(PUBLIC);
  await says(OPEN);
  await agent.asked(3);
  agent.answers = leadingHere(OTHER);
  await says(NEW_URL);
  agent.answers = { endpoints: endpoints(endpoint(OTHER, ELSEWHERE)) };
  await says(NOT_HERE);
  agent.answers = {};
  await says(CLOSED);
  agent.answers = leadingHere(OTHER);
  await says(AGAIN);
  await agent.stop();
  await says(CLOSED);
  stopping.abort();
  await following;
  assert.deepEqual(said, []);
});

test(
  "single failures stay silent; an agent that is lost is told as what it is",
  LIMIT,
  async (t) => {
    const agent = await startAgent(t, leadingHere(PUBLIC));
    const patient = follow(t, agent);
    await patient.says(OPEN);
    const impatient = follow(t, agent, { patienceMs: 1 });
    await impatient.says(OPEN);
    const failure = json({}, 502);
    agent.answers = { endpoints: failure, tunnels: failure };
    await impatient.says(LOST);
    await agent.asked(10);
    agent.answers = leadingHere(PUBLIC);
    await impatient.says(AGAIN);
    await agent.asked(4);
    assert.deepEqual([...patient.said, ...impatient.said], []);
  },
);

test("patience counts from the last answer", LIMIT, async (t) => {
  let clockMs = 0;
  t.mock.method(performance, "now", () => clockMs);
  const agent = await startAgent(t, leadingHere(PUBLIC));
  const { says, said } = follow(t, agent, { patienceMs: 15_000 });
  await says(OPEN);
  clockMs = 100_000;
  await agent.asked(2);
  const failure = json({}, 502);
  agent.answers = { endpoints: failure, tunnels: failure };
  // By then the last good answer was read.
  await agent.asked(1);
  clockMs = 114_999;
  await agent.asked(3);
  assert.deepEqual(said, []);
  clockMs = 115_000;
  await says(LOST);
});

test("an agent that fails from the start is told, too", LIMIT, async (t) => {
  const agent = await startAgent(t, { endpoints: json({}, 403) });
  const { says } = follow(t, agent, { patienceMs: 1 });
  await says(LOST);
  agent.answers = leadingHere(PUBLIC);
  await says(OPEN);
});

test("a tunnel is looked for at one pace, and watched at another", LIMIT, async (t) => {
  const agent = await startAgent(t);
  const searching = follow(t, agent, { searchMs: 1, watchMs: NEVER_MS });
  await agent.asked(5);
  searching.stopping.abort();
  await searching.following;
  agent.answers = leadingHere(PUBLIC);
  const watching = follow(t, agent, { searchMs: NEVER_MS, watchMs: 1 });
  await watching.says(OPEN);
  await agent.asked(5);
  agent.answers = {};
  await watching.says(CLOSED);
  await agent.asked(5);
});

test("nothing is said of the tunnel once the receiver stops", LIMIT, async (t) => {
  const agent = await startAgent(t);
  const { said, stopping, following } = follow(t, agent);
  agent.answers = {
    endpoints: (res) => {
      stopping.abort();
      endpoints(endpoint(PUBLIC, LOCAL))(res);
    },
  };
  await following;
  assert.deepEqual(said, []);
});

test("a stop does not wait for the next look-up", LIMIT, async (t) => {
  const agent = await startAgent(t);
  const { stopping, following } = follow(t, agent, { searchMs: NEVER_MS });
  await agent.asked(1);
  stopping.abort();
  await following;
});
