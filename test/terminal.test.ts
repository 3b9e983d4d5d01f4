/** A real pseudo-terminal: what a person sees there, and what a pipe does not get. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, endpoints, startAgent } from "./support/agent.js";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, noTerminal, startInTerminal, startReceiver } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const skip = noTerminal;
const WRONG = { "x-okta-verification-challenge": "c", authorization: "Basic YWRtaW46b3RoZXI=" };
const TUNNEL = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev";

/**
 * Starts the receiver in a terminal, sends it what is good, odd and bad, and opens a tunnel; resolves
 * to what the terminal showed.
 */
async function showing(t: Ends, env: Record<string, string>, cwd?: string): Promise<string> {
  const agent = await startAgent(t);
  const variables = { ...env, NGROK_WEB_ADDR: agent.address };
  const { stdout } = startInTerminal(t, { env: variables, ...(cwd && { cwd }) });
  const [, url = ""] = await stdout.until(/Listening on (\S+)\r\n[^]*start again\./);
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 200);
  await stdout.until(/1 user created\r\n/);
  assert.equal((await send(url, { headers: WRONG })).status, 200);
  await stdout.until(/wrong user name or password\. /);
  assert.equal((await send(url, { method: "PUT" })).status, 405);
  await stdout.until(/wrong method[^]*deliver/);
  agent.answers.endpoints = endpoints(endpoint(TUNNEL, new URL(url).origin));
  await stdout.until(/The tunnel is open\.[^]*Verify\./);
  return stdout.text.replaceAll("\r\n", "\n");
}

test(
  "a terminal shows the secret to paste, at the start and when the tunnel opens",
  { skip },
  async (t) => {
    const shown = await showing(t, {});
    assert.match(shown, new RegExp(`^ {5}Authentication secret {2}${SECRET}$`, "m"));
    assert.match(shown, new RegExp(`^ {2}Authentication secret {2}${SECRET}$`, "m"));
    const plain = shown.replace(/\u001b\[\d+m/g, "");
    for (const line of plain.split("\n")) assert.ok(line.length <= 80, line);
  },
);

test("what matters has its colour, and what to do about it has none", { skip }, async (t) => {
  const shown = await showing(t, {});
  const user = userLine("john.doe@example.com").trim();
  assert.ok(shown.includes(`\u001b[1m\u001b[32m${user}\u001b[39m\u001b[22m\n`), "green and bold");
  assert.match(shown, /\u001b\[33mWarning: the password [^\u001b]*\u001b\[39m/);
  assert.match(
    shown,
    /\u001b\[33m\S+ GET \/userCreated 200 [^\n]* a 401\u001b\[39m\n {2}wrong user/,
  );
  assert.match(shown, /\u001b\[31m\S+ PUT \/userCreated 405 [^\n]*\u001b\[39m\n {2}from 127/);
  const toCopy = `\n\u001b[1m    ${TUNNEL}/userCreated\u001b[22m\n`;
  assert.ok(shown.includes(toCopy), "a URL to copy is bold, and alone on its line");
  assert.match(shown, /\n\S+ POST \/userCreated 200 [^\n\u001b]*\n/, "a usual line is plain");
});

test("NO_COLOR takes the colour away, and leaves the secret", { skip }, async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, ".env"), "NO_COLOR=1\n");
  const inEnvironment = showing(t, { NO_COLOR: "1" });
  const inFile = showing(t, {}, cwd);
  for (const shown of await Promise.all([inEnvironment, inFile])) {
    assert.ok(shown.includes(SECRET));
    assert.ok(shown.includes(`\n${userLine("john.doe@example.com")}`));
    assert.ok(!shown.includes("\u001b"));
  }
});

test("a terminal that knows no colours gets none", { skip }, async (t) => {
  const shown = await showing(t, { TERM: "dumb" });
  assert.ok(!shown.includes("\u001b"));
});

test("NO_COLOR wins over FORCE_COLOR, but not when it is empty", { skip }, async (t) => {
  const set = showing(t, { NO_COLOR: "1", FORCE_COLOR: "1" });
  const empty = showing(t, { NO_COLOR: "" });
  assert.ok(!(await set).includes("\u001b"));
  assert.ok((await empty).includes("\u001b[1m"));
});

test("a pipe gets neither the secret nor an escape code", async (t) => {
  const agent = await startAgent(t);
  const env = { FORCE_COLOR: "1", TERM: "xterm-256color", NGROK_WEB_ADDR: agent.address };
  const receiver = await startReceiver(t, { pipe: true, env });
  await send(receiver.url, post(delivery(created("john.doe@example.com"))));
  await receiver.stderr.until(/ 1 user created\n/);
  await send(receiver.url, { method: "PUT" });
  await receiver.stderr.until(/wrong method/);
  agent.answers.endpoints = endpoints(endpoint(TUNNEL, new URL(receiver.url).origin));
  await receiver.stderr.until(/The tunnel is open\.[^]*Verify\.\n/);
  await receiver.stdout.until(/\n/);
  assert.equal(receiver.stdout.text, userLine("john.doe@example.com"));
  assert.doesNotMatch(receiver.stderr.text, /YWRtaW46|supersecret|\u001b/);
  const hidden = receiver.stderr.text.match(/Authentication secret {2}hidden: /g);
  assert.equal(hidden?.length, 2, "it is said how to see the secret");
});
