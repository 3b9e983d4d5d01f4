/** The README: its commands are the project's, and its entries work as they stand. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { GUIDE, run } from "./support/process.js";
import { copyWithEntries, startCopy } from "./support/table.js";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(PROJECT, "README.md"), "utf8");

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  const fences = README.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"));
  return [...fences].map(([, block = ""]) => block);
}

const ENTRIES = blocks("ts");

/** The event type of each entry, and the line that its command brings to stdout. */
const LINES: [eventType: string, line: RegExp][] = [
  ["group.user_membership.add", /^The user jane\.roe@example\.com .* group Engineering\.\n$/],
  ["user.session.start", /^john\.doe@example\.com .* 203\.0\.113\.\d+: INVALID_CREDENTIALS\.\n$/],
];

test("its entries pass the checks when they are pasted into the table", async (t) => {
  assert.equal(ENTRIES.length, LINES.length);
  const cwd = copyWithEntries(t, ENTRIES.join(""));
  const commands = [
    // What the table's own entries import may be unused here.
    "typescript/bin/tsc --noEmit --noUnusedLocals false",
    "prettier/bin/prettier.cjs --check src/receiver/announcements.ts",
  ];
  for (const command of commands) {
    const args = `node_modules/${command}`.split(" ");
    const { ended, stdout, stderr } = run(t, process.execPath, args, { cwd });
    const { code } = await ended;
    assert.equal(code, 0, stdout.text + stderr.text);
  }
});

test("its entries print their lines when its commands trigger them", async (t) => {
  const cwd = copyWithEntries(t, ENTRIES.join(""));
  const { url, stdout } = await startCopy(t, cwd);
  for (const [eventType, line] of LINES) {
    const before = stdout.text.length;
    const command = blocks("sh").join("").match(`npm run simulate (${eventType}.*)\n`);
    const values = command?.[1]?.split(" ") ?? [];
    assert.ok(values.length > 1, `no command for ${eventType}`);
    const args = ["--import", "tsx/esm", "src/simulate.ts", ...values, url];
    const simulator = run(t, process.execPath, args, { cwd, env: GUIDE });
    const { code } = await simulator.ended;
    assert.equal(code, 0, simulator.stdout.text + simulator.stderr.text);
    await stdout.until(/\n/, before);
    assert.match(stdout.text.slice(before), line);
  }
});

test("each npm command in it is one of the project's", () => {
  const { scripts }: { scripts: object } = JSON.parse(
    readFileSync(join(PROJECT, "package.json"), "utf8"),
  );
  const names = [...README.matchAll(/npm run (\w+)/g)];
  assert.ok(names.length > 3);
  for (const [command, name = ""] of names) assert.ok(name in scripts, command);
});

test("the command that passes the tests stands alone in a shell block", () => {
  assert.ok(blocks("sh").includes("npm ci && npm test\n"));
});
