/** The entry of `npm run dev`: runs the receiver from source, again when src or .env changes. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** An editor may touch a file several times to save it once. */
const SETTLING_MS = 100;

let settling: NodeJS.Timeout | undefined;
let receiver = start();
// Folders, and each by itself: `node --watch` and a recursive watch lose sight of a file that an
// editor replaces, as many do.
for (const folder of ["src", ...subfolders("src")]) watch(folder, restartSoon);
watch(".", restartForSettings);
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

function subfolders(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => join(folder, name));
}

function start(): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "src/server.ts"], { stdio: "inherit" });
}

function restartForSettings(_event: string, name: string | null): void {
  if (name === ".env") restartSoon();
}

function restartSoon(): void {
  clearTimeout(settling);
  settling = setTimeout(restart, SETTLING_MS);
}

function restart(): void {
  console.log("Restarting: src or .env has changed.");
  whenStopped("SIGTERM", () => {
    receiver = start();
  });
}

function stop(signal: NodeJS.Signals): void {
  clearTimeout(settling);
  whenStopped(signal, () => process.exit(receiver.exitCode ?? 1));
}

/** Stops the receiver, if it still runs, and goes on then; what was to follow before is dropped. */
function whenStopped(signal: NodeJS.Signals, next: () => void): void {
  const hasExited = receiver.exitCode !== null || receiver.signalCode !== null;
  receiver.removeAllListeners("exit");
  if (hasExited) {
    next();
    return;
  }
  receiver.on("exit", next);
  receiver.kill(signal);
}
