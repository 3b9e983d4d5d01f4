/** The ngrok agent: its two lists in every form, and what is no answer of use. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fetchEndpoints } from "../../src/ngrok/agent.js";
import {
  endpoint,
  endpoints,
  json,
  startAgent,
  text,
  tunnel,
  tunnels,
  type Answer,
  type Answers,
} from "../support/agent.js";
import type { Ends } from "../support/transcript.js";

const PUBLIC = "https://example.ngrok-free.app";

/** What an agent's answers are read as: each endpoint as its origin and its upstream. */
async function ask(t: Ends, answers: Answers): Promise<string[] | undefined> {
  const agent = await startAgent(t, answers);
  const found = await fetchEndpoints(agent.address);
  return found?.map(({ url, upstream }) => `${url.origin} ${upstream.href}`);
}

const forms: [url: string, upstream: string, read: string[]][] = [
  [PUBLIC, "http://localhost:8082", [`${PUBLIC} http://localhost:8082/`]],
  [PUBLIC, "receiver:8082", [`${PUBLIC} http://receiver:8082/`]],
  [PUBLIC, "8082", [`${PUBLIC} http://localhost:8082/`]],
  [PUBLIC, "http://", [`${PUBLIC} http://localhost/`]],
  [PUBLIC, "http://localhost:99999", []],
  [PUBLIC, "", []],
  // Nobody outside reaches these.
  ["https://receiver.INTERNAL.", "8082", []],
  ["https://*.example.ngrok.app", "8082", []],
];
for (const [url, upstream, read] of forms) {
  test(`"${url}" to "${upstream}" is read as ${read.join() || "nothing"}`, async (t) => {
    const newer = { endpoints: endpoints(endpoint(url, upstream)) };
    assert.deepEqual(await ask(t, newer), read);
    const older = { tunnels: tunnels(tunnel(url, upstream)) };
    assert.deepEqual(await ask(t, older), read, "as agents before 3.30 say it");
  });
}

const HERE = [`${PUBLIC} http://localhost:8082/`];
const here = endpoints(endpoint(PUBLIC, "8082"));

test("what is not bound to the public is left out", async (t) => {
  const bound = [["internal"], ["kubernetes"], ["kubernetes", "public"]];
  const list = endpoints(...bound.map((bindings) => endpoint(PUBLIC, "8082", bindings)));
  assert.deepEqual(await ask(t, { endpoints: list }), HERE);
});

test("odd items of a list hide no other", async (t) => {
  const odd = [null, 7, "8082", [], {}, { url: 7, upstream: 7 }, { url: PUBLIC }];
  const list = endpoints(...odd, { public_url: PUBLIC, config: null }, endpoint(PUBLIC, "8082"));
  assert.deepEqual(await ask(t, { endpoints: list }), HERE);
});

test("without endpoints, and where no agent runs, there are none", async (t) => {
  assert.deepEqual(await ask(t, { endpoints: endpoints() }), []);
  assert.deepEqual(await fetchEndpoints("127.0.0.1:2"), []);
  assert.deepEqual(await fetchEndpoints("localhost:2"), []);
});

describe("it is no answer of use when the agent", { concurrency: true, timeout: 60_000 }, () => {
  const cutOff: Answer = (res) => {
    res.writeHead(200, { "content-length": "99" });
    res.write('{"endpoints":[]', () => res.destroy());
  };
  const redirect = text("", 302, { location: "/elsewhere" });
  const answers: [what: string, first?: Answer, second?: Answer][] = [
    ["has neither list"],
    ["is another program, which has a page", text("<html>\u001b[2J</html>")],
    ["is another program, which has JSON", json({ data: [] })],
    ["fails", text('{"endpoints":[]}', 500)],
    ["redirects to where a list is", redirect, here],
    ["breaks its answer off", cutOff],
    ["hangs up", (res) => void res.destroy()],
    ["is frozen", () => {}],
  ];
  for (const [what, first, second = first] of answers) {
    test(what, async (t) => {
      const lists = { ...(first && { endpoints: first }), ...(second && { tunnels: second }) };
      assert.equal(await ask(t, lists), undefined);
    });
  }
});
