/** The development run: from source, again when src or .env changes, and at nothing else. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { copyProject, GUIDE, run, type Ends } from "./support/process.js";

/** Starts the development run in a copy of the project. */
function startDev(t: Ends, cwd: string, env: Record<string, string>) {
  const args = ["--import", "tsx", "test/dev.ts"];
  return run(t, process.execPath, args, { cwd, env, hasChildren: true });
}

const LISTENING = /Listening on http:\/\/127\.0\.0\.1:\d+\/userCreated\n[^]*npm run simulate\n\n/;

test("without an .env it runs all the same, and starts again when src changes", async (t) => {
  const cwd = copyProject(t);
  const { stdout, stderr } = startDev(t, cwd, GUIDE);
  await stderr.until(LISTENING);
  const before = stderr.text.length;
  appendFileSync(join(cwd, "src/text.ts"), "// changed\n");
  await stderr.until(LISTENING, before);
  assert.match(stderr.text.slice(before), /^\d\d:\d\d:\d\d Stopping\.\n/);
  assert.match(stdout.text, /Restarting/, "it says that it does");
});

test("a change of .env counts, also where an editor replaces the file; other files do not", async (t) => {
  const cwd = copyProject(t);
  const { PORT, NGROK_WEB_ADDR } = GUIDE;
  const write = (name: string, password: string) => {
    const text = `BASIC_AUTH_USERNAME=admin\nBASIC_AUTH_PASSWORD=${password}\n`;
    writeFileSync(join(cwd, name), text);
  };
  write(".env", "supersecret");
  const { stderr } = startDev(t, cwd, { PORT, NGROK_WEB_ADDR });
  await stderr.until(LISTENING);
  assert.match(stderr.text, /Warning: this password/);

  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist/server.js"), "");
  writeFileSync(join(cwd, "users.log"), "The user a@example.com has been added to the Okta org!\n");
  for (const name of [".env", "replacement", ".env"]) {
    const before = stderr.text.length;
    write(name, `another-${name}`);
    if (name === "replacement") renameSync(join(cwd, name), join(cwd, ".env"));
    await stderr.until(LISTENING, before);
    assert.doesNotMatch(stderr.text.slice(before), /Warning: this password/);
  }
  assert.equal(stderr.text.match(/Listening on /g)?.length, 4);
});
