/** The tunnel: found in every form the agent writes it, followed, and never in the way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Message } from "../src/output.js";
import { askAgent, describeChange, NO_TUNNEL, type Tunnel } from "../src/tunnel.js";
import {
  endpoint,
  endpoints,
  freePort,
  json,
  startAgent,
  tunnel,
  tunnels,
  type Agent,
  type Answer,
  type Answers,
} from "./support/agent.js";
import { connect, send } from "./support/http.js";
import { created, delivery, post, userLine } from "./support/okta.js";
import { startReceiver, type Ends, type Receiver } from "./support/process.js";

const PUBLIC = "https://example.ngrok-free.app";
const OTHER = "https://another.ngrok-free.app";
const THIRD = "https://third.ngrok-free.app";
const ELSEWHERE = "http://localhost:65535";
const COMMAND = "ngrok http 65534";

const OPEN: Tunnel = { url: PUBLIC, status: "open" };
const CLOSED: Tunnel = { url: undefined, status: "closed" };
/** What was known before, where it must not matter, or must stay. */
const BEFORE: Tunnel = { url: undefined, status: "http://localhost:1" };

const SETTINGS = { port: 8082, host: "127.0.0.1", username: "admin", password: "a password" };

interface Question {
  host?: string;
  port?: number;
  before?: Tunnel;
}

/** What askAgent makes of an agent's answers. */
async function ask(t: Ends, answers: Answers, question: Question = {}) {
  const agent = await startAgent(t, answers);
  const { before = BEFORE, ...settings } = question;
  const ngrokWebAddr = agent.address;
  const state = await askAgent({ ...SETTINGS, ...settings, ngrokWebAddr }, before);
  await agent.stop();
  return state;
}

/** The same tunnels in the words of either list. */
const inBothLists = (...pairs: [url: string, upstream: string][]): [string, Answers][] => [
  ["endpoints", { endpoints: endpoints(...pairs.map((pair) => endpoint(...pair))) }],
  ["tunnels", { tunnels: tunnels(...pairs.map((pair) => tunnel(...pair))) }],
];

const THIS_MACHINE = [
  "http://localhost:8082",
  "localhost:8082",
  "8082",
  "HTTP://LOCALHOST:8082/",
  "LocalHost:8082",
  "http://127.0.0.1:8082",
  "http://127.0.0.1:8082/",
  "127.0.0.1:8082",
  "http://127.255.0.7:8082",
  "http://[::1]:8082",
  "[::1]:8082",
  "http://0.0.0.0:8082",
  "http://[::]:8082",
  "http://host.docker.internal:8082",
  "Host.Docker.Internal:8082",
];
const ANY_MACHINE = ["http://receiver:8082", "receiver:8082/", "http://192.0.2.7:8082"];
const PORT_80 = ["http://", "http://localhost", "localhost", "80", "http://localhost:80"];

const ours: { host: string; port?: number; upstreams: string[] }[] = [
  { host: "127.0.0.1", upstreams: THIS_MACHINE },
  { host: "127.0.0.2", upstreams: THIS_MACHINE },
  { host: "localhost", upstreams: THIS_MACHINE },
  { host: "::1", upstreams: THIS_MACHINE },
  { host: "0.0.0.0", upstreams: [...THIS_MACHINE, ...ANY_MACHINE] },
  { host: "::", upstreams: [...THIS_MACHINE, ...ANY_MACHINE, "http://[2001:db8::7]:8082"] },
  { host: "192.0.2.7", upstreams: ["http://192.0.2.7:8082", "192.0.2.7:8082"] },
  { host: "2001:db8::7", upstreams: ["http://[2001:db8::7]:8082", "[2001:DB8::7]:8082/"] },
  { host: "laptop.local", upstreams: ["http://laptop.local:8082", "LAPTOP.local:8082"] },
  { host: "127.0.0.1", port: 80, upstreams: PORT_80 },
];
for (const { host, port = 8082, upstreams } of ours) {
  test(`on HOST ${host} and PORT ${port} its address is ours in every form`, async (t) => {
    for (const upstream of upstreams) {
      for (const [list, answers] of inBothLists([PUBLIC, upstream])) {
        const state = await ask(t, answers, { host, port });
        assert.deepEqual(state, OPEN, `${upstream} in the list of ${list}`);
      }
    }
  });
}

