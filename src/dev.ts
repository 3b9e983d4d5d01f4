/** The entry of `npm run dev`: runs the receiver, and again when src or .env changes. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { allowsExample, RESTARTED } from "./settings.js";
import { readTextFile } from "./text-file.js";

/** An editor may touch a file several times to save it once. */
const SETTLING_MS = 100;

/** Whether .env is yet to be made by the receiver, at the first start. */
let isBeingMade = !existsSync(".env") && allowsExample(process.env);
let settling: NodeJS.Timeout | undefined;
let receiver = start({});
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

function start(variables: Record<string, string>): ChildProcess {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, ["src/launch.js", "server"], { stdio: "inherit", env });
  child.on("exit", () => console.error("Waiting for a change of src or .env to start again."));
  return child;
}

function restartForSettings(_event: string, name: string | null): void {
  if (name === ".env") settle(restartUnlessMade);
}

function restartSoon(): void {
  // Its instructions stand there already, if it has started.
  settle(() => restart(isRunning() ? { [RESTARTED]: "1" } : {}));
}

function settle(next: () => void): void {
  clearTimeout(settling);
  settling = setTimeout(next, SETTLING_MS);
}

/** The receiver makes .env at the first start, which is no change. */
function restartUnlessMade(): void {
  isBeingMade &&= read(".env") === read(".env.example");
  if (!isBeingMade) restart({});
}

/** The file's text; undefined where there is none, or it is being replaced. */
function read(path: string): string | undefined {
  const file = readTextFile(path);
  return "text" in file ? file.text : undefined;
}

function restart(variables: Record<string, string>): void {
  console.error("Restarting: src or .env has changed.");
  whenStopped("SIGTERM", () => {
    receiver = start(variables);
  });
}

function isRunning(): boolean {
  return receiver.exitCode === null && receiver.signalCode === null;
}

function stop(signal: NodeJS.Signals): void {
  clearTimeout(settling);
  whenStopped(signal, () => process.exit(receiver.exitCode ?? 1));
}

/** Stops the receiver, if it still runs, and goes on then; what was to follow before is dropped. */
function whenStopped(signal: NodeJS.Signals, next: () => void): void {
  receiver.removeAllListeners("exit");
  if (!isRunning()) {
    next();
    return;
  }
  receiver.on("exit", next);
  receiver.kill(signal);
}
