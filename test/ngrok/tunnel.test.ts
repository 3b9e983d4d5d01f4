/** The tunnel: which endpoint leads here, what is said of each change, and that it is followed. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { describeTunnel, type HookForm } from "../../src/instructions.js";
import type { Endpoint } from "../../src/ngrok/agent.js";
import {
  findTunnel,
  followTunnel,
  leadsTo,
  NO_TUNNEL,
  tunnelCommand,
  type Tunnel,
} from "../../src/ngrok/tunnel.js";
import { Output, type Message } from "../../src/output.js";
import {
  endpoint,
  endpoints,
  json,
  startAgent,
  text,
  type Agent,
  type Answer,
} from "../support/agent.js";
import { SECRET } from "../support/okta.js";
import { folder, GUIDE, run, SERVER } from "../support/process.js";
import { Transcript, type Ends } from "../support/transcript.js";

const PUBLIC = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev";
const OTHER = "https://another-name.ngrok-free.dev";
const HERE = { address: "127.0.0.1", port: 8082 };

const NAMES = ["localhost", "LOCALHOST.", "okta.localhost"];
const ALIASES = ["0.0.0.0", "[::ffff:127.0.0.1]", "host.docker.internal"];
const OTHERS = ["127.0.0.2", "192.0.2.7", "receiver", "localhost.example.com", "xlocalhost"];
const hosts: [listening: string, ours: string[], others: string[]][] = [
  ["127.0.0.1", ["127.0.0.1", ...NAMES, ...ALIASES], ["[::1]", ...OTHERS]],
  ["127.0.0.2", ["127.0.0.2"], ["127.0.0.1", "[::1]", ...NAMES, ...ALIASES]],
  ["::1", ["[::1]", "[0:0::1]", ...NAMES], ["127.0.0.1", "[::2]", ...ALIASES, ...OTHERS]],
  // In a container the upstream is a service's name.
  ["0.0.0.0", ["127.0.0.1", ...NAMES, ...ALIASES, ...OTHERS], []],
  ["::", ["127.0.0.1", "[::1]", ...NAMES, ...OTHERS], []],
];
for (const [address, ours, others] of hosts) {
  test(`a receiver on ${address} is reached by its own addresses, and by no other`, () => {
    const leadsHere = (upstream: string) => leadsTo(new URL(upstream), { address, port: 8082 });
    for (const host of ours) assert.ok(leadsHere(`http://${host}:8082`), host);
    for (const host of others) assert.ok(!leadsHere(`http://${host}:8082`), host);
    assert.ok(!leadsHere(`http://${ours[0]}:8083`), "another port");
    assert.ok(!leadsHere(`https://${ours[0]}:8082`), "by https");
    assert.ok(leadsTo(new URL(`http://${ours[0]}`), { address, port: 80 }), "port 80 is left out");
  });
}

test("a receiver on all addresses gets its tunnel without naming one", () => {
  assert.equal(tunnelCommand({ address: "0.0.0.0", port: 8082 }), "ngrok http 8082");
});

const open: Tunnel = { state: "open", url: PUBLIC, upstream: undefined };
const moved: Tunnel = { ...open, url: OTHER };
const closed: Tunnel = { ...open, state: "closed" };
const away: Tunnel = { state: "elsewhere", url: PUBLIC, upstream: "http://localhost:3000" };
const neverHere: Tunnel = { ...away, url: undefined };
const byHttps: Tunnel = { ...neverHere, upstream: "https://localhost:443" };

const LOCAL = "http://localhost:8082";
const ELSEWHERE = "http://localhost:3000";
const listed = (url: string, upstream: string) => ({
  url: new URL(url),
  upstream: new URL(upstream),
});
const here = listed(PUBLIC, LOCAL);
const here2 = listed(OTHER, LOCAL);
const elsewhere = listed(PUBLIC, ELSEWHERE);
const further = listed(OTHER, "http://localhost:5000");
const findings: [what: string, list: Endpoint[], before: Tunnel, after: Tunnel][] = [
  ["another beside the known", [here2, here], open, open],
  ["what leads here beside others", [further, here], NO_TUNNEL, open],
  ["http alone", [listed("http://example.com", LOCAL)], NO_TUNNEL, NO_TUNNEL],
  ["what leads elsewhere from the first", [elsewhere], NO_TUNNEL, neverHere],
  ["two that lead elsewhere", [further, elsewhere], open, away],
  ["the two in the other order", [elsewhere, further], open, away],
  ["an upstream by https", [listed(PUBLIC, "https://localhost")], NO_TUNNEL, byHttps],
];
for (const [what, list, before, after] of findings) {
  test(`where the agent lists ${what}, the tunnel is ${after.state}`, () => {
    assert.deepEqual(findTunnel(list, HERE, before), after);
  });
}

const FORM: HookForm = { secret: SECRET, eventTypes: ["user.lifecycle.create"] };

const OPEN = `The tunnel is open. In Okta's Admin Console, Workflow > Event Hooks >
  Create Event Hook:
  URL
    https://unsealable-nonimpedimental-jacquline.ngrok-free.dev/userCreated
  Authentication field   authorization
  Authentication secret  Basic YWRtaW46c3VwZXJzZWNyZXQ=
  Subscribe to events    User created
  Then click Save & Continue, and Verify.
`;
const AGAIN = "The tunnel is open again, at the same URL: nothing to change in Okta.\n";
const MOVED = `The tunnel has a new URL. Edit the hook in Okta, and verify it again:
  https://another-name.ngrok-free.dev/userCreated
`;
const CLOSED = `The tunnel closed: events are lost until it is open again:
  ngrok http 8082
`;
const AWAY = `ngrok forwards to http://localhost:3000, not here. A free account has
  one URL: stop that tunnel, and run:
  ngrok http 8082
`;

const changes: [before: Tunnel, after: Tunnel, said: string, color?: Message["color"]][] = [
  [NO_TUNNEL, neverHere, AWAY, "yellow"],
  [neverHere, open, OPEN],
  [neverHere, NO_TUNNEL, ""],
  [open, moved, MOVED, "yellow"],
  [open, closed, CLOSED, "red"],
  [closed, open, AGAIN],
  [away, open, AGAIN],
];
for (const [before, after, said, color] of changes) {
  const [what = ""] = said.split("\n");
  test(`${before.state}, then ${after.state}: "${what}"`, async () => {
    const message = describeTunnel(before, after, HERE, FORM);
    assert.equal(await shown(message), said);
    assert.equal(message?.color, color);
  });
}

/** What a person sees of a message, but for the time of day. */
async function shown(message: Message | undefined): Promise<string> {
  if (message === undefined) return "";
  const stream = new PassThrough();
  const transcript = new Transcript(stream);
  new Output(stream, false).say(message);
  await transcript.until(/\n$/);
  for (const line of transcript.text.split("\n")) assert.ok(line.length <= 80, line);
  return transcript.text.replace(/^\d\d:\d\d:\d\d /, "");
}