const others: { host: string; port?: number; upstreams: [upstream: string, status: string][] }[] = [
  {
    host: "127.0.0.1",
    upstreams: [
      ["http://localhost:8083", "http://localhost:8083"],
      ["8083", "http://localhost:8083"],
      ["localhost:18082/", "http://localhost:18082"],
      ["http://", "http://localhost:80"],
      ["http://localhost", "http://localhost:80"],
      ["https://localhost:8082", "https://localhost:8082"],
      ["https://localhost", "https://localhost:443"],
      ["https://", "https://localhost:443"],
      ["http://127.evil.com:8082", "http://127.evil.com:8082"],
      ["http://localhost.example.com:8082", "http://localhost.example.com:8082"],
      ["http://example-localhost:8082", "http://example-localhost:8082"],
      ["http://192.0.2.7:8082", "http://192.0.2.7:8082"],
      ["http://receiver:8082", "http://receiver:8082"],
    ],
  },
  {
    host: "0.0.0.0",
    upstreams: [
      ["http://receiver:8083", "http://receiver:8083"],
      ["https://receiver:8082", "https://receiver:8082"],
    ],
  },
  {
    host: "192.0.2.7",
    upstreams: [
      ["http://192.0.2.7:8083", "http://192.0.2.7:8083"],
      ["http://192.0.2.8:8082", "http://192.0.2.8:8082"],
      ["8082", "http://localhost:8082"],
      ["http://0.0.0.0:8082", "http://0.0.0.0:8082"],
      ["http://host.docker.internal:8082", "http://host.docker.internal:8082"],
    ],
  },
  { host: "127.0.0.1", port: 443, upstreams: [["https://localhost", "https://localhost:443"]] },
];
for (const { host, port = 8082, upstreams } of others) {
  test(`on HOST ${host} and PORT ${port} any other address is elsewhere`, async (t) => {
    for (const [upstream, status] of upstreams) {
      for (const [list, answers] of inBothLists([PUBLIC, upstream])) {
        const state = await ask(t, answers, { host, port });
        assert.deepEqual(state, { url: undefined, status }, `${upstream} in the list of ${list}`);
      }
    }
  });
}

const unreachable = [
  "http://example.ngrok-free.app",
  "tcp://0.tcp.ngrok.io:12345",
  "tls://example.ngrok-free.app",
  "https://receiver.internal",
  "https://receiver.INTERNAL:443/",
  "https://receiver.internal.",
  "https://*.example.ngrok.app",
  "example.ngrok-free.app",
  "",
];
for (const url of unreachable) {
  test(`Okta cannot reach ${JSON.stringify(url)}, but a later one`, async (t) => {
    for (const [list, answers] of inBothLists([url, "8082"])) {
      assert.deepEqual(await ask(t, answers), CLOSED, list);
    }
    for (const [list, answers] of inBothLists([url, "8082"], [PUBLIC, "8082"])) {
      assert.deepEqual(await ask(t, answers), OPEN, list);
    }
  });
}

test("an upstream that is not http, or empty, is nobody's", async (t) => {
  for (const upstream of ["file:///srv", "tcp://localhost:8082", ""]) {
    for (const [list, answers] of inBothLists([PUBLIC, upstream])) {
      assert.deepEqual(await ask(t, answers, { port: 80 }), CLOSED, `${upstream} in ${list}`);
    }
  }
});

test("of several that lead elsewhere the same one is named, whatever their order", async (t) => {
  const pairs: [string, string][] = [
    [PUBLIC, "5000"],
    [OTHER, "3000"],
  ];
  for (const order of [pairs, pairs.toReversed()]) {
    for (const [list, answers] of inBothLists(...order)) {
      const state = await ask(t, answers);
      assert.deepEqual(state, { url: undefined, status: "http://localhost:3000" }, list);
    }
  }
});

