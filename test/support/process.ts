/** Real child processes: starts the built programs, reads what they print, and ends them with the test. */
import { spawn, type ChildProcess } from "node:child_process";
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
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const SERVER = fileURLToPath(new URL("../../dist/server.js", import.meta.url));
export const SIMULATE = fileURLToPath(new URL("../../dist/simulate.js", import.meta.url));

/**
 * The values of Okta's guide, any free port, and an agent that is not there. (Port 1 would do as
 * well, were it not one that fetch refuses.)
 */
export const GUIDE = {
  BASIC_AUTH_USERNAME: "admin",
  BASIC_AUTH_PASSWORD: "supersecret",
  PORT: "0",
  NGROK_WEB_ADDR: "127.0.0.1:2",
};

/** What a test is as far as these helpers mind: something that ends. */
export interface Ends {
  after(end: () => void | Promise<void>): void;
}

/** Everything that a stream has said, and a wait for what it has yet to say. */
export class Transcript {
  text = "";
  #closed = false;
  #wake = new Set<() => void>();

  constructor(stream: Readable | null) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      this.text += chunk;
      for (const wake of this.#wake) wake();
    });
    stream?.on("close", () => {
      this.#closed = true;
      for (const wake of this.#wake) wake();
    });
  }

  /** Resolves to the first match from an offset on. Rejects, with the text, when none comes. */
  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(20_000);
    for (;;) {
      const match = pattern.exec(this.text.slice(from));
      if (match) return match;
      if (this.#closed || limit.aborted) {
        const text = JSON.stringify(this.text.slice(from).slice(-2_000));
        throw new Error(`${String(pattern)} is not at the end of: ${text}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wake.delete(wake);
          limit.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake.add(wake);
        limit.addEventListener("abort", wake);
      });
    }
  }
}

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
  /** Whether it starts processes of its own, which are to end with it. */
  hasChildren?: boolean;
}

/** Starts a command; it is ended with the test, if it still runs. */
export function run(t: Ends, command: string, args: string[], options: RunOptions = {}): Run {
  const { env = {}, cwd = tmpdir(), stdout = "pipe", hasChildren = false } = options;
  const { PATH = "" } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", stdout, "pipe"],
    detached: hasChildren,
  });
  const ended = once(child, "close").then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
  }));
  t.after(async () => {
    // A negative id is that of a whole group of processes.
    if (hasChildren && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
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
  for (const name of ["src", "package.json", "test/dev.ts"]) {
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
  const receiver = run(t, process.execPath, [SERVER], {
    env: { ...GUIDE, ...env },
    cwd,
    ...(pipe ? {} : { stdout }),
  });
  closeSync(stdout);
  const [, host = "", port = ""] = await receiver.stderr.until(
    /Listening on http:\/\/(.*):(\d+)\/userCreated/,
  );
  await receiver.stderr.until(/npm run simulate\n\n/);
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
