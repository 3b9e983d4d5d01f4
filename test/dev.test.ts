/** The development run: from source, again when src or .env changes, and at nothing else. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { copyProject, GUIDE, run, SIMULATE } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** Replaces a file of a project by another one, as many editors do. */
function replace(file: string, text: string, cwd: string): void {
  const other = join(cwd, "other");
  writeFileSync(other, text);
  renameSync(other, file);
}

/** Starts the development run in a copy of the project. */
function startDev(t: Ends, cwd: string, env: Record<string, string>) {
  return run(t, process.execPath, ["src/launch.js", "dev"], { cwd, env, hasChildren: true });
}

/** Has the receiver pass all steps. That takes longer than a restart would take to begin. */
async function playOkta(t: Ends, url: string, cwd: string): Promise<void> {
  const simulator = run(t, process.execPath, [...SIMULATE, "--url", url], { cwd, env: GUIDE });
  assert.deepEqual(await simulator.ended, { code: 0, signal: null });
}

const { PORT, NGROK_WEB_ADDR } = GUIDE;
const WITHOUT_CREDENTIALS = { PORT, NGROK_WEB_ADDR };
const LISTENING = /Listening on (\S+)\n/;
const INSTRUCTIONS = /1\. Open a tunnel/;
const WAITING = "Waiting for a change of src or .env to start again.\n";
const RESTARTED =
  /^Restarting: src or \.env has changed\.\n\d\d:\d\d:\d\d Stopping\.\nListening on \S+\n$/;

const environmentWith = (password: string) =>
  `BASIC_AUTH_USERNAME=admin\nBASIC_AUTH_PASSWORD=${password}\n`;

test("it starts again when src changes, and says no more than where it listens", async (t) => {
  const cwd = copyProject(t);
  const { stdout, stderr } = startDev(t, cwd, GUIDE);
  await stderr.until(/Listening on [^]*start again\.\n\n$/);
  assert.match(stderr.text, INSTRUCTIONS);
  const file = join(cwd, "src/receiver/repeats.ts");
  const text = readFileSync(file, "utf8");
  const changes = [
    () => appendFileSync(file, "// changed\n"),
    () => replace(file, `${text}// replaced\n`, cwd),
    () => replace(file, `${text}// replaced again\n`, cwd),
    () => appendFileSync(file, "// changed again\n"),
    () => appendFileSync(join(cwd, "src/text.ts"), "// changed\n"),
  ];
  for (const change of changes) {
    const before = stderr.text.length;
    change();
    await stderr.until(LISTENING, before);
    assert.match(stderr.text.slice(before), RESTARTED);
  }
  assert.equal(stdout.text, "");
});

test("a mistake in src is shown, and mended it starts again", async (t) => {
  const cwd = copyProject(t);
  const { stderr } = startDev(t, cwd, GUIDE);
  await stderr.until(LISTENING);
  const file = join(cwd, "src/receiver/announcements.ts");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `${text}const = 1;\n`);
  await stderr.until(/announcements\.ts:\d+:\d+[^]*Waiting for a change of src or \.env/);
  const before = stderr.text.length;
  writeFileSync(file, text);
  await stderr.until(LISTENING, before);
});

test("the first run makes .env, and does not start again for it", async (t) => {
  const cwd = copyProject(t);
  const { stderr } = startDev(t, cwd, WITHOUT_CREDENTIALS);
  const [, url = ""] = await stderr.until(LISTENING);
  assert.match(stderr.text, /^\.env was made from \.env\.example\.\n/);
  await playOkta(t, url, cwd);
  assert.match(stderr.text, INSTRUCTIONS);
  assert.doesNotMatch(stderr.text, /Restarting/);
});

test("an .env that was missing at the start is noticed when it comes", async (t) => {
  const cwd = copyProject(t);
  const { stderr } = startDev(t, cwd, { ...WITHOUT_CREDENTIALS, LISTEN_HOST: "127.0.0.1" });
  await stderr.until(/There is no \.env in .*\nWaiting for a change of src or \.env/);
  writeFileSync(join(cwd, ".env"), environmentWith("x"));
  await stderr.until(LISTENING);
});

test("a change of .env counts, also where an editor replaces the file", async (t) => {
  const cwd = copyProject(t);
  const file = join(cwd, ".env");
  writeFileSync(file, environmentWith("first"));
  const { stderr } = startDev(t, cwd, WITHOUT_CREDENTIALS);
  await stderr.until(LISTENING);
  const saves = [
    () => writeFileSync(file, environmentWith("second")),
    () => replace(file, environmentWith("third"), cwd),
    () => writeFileSync(file, environmentWith("fourth")),
  ];
  for (const save of saves) {
    const before = stderr.text.length;
    save();
    // The secret or the port may be another now.
    await stderr.until(/Listening on [^]*1\. Open a tunnel/, before);
  }
});

test("other files do not count", async (t) => {
  const cwd = copyProject(t);
  const { stderr, stdout } = startDev(t, cwd, GUIDE);
  const [, url = ""] = await stderr.until(LISTENING);
  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist/server.js"), "");
  writeFileSync(join(cwd, "users.log"), "The user a@example.com has been added to the Okta org!\n");
  writeFileSync(join(cwd, ".env.example"), "");
  writeFileSync(join(cwd, ".envrc"), "");
  await playOkta(t, url, cwd);
  assert.match(stdout.text, /^The user john\.doe@example\.com /);
  assert.doesNotMatch(stderr.text, /Restarting/);
});

test("where the receiver cannot start it says what it waits for", async (t) => {
  const cwd = copyProject(t);
  const other = net.createServer().listen(0, "127.0.0.1");
  t.after(() => void other.close());
  await once(other, "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address !== null);
  const { stderr } = startDev(t, cwd, { ...GUIDE, PORT: `${address.port}` });
  await stderr.until(/ is in use: .*\n.*\n.*\n$/);
  assert.ok(stderr.text.endsWith(WAITING));
  const closed = once(other, "close");
  other.close();
  await closed;
  appendFileSync(join(cwd, "src/text.ts"), "// changed\n");
  await stderr.until(LISTENING);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends it, and the receiver first`, async (t) => {
    const { child, stderr, ended } = startDev(t, copyProject(t), GUIDE);
    await stderr.until(LISTENING);
    child.kill(signal);
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.match(stderr.text, /\d\d:\d\d:\d\d Stopping\.\n$/);
  });
}
