/** A real pseudo-terminal: what a person sees there, and what a pipe does not get. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, endpoints, startAgent, type Agent } from "./support/agent.js";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, listening, noTerminal, run } from "./support/process.js";
import { startInTerminal, startReceiver } from "./support/process.js";
import type { Transcript } from "./support/transcript.js";

const skip = noTerminal;
const WRONG = { "x-okta-verification-challenge": "c", authorization: "Basic YWRtaW46b3RoZXI=" };
const TUNNEL = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev";
const USER = userLine("john.doe@example.com");

/** Sends the receiver what is good, odd and bad, and opens a tunnel; each has its lines before the next. */
async function visit(url: string, log: Transcript, agent: Agent): Promise<void> {
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 200);
  await log.until(/1 announced\r?\n/);
  assert.equal((await send(url, { headers: WRONG })).status, 200);
  await log.until(/wrong user name or password\. /);
  assert.equal((await send(url, { method: "PUT" })).status, 405);
  await log.until(/wrong method[^]*deliver/);
  agent.answers.endpoints = endpoints(endpoint(TUNNEL, new URL(url).origin));
  await log.until(/The tunnel is open\.[^]*Verify\./);
}

test("a terminal shows the secret, and what matters in colour", { skip }, async (t) => {
  const agent = await startAgent(t);
  // An empty NO_COLOR counts as none.
  const env = { NGROK_WEB_ADDR: agent.address, NO_COLOR: "" };
  const { stdout } = startInTerminal(t, { env });
  await visit(await listening(stdout), stdout, agent);
  const shown = stdout.text.replaceAll("\r\n", "\n");
  const secrets = shown.match(new RegExp(`^ +Authentication secret {2}${SECRET}$`, "gm"));
  assert.equal(secrets?.length, 2, "at the start, and when the tunnel opens");
  const plain = shown.replace(/\u001b\[\d+m/g, "");
  for (const line of plain.split("\n")) assert.ok(line.length <= 80, line);

  assert.ok(
    shown.includes(`\u001b[1m\u001b[32m${USER.trim()}\u001b[39m\u001b[22m\n`),
    "green and bold",
  );
  const yellow = [
    /\u001b\[33mWarning: BASIC_AUTH_PASSWORD [^\u001b]*\u001b\[39m/,
    /\u001b\[33m\S+ GET \/userCreated 200 [^\n]* a 401\u001b\[39m\n {2}wrong user/,
  ];
  for (const warning of yellow) assert.match(shown, warning);
  assert.match(shown, /\u001b\[31m\S+ PUT \/userCreated 405 [^\n]*\u001b\[39m\n {2}from 127/);
  const toCopy = `\n\u001b[1m    ${TUNNEL}/userCreated\u001b[22m\n`;
  assert.ok(shown.includes(toCopy), "a URL to copy is bold, and alone on its line");
  assert.match(shown, /\n\S+ POST \/userCreated 200 [^\n\u001b]*\n/, "a usual line is plain");
});

test("a terminal with NO_COLOR, here in .env, gets no colour", { skip }, async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, ".env"), "NO_COLOR=1\n");
  const { stdout } = startInTerminal(t, { env: { FORCE_COLOR: "1" }, cwd });
  // The warning of the password would be yellow.
  await listening(stdout);
  assert.doesNotMatch(stdout.text, /\u001b/);
});

test("a pipe gets no secret and no escape code, but the command that shows the secret", async (t) => {
  const agent = await startAgent(t);
  const env = { FORCE_COLOR: "1", TERM: "xterm-256color", NGROK_WEB_ADDR: agent.address };
  const { url, stdout, stderr } = await startReceiver(t, { pipe: true, env });
  await visit(url, stderr, agent);
  await stdout.until(/\n/);
  assert.equal(stdout.text, USER);
  assert.doesNotMatch(stderr.text, /YWRtaW46|supersecret|\u001b/);

  const fields = stderr.text.matchAll(/^ +Authentication secret {2}hidden here.*\n +(node .*)$/gm);
  const [first = "", second, ...others] = Array.from(fields, ([, command = ""]) => command);
  assert.deepEqual([second, others], [first, []], "at the start, and when the tunnel opens");
  const command = first.replace("USERNAME", "admin").replace("PASSWORD", "supersecret");
  const shell = run(t, "sh", ["-c", command]);
  await shell.ended;
  assert.equal(shell.stdout.text, `${SECRET}\n`);
});
