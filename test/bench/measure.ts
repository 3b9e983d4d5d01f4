/** One measurement: a program in a process of its own, under one workload. */
import { load } from "./load.js";
import type { Program } from "./programs.js";
import { startTarget } from "./target.js";
import type { Workload } from "./workloads.js";

/** How long each program is warmed up, so that its code is compiled before it is measured. */
const WARM_UP_SECONDS = 1;

export interface Measurement {
  /** Answers in a second. */
  rate: number;
  /** What each answer took, in milliseconds, sorted. */
  times: number[];
  /** Resident memory at its peak, in MB. */
  peak: number;
  /** Milliseconds from the start of the process until it listened. */
  startedIn: number;
}

/** Measures a program for some seconds. Rejects when an answer is missing or wrong. */
export async function measure(
  program: Program,
  workload: Workload,
  seconds: number,
): Promise<Measurement> {
  const target = await startTarget(program.path);
  try {
    await send(target.port, workload, WARM_UP_SECONDS);
    const { rate, times } = await send(target.port, workload, seconds);
    const { peak } = target.memory();
    return { rate, times, peak, startedIn: target.startedIn };
  } finally {
    await target.stop();
  }
}

async function send(port: number, { headers, body, status }: Workload, seconds: number) {
  const url = `http://127.0.0.1:${port}/userCreated`;
  const times: number[] = [];
  const wrong: number[] = [];
  const started = performance.now();
  await load(
    { url, method: "POST", headers, body, connections: 20, duration: seconds },
    (answered, milliseconds) => {
      times.push(milliseconds);
      if (answered !== status) wrong.push(answered);
    },
  );
  const elapsed = (performance.now() - started) / 1000;
  if (wrong.length > 0) {
    throw new Error(`${wrong.length} answers were not ${status}, the first ${wrong[0]}`);
  }
  times.sort((a, b) => a - b);
  return { rate: times.length / elapsed, times };
}