test("Okta can reach what is bound to the public, whatever else it is bound to", async (t) => {
  const bound = (bindings: string[]) => endpoint(OTHER, "8082", bindings);
  for (const bindings of [["internal"], ["kubernetes"], ["internal", "kubernetes"]]) {
    const alone = await ask(t, { endpoints: endpoints(bound(bindings)) });
    assert.deepEqual(alone, CLOSED, bindings.join());
    const list = endpoints(bound(bindings), endpoint(PUBLIC, "8082"));
    assert.deepEqual(await ask(t, { endpoints: list }), OPEN, bindings.join());
  }
  for (const bindings of [["public"], ["kubernetes", "public"], undefined]) {
    const list = endpoints({ ...bound([]), bindings });
    const expected = { url: OTHER, status: "open" };
    assert.deepEqual(await ask(t, { endpoints: list }), expected, bindings?.join());
  }
});

const origins: [listed: string, url: string][] = [
  ["https://example.ngrok-free.app/", "https://example.ngrok-free.app"],
  ["https://example.ngrok-free.app:443", "https://example.ngrok-free.app"],
  ["https://example.ngrok-free.app:8443", "https://example.ngrok-free.app:8443"],
  ["https://internal.example.com", "https://internal.example.com"],
  ["https://receiver.internal.example.com", "https://receiver.internal.example.com"],
  ["https://example-internal", "https://example-internal"],
];
for (const [listed, url] of origins) {
  test(`${listed} leads to the receiver as ${url}`, async (t) => {
    for (const [list, answers] of inBothLists([listed, "8082"])) {
      assert.deepEqual(await ask(t, answers), { url, status: "open" }, list);
    }
  });
}

const choices: [which: string, known: string | undefined, url: string][] = [
  ["none", undefined, PUBLIC],
  ["the first", PUBLIC, PUBLIC],
  ["the second", OTHER, OTHER],
  ["one that is no longer listed", THIRD, PUBLIC],
];
for (const [which, known, url] of choices) {
  test(`of two URLs, when ${which} is known, ${url} is taken`, async (t) => {
    const before = { url: known, status: "closed" };
    for (const [list, answers] of inBothLists([PUBLIC, "8082"], [OTHER, "localhost:8082"])) {
      assert.deepEqual(await ask(t, answers, { before }), { url, status: "open" }, list);
    }
  });
}

test("the known URL is remembered while no tunnel leads here", async (t) => {
  const closed = await ask(t, { endpoints: endpoints() }, { before: OPEN });
  assert.deepEqual(closed, { url: PUBLIC, status: "closed" });
  const list = endpoints(endpoint(OTHER, ELSEWHERE));
  const elsewhere = await ask(t, { endpoints: list }, { before: OPEN });
  assert.deepEqual(elsewhere, { url: PUBLIC, status: ELSEWHERE });
});

const hangUp: Answer = (res) => void res.destroy();

