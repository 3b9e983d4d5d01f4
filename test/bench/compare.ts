/** The comparison: every program under every workload, in alternating rounds of one run. */
import { measure, type Measurement } from "./measure.js";
import { RECEIVER, RIVALS, type Program } from "./programs.js";
import { formatNumber, median, printTable } from "./report.js";
import { QUOTA } from "./soak.js";
import type { Workload } from "./workloads.js";

/** Runs of one program that differ by more than this share of their median are worth a warning. */
const WIDE_SPREAD = 0.2;

interface Options {
  /** How long each measurement takes. */
  seconds: number;
  /** How often each program is measured under each workload. */
  rounds: number;
}

interface Result {
  program: Program;
  runs: Measurement[];
}

/** Measures and prints one workload after the other. */
export async function compare(workloads: Workload[], options: Options): Promise<void> {
  const starts: number[] = [];
  for (const workload of workloads) {
    const receiver: Result = { program: RECEIVER, runs: [] };
    const rivals: Result[] = RIVALS.map((program) => ({ program, runs: [] }));
    await measureAll(workload, [receiver, ...rivals], options);
    printComparison(workload, receiver, rivals);
    starts.push(...receiver.runs.map(({ startedIn }) => startedIn));
  }
  console.log(`\nThe receiver listened ${Math.round(median(starts))} ms after its start.`);
}

/** The programs take turns, so that a slow moment of the machine meets all of them. */
async function measureAll(workload: Workload, results: Result[], options: Options): Promise<void> {
  const { seconds, rounds } = options;
  for (let round = 1; round <= rounds; round += 1) {
    for (const { program, runs } of results) {
      process.stderr.write(`${workload.name}, round ${round} of ${rounds}: ${program.name} …\n`);
      runs.push(await measure(program, workload, seconds));
    }
  }
}

function printComparison(workload: Workload, receiver: Result, rivals: Result[]): void {
  const results = [receiver, ...rivals];
  const ratios = RIVALS.map(({ shortName }) => `to ${shortName}`);
  const head = ["", "deliveries/s", ...ratios, "p50", "p99", "peak memory"];
  const rows = results.map((result) => formatRow(result, rivals));
  console.log(`\n${describe(workload)}`);
  printTable([head, ...rows]);
  results.forEach(warnOfSpread);
  printCosts(workload, rateOf(receiver));
}

function describe({ name, body, events }: Workload): string {
  if (events === 0) return name; // It has the size already.
  const kilobytes = Buffer.byteLength(body) / 1000;
  return `${name}, ${kilobytes.toFixed(1)} kB`;
}

function formatRow(result: Result, rivals: Result[]): string[] {
  const rate = rateOf(result);
  const ratios = rivals.map((rival) => `${(rate / rateOf(rival)).toFixed(2)} ×`);
  const peaks = result.runs.map(({ peak }) => peak);
  return [
    result.program.name,
    formatNumber(rate),
    ...ratios,
    `${percentileOf(result, 0.5).toFixed(2)} ms`,
    `${percentileOf(result, 0.99).toFixed(2)} ms`,
    `${Math.round(Math.max(...peaks))} MB`,
  ];
}

/** The median of the runs' rates. */
function rateOf({ runs }: Result): number {
  return median(runs.map(({ rate }) => rate));
}

/** The median of what a share of the answers took at most, in each run. */
function percentileOf({ runs }: Result, share: number): number {
  return median(runs.map(({ times }) => times[Math.floor(times.length * share)] ?? NaN));
}

function warnOfSpread({ program, runs }: Result): void {
  const rates = runs.map(({ rate }) => rate);
  const spread = (Math.max(...rates) - Math.min(...rates)) / median(rates);
  if (spread <= WIDE_SPREAD) return;
  const percent = Math.round(spread * 100);
  console.log(`Warning: the runs of ${program.name} differ by ${percent} %; is the machine busy?`);
}

/** What the receiver's rate means for one event, and for a day. */
function printCosts({ events }: Workload, rate: number): void {
  if (events === 0) return;
  const microseconds = 1_000_000 / rate / events;
  console.log(`The receiver took ${microseconds.toFixed(1)} µs for each event.`);
  if (events > 1) return;
  const seconds = Math.round(QUOTA / rate);
  console.log(
    `A day's quota of ${formatNumber(QUOTA)} such deliveries would take it ${seconds} s.`,
  );
}
