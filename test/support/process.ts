/** Real child processes: starts the commands from source, reads what they print, and ends them with the test. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../../src/settings.js";
import { Transcript, type Ends } from "./transcript.js";

const fromSource = (path: string) => [
  // By its own address, as most receivers here do not run in the project's folder.
  "--import",
  import.meta.resolve("tsx/esm"),
  fileURLToPath(new URL(`../../src/${path}`, import.meta.url)),
];

/** The arguments for Node that start the receiver, as `npm start` does. */
export const SERVER = fromSource("server.ts");

/** The arguments for Node that start the simulator, as `npm run simulate` does. */
export const SIMULATE = fromSource("simulate.ts");

/** The values of Okta's guide, any free port, and an agent that is not there. */
export const GUIDE = {
  BASIC_AUTH_USERNAME: "admin",
  BASIC_AUTH_PASSWORD: "supersecret",
  PORT: "0",
  NGROK_WEB_ADDR: "127.0.0.1:2",
};

/** The settings that follow from the guide's values alone. */
export const GUIDE_SETTINGS: Settings = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
  showPayload: false,
};

export interface Run {
  child: ChildProcess;
  stdout: Transcript;
  stderr: Transcript;
  /** Resolves when the process has ended and all it said is read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface RunOptions {
  /** The environment beside PATH; nothing else of this process's own gets in. */
  env?: Record<string, string>;
  cwd?: string;
  /** A file descriptor for stdout, instead of a pipe. */
  stdout?: number;
}

/** Starts a command; it is ended with the test, if it still runs. */
export function run(t: Ends, command: string, args: string[], options: RunOptions = {}): Run {
  const { env = {}, cwd = tmpdir(), stdout = "pipe" } = options;
  const { PATH = "" } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", stdout, "pipe"],
    // One that does not end where it must is a failure, and not a wait without end.
    timeout: 1_800_000,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "close").then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    child,
    stdout: new Transcript(child.stdout),
    stderr: new Transcript(child.stderr),
    ended,
  };
}

const { stdout: version } = spawnSync("script", ["--version"], { encoding: "utf8" });

/** Why a test that needs a pseudo-terminal has to be skipped, or false. */
export const noTerminal =
  !version?.includes("util-linux") && "needs the command script of util-linux";

/** Starts the receiver in a pseudo-terminal, which is its stdin, stdout and stderr. */
export function startInTerminal(t: Ends, { env = {}, cwd = folder(t) }: RunOptions = {}): Run {
  const command = ["exec", process.execPath, ...SERVER].join(" ");
  const args = ["--quiet", "--return", "--command", command, "/dev/null"];
  const terminal = { TERM: "xterm-256color", SHELL: "/bin/sh" };
  return run(t, "script", args, { cwd, env: { ...GUIDE, ...terminal, ...env } });
}

/** Returns a folder that is removed when the test ends. */
export function folder(t: Ends): string {
  const path = mkdtempSync(join(tmpdir(), "event-hook-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Copies what running and checking the source need into a folder that is removed when the test ends. */
export function copyProject(t: Ends): string {
  const project = fileURLToPath(new URL("../..", import.meta.url));
  const copy = folder(t);
  for (const name of ["src", "package.json", "tsconfig.json"]) {
    cpSync(join(project, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"), "junction");
  return copy;
}

/** Resolves to the receiver's URL, once all that it says at its start has been read. */
export async function listening(log: Transcript): Promise<string> {
  const [, url = ""] = await log.until(/Listening on (\S+)\r?\n[^]*start again\.(?:\r?\n){2}/);
  return url;
}

export interface Receiver extends Run {
  port: number;
  url: string;
  /** What stdout got, when it is a file: complete as soon as a delivery is acknowledged. */
  users(): string;
}

interface ReceiverOptions {
  env?: Record<string, string>;
  /** Whether stdout is a pipe, and no file. */
  pipe?: boolean;
}

/** Starts the receiver in a folder of its own, and waits until it listens. */
export async function startReceiver(t: Ends, options: ReceiverOptions = {}): Promise<Receiver> {
  const { env = {}, pipe = false } = options;
  const cwd = folder(t);
  const file = join(cwd, "users.log");
  const stdout = openSync(file, "a");
  const receiver = run(t, process.execPath, SERVER, {
    env: { ...GUIDE, ...env },
    cwd,
    ...(pipe ? {} : { stdout }),
  });
  closeSync(stdout);
  const url = await listening(receiver.stderr);
  const port = Number(new URL(url).port);
  return { ...receiver, port, url, users: () => readFileSync(file, "utf8") };
}
