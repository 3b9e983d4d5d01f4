/** A real pseudo-terminal: what a person sees there, and what a pipe does not get. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, endpoints, startAgent, type Agent } from "./support/agent.js";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, noTerminal, run, startInTerminal, startReceiver } from "./support/process.js";
import type { RunOptions } from "./support/process.js";
import type { Ends, Transcript } from "./support/transcript.js";

const skip = noTerminal;
const WRONG = { "x-okta-verification-challenge": "c", authorization: "Basic YWRtaW46b3RoZXI=" };
const TUNNEL = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev";

/** Sends the receiver what is good, odd and bad; each has its lines before the next is sent. */
async function visit(url: string, log: Transcript): Promise<void> {
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 200);
  await log.until(/1 announced\r?\n/);
  assert.equal((await send(url, { headers: WRONG })).status, 200);
  await log.until(/wrong user name or password\. /);
  assert.equal((await send(url, { method: "PUT" })).status, 405);
  await log.until(/wrong method[^]*deliver/);
}

/** Opens a tunnel to the receiver, and waits until that is said. */
async function openTunnel(agent: Agent, url: string, log: Transcript): Promise<void> {
  agent.answers.endpoints = endpoints(endpoint(TUNNEL, new URL(url).origin));
  await log.until(/The tunnel is open\.[^]*Verify\./);
}

/** Starts the receiver in a terminal and visits it; resolves to its URL, and to all that is shown. */
async function visitInTerminal(t: Ends, options: RunOptions) {
  const { stdout } = startInTerminal(t, options);
  const [, url = ""] = await stdout.until(/Listening on (\S+)\r\n[^]*start again\./);
  await visit(url, stdout);
  return { url, stdout };
}

test("a terminal shows the secret, and what matters in colour", { skip }, async (t) => {
  const agent = await startAgent(t);
  const { url, stdout } = await visitInTerminal(t, { env: { NGROK_WEB_ADDR: agent.address } });
  await openTunnel(agent, url, stdout);
  const shown = stdout.text.replaceAll("\r\n", "\n");
  const secrets = shown.match(new RegExp(`^ +Authentication secret {2}${SECRET}$`, "gm"));
  assert.equal(secrets?.length, 2, "at the start, and when the tunnel opens");
  const plain = shown.replace(/\u001b\[\d+m/g, "");
  for (const line of plain.split("\n")) assert.ok(line.length <= 80, line);

  const user = userLine("john.doe@example.com").trim();
  assert.ok(shown.includes(`\u001b[1m\u001b[32m${user}\u001b[39m\u001b[22m\n`), "green and bold");
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

const colours: [what: string, env: Record<string, string>, file: string, hasColour: boolean][] = [
  ["NO_COLOR in the environment", { NO_COLOR: "1" }, "", false],
  ["NO_COLOR in .env", {}, "NO_COLOR=1\n", false],
  ["an empty NO_COLOR", { NO_COLOR: "" }, "", true],
  ["NO_COLOR and FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, "", false],
  ["a TERM that knows no colours", { TERM: "dumb" }, "", false],
];
for (const [what, env, file, hasColour] of colours) {
  test(`a terminal with ${what} ${hasColour ? "has" : "gets no"} colour`, { skip }, async (t) => {
    const cwd = folder(t);
    writeFileSync(join(cwd, ".env"), file);
    const { stdout } = await visitInTerminal(t, { env, cwd });
    assert.equal(stdout.text.includes("\u001b"), hasColour);
    assert.ok(stdout.text.includes(SECRET));
  });
}

test("a pipe gets no secret and no escape code, but the command that shows the secret", async (t) => {
  const agent = await startAgent(t);
  const env = { FORCE_COLOR: "1", TERM: "xterm-256color", NGROK_WEB_ADDR: agent.address };
  const { url, stdout, stderr } = await startReceiver(t, { pipe: true, env });
  await visit(url, stderr);
  await openTunnel(agent, url, stderr);
  await stdout.until(/\n/);
  assert.equal(stdout.text, userLine("john.doe@example.com"));
  assert.doesNotMatch(stderr.text, /YWRtaW46|supersecret|\u001b/);

  const fields = stderr.text.matchAll(/^ +Authentication secret {2}hidden here.*\n +(node .*)$/gm);
  const [first = "", second, ...others] = Array.from(fields, ([, command = ""]) => command);
  assert.deepEqual([second, others], [first, []], "at the start, and when the tunnel opens");
  const command = first.replace("USERNAME", "admin").replace("PASSWORD", "supersecret");
  const shell = run(t, "sh", ["-c", command]);
  await shell.ended;
  assert.equal(shell.stdout.text, `${SECRET}\n`);
});
