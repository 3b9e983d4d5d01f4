/** A real pseudo-terminal: what a person sees there, and what a pipe does not get. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { GUIDE, run, SERVER, startReceiver, type Ends } from "./support/process.js";

const { stdout: version } = spawnSync("script", ["--version"], { encoding: "utf8" });
const skip =
  !version?.includes("util-linux") && "needs the command script of util-linux, for a pseudo-terminal";

/** Starts the receiver in a terminal, delivers one user to it, and resolves to all that it showed. */
async function showing(t: Ends, env: Record<string, string>): Promise<string> {
  const args = ["--quiet", "--return", "--command", `exec "${process.execPath}" "${SERVER}"`, "/dev/null"];
  const { stdout } = run(t, "script", args, {
    env: { ...GUIDE, TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
  });
  const [, url = ""] = await stdout.until(/Listening on (\S+)\r\n[^]*inspector/);
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 200);
  await stdout.until(/1 user created\r\n/);
  return stdout.text.replaceAll("\r\n", "\n");
}

test(
  "a terminal shows the secret to paste, on a line of its own, and the user stands out",
  { skip },
  async (t) => {
    const shown = await showing(t, {});
    assert.match(shown, new RegExp(`^ {2}Authentication secret {2}${SECRET}$`, "m"));
    assert.ok(shown.includes(`\u001b[1;32m${userLine("john.doe@example.com").trim()}\u001b[0m\n`));
    const [block = ""] = shown.split("leave a tunnel open.");
    for (const line of block.split("\n")) assert.ok(line.length <= 80, line);
  },
);

test("NO_COLOR takes the colour away, and leaves the secret", { skip }, async (t) => {
  const shown = await showing(t, { NO_COLOR: "1" });
  assert.ok(shown.includes(SECRET));
  assert.ok(shown.includes(`\n${userLine("john.doe@example.com")}`));
  assert.ok(!shown.includes("\u001b"));
});

test("a pipe gets neither the secret nor an escape code", async (t) => {
  const receiver = await startReceiver(t, { pipe: true, env: { FORCE_COLOR: "1", TERM: "xterm-256color" } });
  await send(receiver.url, post(delivery(created("john.doe@example.com"))));
  await receiver.stderr.until(/1 user created\n/);
  await receiver.stdout.until(/\n/);
  assert.equal(receiver.stdout.text, userLine("john.doe@example.com"));
  assert.doesNotMatch(receiver.stderr.text, /YWRtaW46|\u001b/);
  assert.match(
    receiver.stderr.text,
    /^ {2}Authentication secret {2}\(start in a terminal, without redirecting stderr, to see it\)$/m,
  );
});