const pairsOfLists: [what: string, answers: Answers, state: Tunnel][] = [
  [
    "the first is enough",
    { endpoints: endpoints(endpoint(PUBLIC, "8082")), tunnels: tunnels(tunnel(OTHER, "8082")) },
    OPEN,
  ],
  [
    "an empty first one does not end the search",
    { endpoints: endpoints(), tunnels: tunnels(tunnel(PUBLIC, "8082")) },
    OPEN,
  ],
  [
    "a first one with anything in it is enough: what it calls private, the second cannot tell",
    {
      endpoints: endpoints(endpoint(PUBLIC, "8082", ["internal"])),
      tunnels: tunnels(tunnel(PUBLIC, "8082")),
    },
    CLOSED,
  ],
  [
    "a broken first one is no news: what it calls private, the second cannot tell",
    { endpoints: hangUp, tunnels: tunnels(tunnel(PUBLIC, "8082")) },
    BEFORE,
  ],
  [
    "JSON without the first one does not end the search",
    { endpoints: json({}), tunnels: tunnels(tunnel(PUBLIC, "8082")) },
    OPEN,
  ],
  ["JSON with null for a list is an empty one", { endpoints: json({ endpoints: null }) }, CLOSED],
  [
    "both may lead elsewhere",
    {
      endpoints: endpoints(endpoint(OTHER, ELSEWHERE)),
      tunnels: tunnels(tunnel(OTHER, ELSEWHERE)),
    },
    { url: undefined, status: ELSEWHERE },
  ],
  [
    "the first alone may lead elsewhere",
    { endpoints: endpoints(endpoint(OTHER, ELSEWHERE)), tunnels: tunnels() },
    { url: undefined, status: ELSEWHERE },
  ],
  [
    "the second alone may lead elsewhere",
    { endpoints: endpoints(), tunnels: tunnels(tunnel(OTHER, ELSEWHERE)) },
    { url: undefined, status: ELSEWHERE },
  ],
  ["both may be empty", { endpoints: endpoints(), tunnels: tunnels() }, CLOSED],
  ["only the first may exist", { endpoints: endpoints() }, CLOSED],
  ["only the second may exist", { tunnels: tunnels() }, CLOSED],
  [
    "an empty second one is no news while the first is broken",
    { endpoints: hangUp, tunnels: tunnels() },
    BEFORE,
  ],
  [
    "an empty first one is no news while the second is broken",
    { endpoints: endpoints(), tunnels: hangUp },
    BEFORE,
  ],
  ["where neither exists, there is no tunnel", {}, CLOSED],
];
for (const [what, answers, state] of pairsOfLists) {
  test(`of the agent's two lists: ${what}`, async (t) => {
    assert.deepEqual(await ask(t, answers), state);
  });
}

const text =
  (body: string): Answer =>
  (res) =>
    void res.end(body);
const cutOff =
  (headers: Record<string, string>): Answer =>
  (res) => {
    res.writeHead(200, headers);
    res.write('{"endpoints":[],"tunnels":[]', () => res.destroy());
  };
const silent: Answer = () => {};
const endless: Answer = (res) => {
  res.on("error", () => {});
  res.write('{"endpoints":[');
  const trickle = setInterval(() => res.write(" "), 10);
  res.on("close", () => clearInterval(trickle));
};
const broken: [what: string, answer: Answer][] = [
  ["answers no JSON", text("<html>\u001b[2J</html>")],
  ["answers nothing", text("")],
  ["answers half of the JSON", text('{"endpoints":[')],
  ["fails", (res) => void res.writeHead(500).end('{"endpoints":[],"tunnels":[]}')],
  ["breaks its answer off", cutOff({ "content-length": "99" })],
  ["breaks its answer off between chunks", cutOff({ "transfer-encoding": "chunked" })],
  ["hangs up", hangUp],
];
for (const [what, answer] of broken) {
  test(`it is no news when the agent ${what}`, { timeout: 20_000 }, async (t) => {
    for (const before of [BEFORE, OPEN]) {
      const state = await ask(t, { endpoints: answer, tunnels: answer }, { before });
      assert.deepEqual(state, before);
    }
  });
}

test("it is no news when the agent redirects, and it is not followed", async (t) => {
  const elsewhere = await startAgent(t, { endpoints: endpoints(endpoint(PUBLIC, "8082")) });
  const redirect: Answer = (res) => {
    res.writeHead(302, { location: `http://${elsewhere.address}/api/endpoints` });
    res.end();
  };
  assert.deepEqual(await ask(t, { endpoints: redirect, tunnels: redirect }), BEFORE);
  assert.equal(elsewhere.asks, 0);
});

test("JSON of another form holds no tunnel", async (t) => {
  const keyed = { 0: endpoint(PUBLIC, "8082") };
  const forms = [null, 7, [endpoint(PUBLIC, "8082")], { endpoints: keyed, tunnels: "8082" }];
  for (const form of forms) {
    const state = await ask(t, { endpoints: json(form), tunnels: json(form) });
    assert.deepEqual(state, CLOSED, JSON.stringify(form));
  }
});

