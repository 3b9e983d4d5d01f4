/** The tunnel: which endpoint leads here, what is said of each change, and that it is followed. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { describeTunnel, type HookForm } from "../../src/instructions.js";
import {
  findTunnel,
  followTunnel,
  leadsTo,
  NO_TUNNEL,
  tunnelCommand,
  type Pace,
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
  ["::1", ["[::1]", "[0:0::1]", ...NAMES], ["127.0.0.1", "[::2]", ...OTHERS]],
  ["192.0.2.7", ["192.0.2.7"], ["192.0.2.8", "127.0.0.1", ...NAMES, ...ALIASES]],
  ["2001:db8::7", ["[2001:DB8::7]"], ["[2001:db8::8]", "[::1]", ...NAMES]],
  // In a container the upstream is a service's name.
  ["0.0.0.0", ["127.0.0.1", ...NAMES, ...ALIASES, ...OTHERS], []],
  ["::", ["127.0.0.1", "[::1]", ...NAMES, ...OTHERS], []],
];
for (const [address, ours, others] of hosts) {
  test(`a receiver on ${address} is reached by its own addresses, and by no other`, () => {
    const leadsHere = (upstream: string) => leadsTo(new URL(upstream), { address, port: 8082 });
    for (const host of ours) assert.ok(leadsHere(`http://${host}:8082`), host);
    for (const host of others) assert.ok(!leadsHere(`http://${host}:8082`), host);
    for (const host of ours) {
      assert.ok(!leadsHere(`http://${host}:8083`), `${host}, another port`);
      assert.ok(!leadsHere(`https://${host}:8082`), `${host}, by https`);
      assert.ok(!leadsHere(`tcp://${host}:8082`), `${host}, by tcp`);
    }
    assert.ok(leadsTo(new URL(`http://${ours[0]}`), { address, port: 80 }), "port 80 is left out");
  });
}

test("a receiver on all addresses gets its tunnel without naming one", () => {
  assert.equal(tunnelCommand({ address: "0.0.0.0", port: 8082 }), "ngrok http 8082");
  assert.equal(tunnelCommand({ address: "::", port: 8082 }), "ngrok http 8082");
});

const openAt = (url: string): Tunnel => ({ state: "open", url, upstream: undefined });
const open = openAt(PUBLIC);
const moved = openAt(OTHER);
const closed: Tunnel = { state: "closed", url: PUBLIC, upstream: undefined };
const away: Tunnel = { state: "elsewhere", url: PUBLIC, upstream: "http://localhost:3000" };
const neverHere: Tunnel = { ...away, url: undefined };
const byHttps: Tunnel = { ...neverHere, upstream: "https://localhost:443" };

const LOCAL = "http://localhost:8082";
const ELSEWHERE = "http://localhost:3000";
type Listed = [url: string, upstream: string];
const here: Listed = [PUBLIC, LOCAL];
const here2: Listed = [OTHER, LOCAL];
const further: Listed = [OTHER, "http://localhost:5000"];
const findings: [what: string, listed: Listed[], before: Tunnel, after: Tunnel][] = [
  ["nothing", [], NO_TUNNEL, NO_TUNNEL],
  ["nothing any more", [], open, closed],
  ["what leads here", [here], NO_TUNNEL, open],
  ["what leads here, with its port", [[`${PUBLIC}:443/`, LOCAL]], NO_TUNNEL, open],
  ["two that lead here", [here, here2], NO_TUNNEL, open],
  ["another beside the known", [here2, here], open, open],
  ["another in place of the known", [here2], open, moved],
  ["what leads elsewhere beside it", [further, here], NO_TUNNEL, open],
  ["http alone", [["http://example.com", LOCAL]], NO_TUNNEL, NO_TUNNEL],
  ["tcp", [["tcp://0.tcp.ngrok.io:12345", LOCAL]], NO_TUNNEL, NO_TUNNEL],
  ["what leads elsewhere", [[PUBLIC, ELSEWHERE]], NO_TUNNEL, neverHere],
  ["what leads elsewhere now", [[PUBLIC, ELSEWHERE]], open, away],
  ["two, in one order", [further, [PUBLIC, ELSEWHERE]], open, away],
  ["two, in the other order", [[PUBLIC, ELSEWHERE], further], open, away],
  ["an upstream by https", [[PUBLIC, "https://localhost"]], NO_TUNNEL, byHttps],
];
for (const [what, listed, before, after] of findings) {
  test(`where the agent lists ${what}, the tunnel is ${after.state}`, () => {
    const list = listed.map(([url, upstream]) => ({
      url: new URL(url),
      upstream: new URL(upstream),
    }));
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

/** Where the form was shown by a receiver before this one. */
const URL_ALONE = `The tunnel is open. The event hook's URL:\n  ${PUBLIC}/userCreated\n`;
const HIDDEN = OPEN.replace(
  "Basic YWRtaW46c3VwZXJzZWNyZXQ=",
  `hidden here; to see it:
                         node -p "'Basic ' + btoa('USERNAME:PASSWORD')"`,
);
const SECOND = OPEN.replace(
  "User created",
  `user.lifecycle.create
                         group.user_membership.add`,
);
const eventTypes = ["user.lifecycle.create", "group.user_membership.add"];
const forms: [what: string, form: HookForm | undefined, said: string][] = [
  ["all to paste", FORM, OPEN],
  ["how to see a secret that may not be shown", { ...FORM, secret: undefined }, HIDDEN],
  ["all types to subscribe to", { ...FORM, eventTypes }, SECOND],
  ["the URL, where the rest was shown before", undefined, URL_ALONE],
];
for (const [what, form, said] of forms) {
  test(`the first tunnel is told with ${what}`, async () => {
    assert.equal(await shown(describeTunnel(NO_TUNNEL, open, HERE, form)), said);
  });
}

