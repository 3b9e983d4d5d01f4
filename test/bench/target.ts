/** What is measured: one of the programs in a process of its own, its output in files. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface Target {
  port: number;
  /** Milliseconds from the start of the process until it said that it listens. */
  startedIn: number;
  /** Everything on stdout so far. */
  stdout(): string;
  /** Resident memory, now and at its peak. */
  memory(): Memory;
  stop(): Promise<void>;
}

/** In MB; NaN where there is no /proc. */
interface Memory {
  now: number;
  peak: number;
}

const SETTINGS = {
  BASIC_AUTH_USERNAME: "admin",
  BASIC_AUTH_PASSWORD: "supersecret",
  PORT: "0",
  NGROK_WEB_ADDR: "127.0.0.1:2", // No agent is there.
  NODE_ENV: "production",
};

/** Takes a compiled program's path, relative to this file's. Resolves once it listens. */
export async function startTarget(program: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "event-hook-bench-"));
  const stdoutFile = join(folder, "stdout");
  const stderrFile = join(folder, "stderr");
  const started = performance.now();
  const child = start(program, folder, [stdoutFile, stderrFile]);
  const port = await readPort(child, stderrFile);
  return {
    port,
    startedIn: performance.now() - started,
    stdout: () => readFileSync(stdoutFile, "utf8"),
    memory: () => readMemory(child),
    stop: () => stop(child, folder),
  };
}

function start(program: string, cwd: string, outputs: string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const { PATH = "" } = process.env;
  const handles = outputs.map((file) => openSync(file, "a"));
  const stdio: StdioOptions = ["ignore", ...handles];
  const child = spawn(process.execPath, [path], { cwd, env: { PATH, ...SETTINGS }, stdio });
  handles.forEach((handle) => closeSync(handle));
  return child;
}

/** Resolves to the port once the program says that it listens; rejects when it ends before. */
async function readPort(child: ChildProcess, stderrFile: string): Promise<number> {
  for (;;) {
    const stderr = readFileSync(stderrFile, "utf8");
    const [, port] = /Listening on .*(?::|port: )(\d+)/.exec(stderr) ?? [];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null) throw new Error(`The program ended: ${stderr}`);
    await sleep(2);
  }
}

function readMemory({ pid }: ChildProcess): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return { now: readField(status, "VmRSS"), peak: readField(status, "VmHWM") };
  } catch {
    return { now: NaN, peak: NaN };
  }
}

function readField(status: string, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status) ?? [];
  return Number(kilobytes) / 1024;
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true });
}