test("odd items of a list hide no other", async (t) => {
  const odd = [
    null,
    7,
    "8082",
    [],
    {},
    { url: 7, upstream: 7 },
    { url: PUBLIC },
    { url: PUBLIC, upstream: null },
    { url: PUBLIC, upstream: { url: ["8082"] } },
    { url: { public_url: PUBLIC }, upstream: { url: "8082" } },
    { public_url: PUBLIC, config: null },
    endpoint(PUBLIC, "http://localhost:99999"),
    endpoint("https://\u001b[2J", "8082"),
  ];
  const lists = [
    { endpoints: endpoints(...odd, endpoint(PUBLIC, "8082")) },
    { tunnels: tunnels(...odd, tunnel(PUBLIC, "8082")) },
  ];
  for (const answers of lists) assert.deepEqual(await ask(t, answers), OPEN);
  assert.deepEqual(await ask(t, { endpoints: endpoints(...odd) }), CLOSED);
});

test("where no agent runs, the tunnel is closed, and its URL is remembered", async () => {
  for (const host of ["127.0.0.1", "localhost"]) {
    const settings = { ...SETTINGS, ngrokWebAddr: `${host}:${await freePort()}` };
    assert.deepEqual(await askAgent(settings, NO_TUNNEL), CLOSED);
    const state = await askAgent(settings, OPEN);
    assert.deepEqual(state, { url: PUBLIC, status: "closed" });
  }
});

/** All that can be said of the tunnel, in words that stand nowhere else in the tests. */
const messages = {
  open: (url: string): Message => ({
    text: "The tunnel is open. The event hook's URL:",
    details: [`${url}/userCreated`],
  }),
  newUrl: (url: string): Message => ({
    text: "The tunnel has a new URL. Edit the hook in Okta, and verify it again:",
    details: [`${url}/userCreated`],
    color: "yellow",
  }),
  closed: (command: string): Message => ({
    text: "The tunnel closed: events are lost until you reopen it. Run:",
    details: [command],
    color: "red",
  }),
  elsewhere: (upstream: string, command: string): Message => ({
    text: `ngrok forwards to ${upstream}. Stop it, and run:`,
    details: [command],
    color: "yellow",
  }),
};

const open = OPEN;
const openAtOther = { url: OTHER, status: "open" };
const never = CLOSED;
const closed = { url: PUBLIC, status: "closed" };
const neverButElsewhere = { url: undefined, status: ELSEWHERE };
const elsewhere = { url: PUBLIC, status: ELSEWHERE };
const elsewhereAgain = { url: PUBLIC, status: "http://localhost:3000" };

const changes: [what: string, from: Tunnel, to: Tunnel, message?: Message][] = [
  ["a first tunnel opens", never, open, messages.open(PUBLIC)],
  ["there is still none", never, { ...never }],
  ["it leads elsewhere", never, neverButElsewhere, messages.elsewhere(ELSEWHERE, COMMAND)],
  ["it still leads elsewhere", neverButElsewhere, { ...neverButElsewhere }],
  ["one that led elsewhere is gone", neverButElsewhere, never],
  ["it leads here at last", neverButElsewhere, open, messages.open(PUBLIC)],
  ["it is still open", open, { ...open }],
  ["it gets a new URL", open, openAtOther, messages.newUrl(OTHER)],
  ["it closes", open, closed, messages.closed(COMMAND)],
  ["it is still closed", closed, { ...closed }],
  ["it opens again", closed, open, messages.open(PUBLIC)],
  ["it opens again at a new URL", closed, openAtOther, messages.newUrl(OTHER)],
  ["it closes while another leads elsewhere", open, elsewhere, messages.closed(COMMAND)],
  ["a closed one leads elsewhere", closed, elsewhere, messages.elsewhere(ELSEWHERE, COMMAND)],
  ["a former one still leads elsewhere", elsewhere, { ...elsewhere }],
  [
    "it leads to another place",
    elsewhere,
    elsewhereAgain,
    messages.elsewhere(elsewhereAgain.status, COMMAND),
  ],
  ["a former one led elsewhere and is gone", elsewhere, closed],
  ["it leads here again", elsewhere, open, messages.open(PUBLIC)],
  ["it leads here again at a new URL", elsewhere, openAtOther, messages.newUrl(OTHER)],
];
for (const [what, from, to, message] of changes) {
  test(`${message === undefined ? "nothing" : "one thing"} is said when ${what}`, () => {
    assert.deepEqual(describeChange(from, to, COMMAND), message === undefined ? [] : [message]);
  });
}