const changes: [before: Tunnel, after: Tunnel, said: string, color?: Message["color"]][] = [
  [NO_TUNNEL, neverHere, AWAY, "yellow"],
  [neverHere, open, OPEN],
  [neverHere, NO_TUNNEL, ""],
  [open, moved, MOVED, "yellow"],
  [open, closed, CLOSED, "red"],
  [open, away, AWAY, "yellow"],
  [closed, open, AGAIN],
  [closed, moved, MOVED, "yellow"],
  [closed, away, AWAY, "yellow"],
  [away, open, AGAIN],
  [away, moved, MOVED, "yellow"],
  [away, closed, CLOSED, "red"],
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

/** Follows an agent's tunnel at a pace of milliseconds; `becomes` waits for the next change. */
function follow(t: Ends, agent: Agent, pace: Partial<Pace> = {}) {
  const stopping = new AbortController();
  const unread: Tunnel[] = [];
  let wake = () => {};
  const following = followTunnel({
    address: HERE,
    agent: agent.address,
    signal: stopping.signal,
    pace: { searchMs: 1, watchMs: 1, ...pace },
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
  const agent = await startAgent(t, { endpoints: endpoints() });
  const { becomes, unread } = follow(t, agent);
  const turns: [answer: Answer, tunnel: Tunnel][] = [
    [leading(PUBLIC, LOCAL), open],
    [leading(PUBLIC, ELSEWHERE), away],
    [leading(PUBLIC, LOCAL), open],
    [endpoints(), closed],
    [leading(OTHER, LOCAL), moved],
  ];
  for (const [answer, tunnel] of turns) {
    await agent.asked(3);
    agent.answers = { endpoints: answer };
    await becomes(tunnel);
  }
  // Whatever else the agent does, nothing is known to have changed.
  const failures: Answer[] = [json({}, 502), text("{"), (res) => void res.destroy()];
  for (const failure of failures) {
    agent.answers = { endpoints: failure, tunnels: failure };
    await agent.asked(3);
  }
  assert.deepEqual(unread, []);
  await agent.stop();
  await becomes({ ...closed, url: OTHER });
});

test("of another program on the agent's port nothing is said, ever", LIMIT, async (t) => {
  const agent = await startAgent(t);
  const { unread } = follow(t, agent);
  const page = "<html>Welcome</html>";
  for (const answer of [text(page), text(page, 403), text(page, 404), json([]), text(page)]) {
    agent.answers = { endpoints: answer, tunnels: answer };
    await agent.asked(3);
  }
  assert.deepEqual(unread, []);
});

test("a tunnel is looked for at one pace, and watched at another", LIMIT, async (t) => {
  const agent = await startAgent(t, { endpoints: endpoints() });
  const searching = follow(t, agent, { watchMs: NEVER_MS });
  await agent.asked(5);
  searching.stopping.abort();
  await searching.following;
  agent.answers = { endpoints: leading(PUBLIC, LOCAL) };
  const watching = follow(t, agent, { searchMs: NEVER_MS });
  await watching.becomes(open);
  agent.answers = { endpoints: endpoints() };
  await watching.becomes(closed);
  await agent.asked(5);
});

test(
  "a stop does not wait for the next look-up, and nothing is told after it",
  LIMIT,
  async (t) => {
    const agent = await startAgent(t, { endpoints: leading(PUBLIC, LOCAL) });
    const waiting = follow(t, agent, { watchMs: NEVER_MS });
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
  },
);

test("with LISTEN_HOST=localhost a tunnel to the address behind it leads here", async (t) => {
  const agent = await startAgent(t);
  // Nobody is there: what is asked of this machine takes no proxy.
  const proxy = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:2" };
  const env = { ...GUIDE, ...proxy, LISTEN_HOST: "localhost", NGROK_WEB_ADDR: agent.address };
  const { stderr } = run(t, process.execPath, SERVER, { env, cwd: folder(t) });
  const [, upstream = ""] = await stderr.until(/Listening on (http:\S+)\/userCreated\n/);
  assert.doesNotMatch(upstream, /localhost/);
  agent.answers.endpoints = leading(PUBLIC, upstream);
  await stderr.until(/The tunnel is open\./);
});
