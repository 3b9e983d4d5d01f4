/** Real child processes: starts the commands from source, reads what they print, and ends them with the test. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fieldsOf } from "../../src/values.js";
import { Transcript, type Ends } from "./transcript.js";

const fromSource = (path: string) => [
  // By its own address, as most receivers here do not run in the project's folder.
  "--import",
  import.meta.resolve("tsx"),
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
  /** A file descriptor for stderr, instead of a pipe. */
  stderr?: number;
  /** Whether it starts processes of its own, which are to end with it. */
  hasChildren?: boolean;
}

/** Starts a command; it is ended with the test, if it still runs. */
export function run(t: Ends, command: string, args: string[], options: RunOptions = {}): Run {
  const {
    env = {},
    cwd = tmpdir(),
    stdout = "pipe",
    stderr = "pipe",
    hasChildren = false,
  } = options;
  const { PATH = "" } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", stdout, stderr],
    detached: hasChildren,
    // One that does not end where it must is a failure, and not a wait without end.
    timeout: 1_800_000,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "close").then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }));
  t.after(async () => {
    if (hasChildren && child.pid !== undefined) killGroup(child.pid);
    else child.kill("SIGKILL");
    await ended;
  });
  return {
    child,
    stdout: new Transcript(child.stdout),
    stderr: new Transcript(child.stderr),
    ended,
  };
}

function killGroup(id: number): void {
  try {
    process.kill(-id, "SIGKILL");
  } catch (error) {
    // All of them have ended by themselves.
    assert.equal(fieldsOf(error).code, "ESRCH");
  }
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

/** Copies what running from source needs into a folder that is removed when the test ends. */
export function copyProject(t: Ends): string {
  const project = fileURLToPath(new URL("../..", import.meta.url));
  const copy = folder(t);
  for (const name of ["src", "package.json", ".env.example"]) {
    cpSync(join(project, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"), "junction");
  return copy;
}

export interface Receiver extends Run {
  port: number;
  url: string;
  /** What stdout got from a byte on, when it is a file: complete as soon as a delivery is acknowledged. */
  users(from?: number): string;
  /** How many bytes stdout got, when it is a file. */
  size(): number;
}

/** Starts the receiver with stdout going to a file, or to a pipe, and waits until it listens. */
export async function startReceiver(
  t: Ends,
  { env = {}, pipe = false }: { env?: Record<string, string>; pipe?: boolean } = {},
): Promise<Receiver> {
  const cwd = folder(t);
  const file = join(cwd, "users.log");
  const stdout = openSync(file, "a");
  const receiver = run(t, process.execPath, SERVER, {
    env: { ...GUIDE, ...env },
    cwd,
    ...(pipe ? {} : { stdout }),
  });
  closeSync(stdout);
  const [, host = "", port = ""] = await receiver.stderr.until(
    /Listening on http:\/\/(.*):(\d+)\/userCreated/,
  );
  await receiver.stderr.until(/npm run simulate\n\n(?:Warning: [^]*\n\n)?$/);
  return {
    ...receiver,
    port: Number(port),
    url: `http://${host}:${port}/userCreated`,
    users: (from = 0) => tail(file, from),
    size: () => statSync(file).size,
  };
}

function tail(file: string, from: number): string {
  const bytes = Buffer.alloc(statSync(file).size - from);
  const handle = openSync(file, "r");
  readSync(handle, bytes, 0, bytes.length, from);
  closeSync(handle);
  return bytes.toString("utf8");
}