test("what happened fits a line of 80 columns, behind the time of day", () => {
  const said = changes.flatMap(([, from, to]) => describeChange(from, to, COMMAND));
  const lines = said.map(({ text }) => `hh:mm:ss ${text}`);
  const tooLong = lines.filter((line) => line.length > 80);
  assert.deepEqual(tooLong, []);
});

/** How the start text ends when the password is not the published one. */
const START_END = "npm run simulate\n\n";

let latestStart: Promise<unknown> = Promise.resolve();

/** Starts one receiver after another: each gives its agent little time before the start text. */
function startAlone(t: Ends, agent: Agent, PORT = 0): Promise<Receiver> {
  const env = {
    BASIC_AUTH_PASSWORD: "a password",
    NGROK_WEB_ADDR: agent.address,
    PORT: String(PORT),
  };
  const start = latestStart.then(() => startReceiver(t, { env }));
  latestStart = start.catch(() => {});
  return start;
}

/** What a receiver says after its start text, with no time of day. */
const newsOf = ({ stderr }: Receiver): string =>
  stderr.text
    .slice(stderr.text.indexOf(START_END) + START_END.length)
    .replace(/^\d\d:\d\d:\d\d /gm, "hh:mm:ss ");

/** Returns a check that the next thing said is a message, and that nothing else was said before. */
function follow(receiver: Receiver): (message: Message) => Promise<void> {
  const { stderr } = receiver;
  const start = stderr.text.indexOf(START_END) + START_END.length;
  let said = "";
  return async ({ text, details = [] }) => {
    await stderr.until(/\n$/, start + said.length);
    said += `hh:mm:ss ${text}\n${details.map((line) => `  ${line}\n`).join("")}`;
    assert.equal(newsOf(receiver), said);
  };
}

const opened = (url: string, { port }: { port: number }): Answers => ({
  endpoints: endpoints(endpoint(url, `http://localhost:${port}`)),
});

