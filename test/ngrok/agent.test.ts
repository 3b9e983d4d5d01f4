/** The ngrok agent: its two lists in every form, and what is no answer of use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchEndpoints } from "../../src/ngrok/agent.js";
import {
  endless,
  endpoint,
  endpoints,
  json,
  REFUSED_BY_FETCH,
  startAgent,
  tunnel,
  tunnels,
  type Answer,
  type Answers,
} from "../support/agent.js";
import type { Ends } from "../support/transcript.js";

const PUBLIC = "https://example.ngrok-free.app";
const OTHER = "https://another.ngrok-free.app";

/** What an agent's answers are read as: each endpoint as its URL and its upstream. */
async function ask(t: Ends, answers: Answers): Promise<string[] | undefined> {
  const agent = await startAgent(t, answers);
  const found = await fetchEndpoints(agent.address);
  return found?.map(({ url, upstream }) => `${url.origin} ${upstream.href}`);
}

/** The same tunnel in the words of either list. */
const inBothLists = (url: string, upstream: string): [string, Answers][] => [
  ["endpoints", { endpoints: endpoints(endpoint(url, upstream)) }],
  ["tunnels", { tunnels: tunnels(tunnel(url, upstream)) }],
];

const upstreams: [written: string, read: string][] = [
  ["http://localhost:8082", "http://localhost:8082/"],
  ["localhost:8082", "http://localhost:8082/"],
  ["8082", "http://localhost:8082/"],
  ["HTTP://LOCALHOST:8082/", "http://localhost:8082/"],
  ["[::1]:8082", "http://[::1]:8082/"],
  ["http://", "http://localhost/"],
  ["https://", "https://localhost/"],
  ["80", "http://localhost/"],
  ["receiver:8082/", "http://receiver:8082/"],
];
for (const [written, read] of upstreams) {
  test(`the upstream ${written} is ${read}`, async (t) => {
    for (const [list, answers] of inBothLists(PUBLIC, written)) {
      assert.deepEqual(await ask(t, answers), [`${PUBLIC} ${read}`], list);
    }
  });
}

const unreachable = [
  "https://receiver.internal",
  "https://receiver.INTERNAL:443/",
  "https://receiver.internal.",
  "https://*.example.ngrok.app",
  "",
];
for (const url of unreachable) {
  test(`nobody outside reaches ${JSON.stringify(url)}`, async (t) => {
    for (const [list, answers] of inBothLists(url, "8082")) {
      assert.deepEqual(await ask(t, answers), [], list);
    }
  });
}

test("what is bound to the public is reached, whatever else it is bound to", async (t) => {
  const bound = (bindings: unknown) => ({ ...endpoint(PUBLIC, "8082"), bindings });
  for (const bindings of [["internal"], ["kubernetes"], ["internal", "kubernetes"]]) {
    assert.deepEqual(await ask(t, { endpoints: endpoints(bound(bindings)) }), []);
  }
  for (const bindings of [["public"], ["kubernetes", "public"], undefined]) {
    const found = await ask(t, { endpoints: endpoints(bound(bindings)) });
    assert.equal(found?.length, 1, bindings?.join());
  }
});

const hangUp: Answer = (res) => void res.destroy();
const here = endpoints(endpoint(PUBLIC, "8082"));
const older = tunnels(tunnel(OTHER, "8082"));
const HERE = [`${PUBLIC} http://localhost:8082/`];
const OLDER = [`${OTHER} http://localhost:8082/`];

const pairsOfLists: [what: string, answers: Answers, found: string[] | undefined][] = [
  ["the first is enough", { endpoints: here, tunnels: older }, HERE],
  ["an empty first one does not end the search", { endpoints: endpoints(), tunnels: older }, OLDER],
  [
    "what the first calls private, the second cannot tell",
    { endpoints: endpoints(endpoint(PUBLIC, "8082", ["internal"])), tunnels: older },
    [],
  ],
  ["a broken first one is no answer", { endpoints: hangUp, tunnels: older }, undefined],
  ["a broken second one is no answer", { endpoints: endpoints(), tunnels: hangUp }, undefined],
  [
    "JSON without the first does not end the search",
    { endpoints: json({}), tunnels: older },
    OLDER,
  ],
  ["null for a list is an empty one", { endpoints: json({ endpoints: null }) }, []],
  ["only the second may exist", { tunnels: older }, OLDER],
  ["where neither exists, there is nothing", {}, []],
];
for (const [what, answers, found] of pairsOfLists) {
  test(`of the agent's two lists: ${what}`, async (t) => {
    assert.deepEqual(await ask(t, answers), found);
  });
}

const text =
  (body: string, status = 200): Answer =>
  (res) =>
    void res.writeHead(status).end(body);
const cutOff: Answer = (res) => {
  res.writeHead(200, { "content-length": "99" });
  res.write('{"endpoints":[]', () => res.destroy());
};
const noAnswers: [what: string, answer: Answer][] = [
  ["answers no JSON", text("<html>\u001b[2J</html>")],
  ["answers nothing", text("")],
  ["answers half of the JSON", text('{"endpoints":[')],
  ["fails", text('{"endpoints":[]}', 500)],
  ["is another program", text("<html>Forbidden</html>", 403)],
  ["is behind a proxy that fails", text("<html>Bad Gateway</html>", 502)],
  ["breaks its answer off", cutOff],
  ["hangs up", hangUp],
  ["never stops answering", endless],
  ["is frozen", () => {}],
];
for (const [what, answer] of noAnswers) {
  test(`it is no answer when the agent ${what}`, async (t) => {
    assert.equal(await ask(t, { endpoints: answer, tunnels: answer }), undefined);
  });
}

test("a redirect is no answer, and it is not followed", async (t) => {
  const elsewhere = await startAgent(t, { endpoints: here });
  const redirect: Answer = (res) => {
    res.writeHead(302, { location: `http://${elsewhere.address}/api/endpoints` }).end();
  };
  assert.equal(await ask(t, { endpoints: redirect, tunnels: redirect }), undefined);
  assert.equal(elsewhere.asks, 0);
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
    { url: PUBLIC, upstream: { url: ["8082"] } },
    { public_url: PUBLIC, config: null },
    endpoint(PUBLIC, "http://localhost:99999"),
    endpoint("https://\u001b[2J", "8082"),
  ];
  const list = endpoints(...odd, endpoint(PUBLIC, "8082"));
  assert.deepEqual(await ask(t, { endpoints: list }), HERE);
  assert.deepEqual(await ask(t, { endpoints: json([here]), tunnels: json("x") }), []);
});

test("where no agent runs there are no endpoints", async () => {
  assert.deepEqual(await fetchEndpoints("127.0.0.1:2"), []);
});

test("an agent whose name does not resolve gives no answer", async () => {
  assert.equal(await fetchEndpoints("no-such-host.invalid:4040"), undefined);
});

test("an agent on a port that fetch refuses is asked", async (t) => {
  const agent = await startAgent(t, { endpoints: here }, REFUSED_BY_FETCH);
  assert.equal((await fetchEndpoints(agent.address))?.length, 1);
});
