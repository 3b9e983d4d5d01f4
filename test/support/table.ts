/** A copy of the project whose table of announcements has other entries, as their author writes them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject, GUIDE, run } from "./process.js";
import type { Ends } from "./transcript.js";

/** The live table, whose own entries are no test's affair. */
const TABLE = /^(export const ANNOUNCEMENTS: Announcements = \{\n)[^]*?^\};\n/m;

/** Copies the project, with these entries pasted in the place of the table's own. */
export function copyWithEntries(t: Ends, entries: string): string {
  const cwd = copyProject(t);
  const file = join(cwd, "src/receiver/announcements.ts");
  const source = readFileSync(file, "utf8");
  assert.match(source, TABLE);
  writeFileSync(
    file,
    source.replace(TABLE, (_, head: string) => `${head}${entries}};\n`),
  );
  return cwd;
}

/** Starts a copy's receiver with the guide's credentials, and waits until it listens. */
export async function startCopy(t: Ends, cwd: string) {
  const args = ["--import", "tsx/esm", "src/server.ts"];
  const receiver = run(t, process.execPath, args, { cwd, env: GUIDE });
  const [, url = ""] = await receiver.stderr.until(/^Listening on (.*)\n/m);
  return { ...receiver, url };
}