// Each waits for the agent to be asked, which happens every few seconds: so all wait together.
describe("the receiver", { concurrency: true, timeout: 60_000 }, () => {
  test("says each turn of a tunnel's life once, and nothing else", async (t) => {
    const agent = await startAgent(t, { endpoints: endpoints(endpoint(OTHER, ELSEWHERE)) });
    const receiver = await startAlone(t, agent);
    const command = `ngrok http ${receiver.port}`;
    const says = follow(receiver);

    await says(messages.elsewhere(ELSEWHERE, command));
    await agent.asked(2);
    agent.answers = opened(PUBLIC, receiver);
    await says(messages.open(PUBLIC));
    agent.answers = opened(OTHER, receiver);
    await says(messages.newUrl(OTHER));
    await agent.stop();
    await says(messages.closed(command));
    await agent.start();
    await says(messages.open(OTHER));
  });

  test("shows what is open at the start in its instructions, and is silent until it changes", async (t) => {
    const port = await freePort();
    const agent = await startAgent(t, opened(PUBLIC, { port }));
    let receiver = await startAlone(t, agent, port);
    // On a busy machine the agent's answer may be too late for the instructions.
    for (let retries = 3; retries > 0 && / ngrok http /.test(receiver.stderr.text); retries -= 1) {
      receiver.child.kill();
      await receiver.ended;
      receiver = await startAlone(t, agent, port);
    }
    const says = follow(receiver);
    const { text: instructions } = receiver.stderr;
    assert.match(instructions, new RegExp(`^ *URL\n +${PUBLIC}/userCreated\n`, "m"));
    assert.doesNotMatch(instructions, /Open a tunnel|ngrok http/);

    const local = `localhost:${port}`;
    agent.answers = { endpoints: endpoints(endpoint(THIRD, local), endpoint(PUBLIC, local)) };
    await agent.asked(1);
    agent.answers = { endpoints: hangUp };
    await agent.asked(1);
    agent.answers = opened(OTHER, { port });
    await says(messages.newUrl(OTHER));
  });

  test("says once that a tunnel closed, and where ngrok forwards since", async (t) => {
    const agent = await startAgent(t);
    const receiver = await startAlone(t, agent);
    const command = `ngrok http ${receiver.port}`;
    const says = follow(receiver);

    agent.answers = opened(PUBLIC, receiver);
    await says(messages.open(PUBLIC));
    agent.answers = { endpoints: endpoints() };
    await says(messages.closed(command));
    await agent.asked(1);
    agent.answers = { endpoints: endpoints(endpoint(PUBLIC, ELSEWHERE)) };
    await says(messages.elsewhere(ELSEWHERE, command));
  });

  test("asks about five times as often until a tunnel is found for the first time", async (t) => {
    const found = await startAgent(t);
    const missing = await startAgent(t);
    const receiver = await startAlone(t, found);
    await startAlone(t, missing);
    found.answers = opened(PUBLIC, receiver);
    await follow(receiver)(messages.open(PUBLIC));

    const asksMeanwhile = async () => {
      const before = missing.asks;
      await found.asked(1);
      return missing.asks - before;
    };
    await found.asked(1);
    found.answers = { endpoints: endpoints() };
    // The first of these waits follows an open tunnel, the second a closed one.
    for (const asks of [await asksMeanwhile(), await asksMeanwhile()]) {
      assert.ok(asks >= 3 && asks <= 8, `${asks} times meanwhile`);
    }
  });

  test("serves and stops while its agent hangs", async (t) => {
    const agent = await startAgent(t, { endpoints: silent, tunnels: silent });
    const receiver = await startAlone(t, agent);
    await agent.asked(1);
    const authorization = `Basic ${Buffer.from("admin:a password").toString("base64")}`;
    const request = post(delivery(created("john.doe@example.com")));
    const headers = { ...request.headers, authorization };
    const { status } = await send(receiver.url, { ...request, headers });
    assert.equal(status, 200);
    assert.equal(receiver.users(), userLine("john.doe@example.com"));
    receiver.child.kill("SIGTERM");
    assert.deepEqual(await receiver.ended, { code: 0, signal: null });
    assert.doesNotMatch(newsOf(receiver), /tunnel|ngrok/);
  });

  for (const [what, answer] of [
    ["never answers", silent],
    ["never stops answering", endless],
  ] as const) {
    test(`takes it for no news when the agent ${what}`, async (t) => {
      const state = await ask(t, { endpoints: answer, tunnels: answer }, { before: OPEN });
      assert.deepEqual(state, OPEN);
    });
  }

  test("says nothing of the tunnel once it stops", async (t) => {
    const agent = await startAgent(t, { endpoints: endpoints() });
    const receiver = await startAlone(t, agent);
    const { stderr } = receiver;
    // A request that never ends keeps the receiver from its exit for some seconds.
    const socket = await connect(receiver.port);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n");
    await once(socket, "data");
    receiver.child.kill("SIGTERM");
    await stderr.until(/ Stopping\.\n/);
    agent.answers = opened(PUBLIC, receiver);
    await agent.asked(1);
    assert.deepEqual(await receiver.ended, { code: 0, signal: null });
    assert.doesNotMatch(newsOf(receiver), /tunnel|ngrok/);
  });
});
