/** The launcher: what npm's commands need, and what they say where it is missing. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { copyProject, GUIDE, run } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** Returns a copy of the project without its packages. */
function copyWithoutPackages(t: Ends): string {
  const cwd = copyProject(t);
  rmSync(join(cwd, "node_modules"));
  return cwd;
}

/** Starts Node where it must fail; resolves to what it said on stderr. */
async function failure(t: Ends, cwd: string, args: string[]): Promise<string> {
  const { stdout, stderr, ended } = run(t, process.execPath, args, { cwd });
  assert.deepEqual(await ended, { code: 1, signal: null });
  assert.equal(stdout.text, "");
  return stderr.text;
}

test("npm start needs no scripts before it", async (t) => {
  const cwd = copyProject(t);
  const env = { ...GUIDE, npm_config_ignore_scripts: "true", npm_config_update_notifier: "false" };
  const { stderr } = run(t, "npm", ["start"], { cwd, env, hasChildren: true });
  await stderr.until(/^Listening on http:/m);
});

const MISSING = "Packages are missing: npm ci --include=dev\n";

for (const command of ["server", "simulate", "dev"]) {
  test(`${command} without packages says how to install them, and no more`, async (t) => {
    const cwd = copyWithoutPackages(t);
    assert.equal(await failure(t, cwd, ["src/launch.js", command]), MISSING);
  });
}

test("a package that is there and broken is not taken for a missing one", async (t) => {
  const cwd = copyWithoutPackages(t);
  const tsx = join(cwd, "node_modules/tsx");
  mkdirSync(tsx, { recursive: true });
  writeFileSync(join(tsx, "index.js"), 'throw new Error("it is broken");\n');
  const message = await failure(t, cwd, ["src/launch.js", "server"]);
  assert.match(message, /it is broken/);
  assert.doesNotMatch(message, /missing/);
});

/** Lets Node take itself for another version. */
function pretend(version: string): string {
  const versions = JSON.stringify({ value: { node: version } });
  const script = `Object.defineProperty(process, "versions", ${versions});`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

const tooOld = (version: string) => `This needs Node.js 20.12 or newer, and this is ${version}.\n`;

const versions: [version: string, said: string][] = [
  ["16.20.2", tooOld("16.20.2")],
  ["18.20.8", tooOld("18.20.8")],
  ["20.11.1", tooOld("20.11.1")],
  // These go on, and look for the packages.
  ["20.12.0", MISSING],
  ["21.0.0", MISSING],
  ["26.1.0", MISSING],
];
for (const [version, said] of versions) {
  const fate = said === MISSING ? "is new enough" : "is told that it is too old";
  test(`Node.js ${version} ${fate}`, async (t) => {
    const args = ["--import", pretend(version), "src/launch.js", "server"];
    assert.equal(await failure(t, copyWithoutPackages(t), args), said);
  });
}
