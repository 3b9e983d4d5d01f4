/** The benchmark: compares the receiver to its rivals, in short slices by turns, or soaks it. */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openLoad, WORKLOADS, type Load, type Workload } from "./load.js";
import { startProgram, type Program } from "./program.js";
import { soak } from "./soak.js";

interface Contestant {
  name: string;
  program: Program;
  load: Load;
  /** One for each round. */
  slices: Slice[];
}

interface Slice {
  /** Processor time for each delivery, in µs. */
  cost: number;
  /** Deliveries in a second of wall time. */
  rate: number;
}

/** The first is compared to the others. */
const PROGRAMS: [name: string, path: string][] = [
  ["this receiver", "dist/server.js"],
  ["Fastify", "test/bench/rivals/fastify.js"],
  ["the guide's stack", "test/bench/rivals/guide.js"],
  ["bare node:http", "test/bench/rivals/bare.js"],
];

const SLICE_MS = 100;

/** What a program does after its last answer belongs to the slice. */
const SETTLE_MS = 10;

/** About a second for each program, so that its code is compiled before it is measured. */
const WARM_UP_ROUNDS = 10;

const options = readOptions();

if (options === undefined) {
  console.error("The options are --rounds N, a whole number over 0, and --soak.");
  process.exitCode = 2;
} else if (!existsSync("/proc/self/schedstat")) {
  console.error("The benchmark needs Linux, which shows each thread's processor time in /proc.");
  process.exitCode = 1;
} else {
  // An exit, unlike a signal, ends the programs, too.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
  console.log(`Node ${process.version}, ${cpus().length} cores, shared by load and programs.`);
  if (options.soak) {
    process.exitCode = (await soak()) ? 0 : 1;
  } else {
    console.log("Processor time is for each delivery. Ratios: the median (and the quartiles).");
    for (const workload of WORKLOADS) await compare(workload, options.rounds);
  }
}

function readOptions(): { rounds: number; soak: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "60" },
        soak: { type: "boolean", default: false },
      },
    });
    const { rounds } = values;
    return /^[1-9]\d*$/.test(rounds) ? { ...values, rounds: Number(rounds) } : undefined;
  } catch {
    return undefined;
  }
}

async function compare(workload: Workload, rounds: number): Promise<void> {
  const entering = PROGRAMS.map(([name, path]) => enter(name, path, workload));
  const contestants = await Promise.all(entering);
  const warmUp = Math.min(rounds, WARM_UP_ROUNDS);
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const { program, load, slices } of rotate(contestants, round)) {
      const slice = await measure(program, load);
      if (round >= warmUp) slices.push(slice);
    }
  }
  const kilobytes = (workload.body.length / 1000).toFixed(1);
  console.log(`\n${workload.name}, ${kilobytes} kB, rounds: ${rounds}`);
  printTable(contestants);
  for (const { program, load } of contestants) {
    load.close();
    program.stop();
  }
}

async function enter(name: string, path: string, workload: Workload): Promise<Contestant> {
  const program = await startProgram(path);
  const load = await openLoad(program, workload);
  return { name, program, load, slices: [] };
}

/** Another item is the first in each turn. */
function rotate<T>(items: T[], turn: number): T[] {
  const first = turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function measure(program: Program, load: Load): Promise<Slice> {
  const before = program.processorTime();
  const start = performance.now();
  const count = await load.send(() => performance.now() < start + SLICE_MS);
  const seconds = (performance.now() - start) / 1000;
  await sleep(SETTLE_MS);
  const cost = (program.processorTime() - before) / count;
  return { cost, rate: count / seconds };
}

function printTable(contestants: Contestant[]): void {
  printRow("", "processor", "receiver's ratio", "deliveries/s", "peak memory");
  const receiver = contestants[0]?.slices ?? [];
  for (const { name, program, slices } of contestants) {
    const costs = slices.map(({ cost }) => cost);
    const rates = slices.map(({ rate }) => rate);
    const ratio = slices === receiver ? "" : describeRatio(receiver, slices);
    const cost = `${quantile(costs, 0.5).toFixed(0)} µs`;
    const rate = quantile(rates, 0.5).toFixed(0);
    const memory = `${program.memory("VmHWM").toFixed(0)} MB`;
    printRow(name, cost, ratio, rate, memory);
  }
}

/** What the receiver costs by what a rival does in the same round: the median, and the quartiles. */
function describeRatio(receiver: Slice[], rival: Slice[]): string {
  const ratios = receiver.map(({ cost }, round) => cost / (rival[round]?.cost ?? NaN));
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  return `${middle} (${low} to ${high})`;
}

/** The value that a share of the values is below. */
function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * sorted.length)] ?? NaN;
}

function printRow(name: string, cost: string, ratio: string, rate: string, memory: string): void {
  const cells = [cost.padStart(10), ratio.padStart(20), rate.padStart(13), memory.padStart(12)];
  console.log(name.padEnd(17), ...cells);
}
