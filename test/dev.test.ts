/** The development run: from source, again when src or .env changes, and at nothing else. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { copyProject, GUIDE, run, type Ends } from "./support/process.js";

/** Replaces a file by another one, as many editors do. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

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
  const file = join(cwd, "src/receiver/repeats.ts");
  const changes = [
    () => appendFileSync(file, "// changed\n"),
    () => replace(file, `${readFileSync(file, "utf8")}// replaced\n`),
    () => replace(file, `${readFileSync(file, "utf8")}// replaced again\n`),
    () => appendFileSync(file, "// changed again\n"),
    () => appendFileSync(join(cwd, "src/text.ts"), "// changed\n"),
  ];
  for (const change of changes) {
    const before = stderr.text.length;
    change();
    await stderr.until(LISTENING, before);
    assert.match(stderr.text.slice(before), /^\d\d:\d\d:\d\d Stopping\.\n/);
  }
  const restarts = stdout.text.match(/^Restarting: /gm)?.length;
  assert.equal(restarts, changes.length, "it says that it does");
});

test("an .env that was missing at the start is noticed when it comes", async (t) => {
  const cwd = copyProject(t);
  const { PORT, NGROK_WEB_ADDR } = GUIDE;
  const { stderr } = startDev(t, cwd, { PORT, NGROK_WEB_ADDR });
  await stderr.until(/Copy \.env\.example to \.env/);
  writeFileSync(join(cwd, ".env"), "BASIC_AUTH_USERNAME=admin\nBASIC_AUTH_PASSWORD=x\n");
  await stderr.until(LISTENING);
});

test("a change of .env counts, also where an editor replaces the file; other files do not", async (t) => {
  const cwd = copyProject(t);
  const { PORT, NGROK_WEB_ADDR } = GUIDE;
  const file = join(cwd, ".env");
  const textWith = (password: string) =>
    `BASIC_AUTH_USERNAME=admin\nBASIC_AUTH_PASSWORD=${password}\n`;
  writeFileSync(file, textWith("supersecret"));
  const { stderr } = startDev(t, cwd, { PORT, NGROK_WEB_ADDR });
  await stderr.until(LISTENING);
  assert.match(stderr.text, /Warning: this password/);

  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist/server.js"), "");
  writeFileSync(join(cwd, "users.log"), "The user a@example.com has been added to the Okta org!\n");
  for (const save of [writeFileSync, replace, writeFileSync]) {
    const before = stderr.text.length;
    save(file, textWith("another"));
    await stderr.until(LISTENING, before);
    assert.doesNotMatch(stderr.text.slice(before), /Warning: this password/);
  }
  assert.equal(stderr.text.match(/Listening on /g)?.length, 4);
});
