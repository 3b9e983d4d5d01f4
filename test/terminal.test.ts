/** A real pseudo-terminal: what a person sees there, and what a pipe does not get. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SERVER, startReceiver, type Ends } from "./support/process.js";

const { stdout: version } = spawnSync("script", ["--version"], { encoding: "utf8" });
const skip =
  !version?.includes("util-linux") &&
  "needs the command script of util-linux, for a pseudo-terminal";

const WRONG = { "x-okta-verification-challenge": "c", authorization: "Basic YWRtaW46b3RoZXI=" };

/** Starts the receiver in a terminal, sends it what is good, odd and bad; resolves to what it showed. */
async function showing(t: Ends, env: Record<string, string>, cwd?: string): Promise<string> {
  const args = [
    "--quiet",
    "--return",
    "--command",
    `exec "${process.execPath}" "${SERVER}"`,
    "/dev/null",
  ];
  const { stdout } = run(t, "script", args, {
    env: { ...GUIDE, TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    ...(cwd && { cwd }),
  });
  const [, url = ""] = await stdout.until(/Listening on (\S+)\r\n[^]*BASIC_AUTH_PASSWORD=/);
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 200);
  await stdout.until(/1 user created\r\n/);
  assert.equal((await send(url, { headers: WRONG })).status, 200);
  await stdout.until(/wrong user name or password: /);
  assert.equal((await send(url, { method: "PUT" })).status, 405);
  await stdout.until(/wrong method[^]*deliver/);
  return stdout.text.replaceAll("\r\n", "\n");
}

test("a terminal shows the secret to paste, on a line of its own", { skip }, async (t) => {
  const shown = await showing(t, {});
  assert.match(shown, new RegExp(`^ {5}Authentication secret {2}${SECRET}$`, "m"));
  assert.match(shown, /^ {2}BASIC_AUTH_PASSWORD=[\w-]{16}\u001b/m);
  const plain = shown.replace(/\u001b\[\d+m/g, "");
  for (const line of plain.split("\n")) assert.ok(line.length <= 80, line);
});

test("what matters has its colour, and what to do about it has none", { skip }, async (t) => {
  const shown = await showing(t, {});
  const user = userLine("john.doe@example.com").trim();
  assert.ok(shown.includes(`\u001b[1m\u001b[32m${user}\u001b[39m\u001b[22m\n`), "green and bold");
  assert.match(shown, /\u001b\[33mWarning: this password [^\u001b]*\u001b\[39m\n/);
  assert.match(
    shown,
    /\u001b\[33m\S+ GET \/userCreated 200 [^\n]* a 401\u001b\[39m\n {2}wrong user/,
  );
  assert.match(shown, /\u001b\[31m\S+ PUT \/userCreated 405 [^\n]*\u001b\[39m\n {2}from 127/);
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

test("a pipe gets neither the secret nor an escape code", async (t) => {
  const env = { FORCE_COLOR: "1", TERM: "xterm-256color" };
  const receiver = await startReceiver(t, { pipe: true, env });
  await send(receiver.url, post(delivery(created("john.doe@example.com"))));
  await send(receiver.url, { method: "PUT" });
  await receiver.stderr.until(/wrong method/);
  await receiver.stdout.until(/\n/);
  assert.equal(receiver.stdout.text, userLine("john.doe@example.com"));
  assert.doesNotMatch(receiver.stderr.text, /YWRtaW46|\u001b/);
});