/** Longer than any test may take. */
const NEVER_MS = 600_000;
/** A test that waits for what does not come fails. */
const LIMIT = { timeout: 120_000 };

/** Follows an agent's tunnel without a pause, if none is asked for; `becomes` waits for a change. */
function follow(t: Ends, agent: Agent, watchMs = 1) {
  const stopping = new AbortController();
  const unread: Tunnel[] = [];
  let wake = () => {};
  const following = followTunnel({
    address: HERE,
    agent: agent.address,
    signal: stopping.signal,
    pace: { searchMs: 1, watchMs },
    onChange: (_before, after) => {
      unread.push(after);
      wake();
    },
  });
  t.after(() => stopping.abort());
  const becomes = async (tunnel: Tunnel) => {
    while (unread.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    assert.deepEqual(unread.shift(), tunnel);
  };
  return { becomes, unread, stopping, following };
}

const leading = (url: string, upstream: string): Answer => endpoints(endpoint(url, upstream));

test("each turn of a tunnel's life is told once, and nothing else", LIMIT, async (t) => {
  // At first another program has the agent's port.
  const page = text("<html>Welcome</html>");
  const agent = await startAgent(t, { endpoints: page, tunnels: page });
  const { becomes, unread } = follow(t, agent);
  const turns: [answer: Answer, tunnel: Tunnel][] = [
    [leading(PUBLIC, LOCAL), open],
    [leading(PUBLIC, ELSEWHERE), away],
    [leading(PUBLIC, LOCAL), open],
    [leading(OTHER, LOCAL), moved],
    [endpoints(), { ...closed, url: OTHER }],
    [leading(OTHER, LOCAL), moved],
  ];
  for (const [answer, tunnel] of turns) {
    await agent.asked(3);
    agent.answers = { endpoints: answer };
    await becomes(tunnel);
  }
  // Whatever else the agent does, nothing is known to have changed.
  for (const failure of [page, json({}, 502), text("{")]) {
    agent.answers = { endpoints: failure, tunnels: failure };
    await agent.asked(3);
  }
  assert.deepEqual(unread, []);
  await agent.stop();
  await becomes({ ...closed, url: OTHER });
});

test("a stop waits for no look-up, and nothing is told after it", LIMIT, async (t) => {
  const agent = await startAgent(t, { endpoints: leading(PUBLIC, LOCAL) });
  const waiting = follow(t, agent, NEVER_MS);
  await waiting.becomes(open);
  waiting.stopping.abort();
  await waiting.following;
  const asking = follow(t, agent);
  agent.answers.endpoints = (res) => {
    asking.stopping.abort();
    leading(PUBLIC, LOCAL)(res);
  };
  await asking.following;
  assert.deepEqual([...waiting.unread, ...asking.unread], []);
});

test("with LISTEN_HOST=localhost a tunnel to the address behind it leads here", async (t) => {
  const agent = await startAgent(t);
  const env = { ...GUIDE, LISTEN_HOST: "localhost", NGROK_WEB_ADDR: agent.address };
  const { stderr } = run(t, process.execPath, SERVER, { env, cwd: folder(t) });
  const [, upstream = ""] = await stderr.until(/Listening on (http:\S+)\/userCreated\n/);
  assert.doesNotMatch(upstream, /localhost/);
  agent.answers.endpoints = leading(PUBLIC, upstream);
  await stderr.until(/The tunnel is open\./);
});
