/** A program that is measured: a process of its own, its output in files, and what it uses. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A running program. */
export interface Program {
  /** Where it is, relative to the project's folder. */
  path: string;
  /** Where it listens on 127.0.0.1. */
  port: number;
  /** The processor time that all its threads have taken so far, in µs. */
  processorTime(): number;
  /** Its resident memory in MB: now (VmRSS), or at its peak (VmHWM). */
  memory(field: "VmRSS" | "VmHWM"): number;
  /** Everything on stdout so far. */
  stdout(): string;
  /** Ends it, and removes its files. */
  stop(): void;
}

const SETTINGS = {
  BASIC_AUTH_USERNAME: "admin",
  BASIC_AUTH_PASSWORD: "supersecret",
  PORT: "0",
  NGROK_WEB_ADDR: "127.0.0.1:2", // No agent is there.
  NODE_ENV: "production",
};

/** Starts a program. Resolves once it listens; rejects when it ends before. */
export async function startProgram(path: string): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), "event-hook-bench-"));
  const child = start(path, folder);

  function stop() {
    process.off("exit", stop);
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }

  // However the benchmark ends, nothing of it stays behind.
  process.on("exit", stop);
  return {
    path,
    port: await readPort(child, join(folder, "stderr")),
    processorTime: () => readProcessorTime(`/proc/${child.pid}/task`),
    memory: (field) => readMemory(`/proc/${child.pid}/status`, field),
    stdout: () => readFileSync(join(folder, "stdout"), "utf8"),
    stop,
  };
}

function start(path: string, folder: string): ChildProcess {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const { PATH = "" } = process.env;
  const env = { PATH, ...SETTINGS };
  const out = openSync(join(folder, "stdout"), "a");
  const err = openSync(join(folder, "stderr"), "a");
  // There is no .env in the folder.
  const options = { cwd: folder, env };
  const child = spawn(process.execPath, [file], { ...options, stdio: ["ignore", out, err] });
  closeSync(out);
  closeSync(err);
  return child;
}

async function readPort(child: ChildProcess, stderr: string): Promise<number> {
  const deadline = performance.now() + 10_000;
  while (child.exitCode === null && performance.now() < deadline) {
    const [, port] = /Listening on \S+:(\d+)/.exec(readFileSync(stderr, "utf8")) ?? [];
    if (port !== undefined) return Number(port);
    await sleep(10);
  }
  throw new Error(`A program does not listen, but says: ${readFileSync(stderr, "utf8")}`);
}

function readProcessorTime(tasks: string): number {
  let nanoseconds = 0;
  for (const task of readdirSync(tasks)) {
    const schedstat = readFileSync(`${tasks}/${task}/schedstat`, "utf8");
    nanoseconds += Number.parseInt(schedstat, 10);
  }
  return nanoseconds / 1_000;
}

function readMemory(status: string, field: string): number {
  const text = readFileSync(status, "utf8");
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text) ?? [];
  return Number(kilobytes) / 1024;
}
