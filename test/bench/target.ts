/** What is measured: one of the servers in a process of its own, its output in files, its memory read. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
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
  /** Resident memory in MB, now and at its peak; NaN where there is no /proc. */
  memory(): { now: number; peak: number };
  stop(): Promise<void>;
}

/** Takes a compiled program's path, relative to this file's. Resolves once it listens. */
export async function startTarget(program: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "event-hook-bench-"));
  const files = ["stdout", "stderr"].map((name) => join(folder, name));
  const [out = "", err = ""] = files;
  const handles = files.map((file) => openSync(file, "a"));
  const credentials = { BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" };
  const { PATH = "" } = process.env;
  const started = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url))], {
    cwd: folder,
    env: { PATH, ...credentials, PORT: "0", NGROK_WEB_ADDR: "127.0.0.1:1", NODE_ENV: "production" },
    stdio: ["ignore", ...handles],
  });
  handles.forEach((handle) => closeSync(handle));
  let port: string | undefined;
  while (port === undefined) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${readFileSync(err, "utf8")}`);
    await sleep(2);
    port = /Listening on .*(?::|port: )(\d+)/.exec(readFileSync(err, "utf8"))?.[1];
  }
  const startedIn = performance.now() - started;
  const memory = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      const read = (name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
      return { now: read("VmRSS"), peak: read("VmHWM") };
    } catch {
      return { now: NaN, peak: NaN };
    }
  };
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  };
  return { port: Number(port), startedIn, stdout: () => readFileSync(out, "utf8"), memory, stop };
}
