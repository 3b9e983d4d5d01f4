/** The benchmark: this receiver, the guide's stack and bare node:http, alternating in one run. */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { created, delivery, DELIVERY_HEADERS } from "../support/okta.js";
import { load } from "./load.js";
import { soak } from "./soak.js";
import { startTarget } from "./target.js";

const RECEIVER = "this receiver";
const GUIDE = "the guide's stack";
const BARE = "bare node:http";
const PROGRAMS: Record<string, string> = {
  [RECEIVER]: "../../server.js",
  [GUIDE]: "./guide.js",
  [BARE]: "./bare.js",
};

const batch = (size: number) => {
  const events = Array.from({ length: size }, (_, index) => created(`user-${index}@example.com`));
  return JSON.stringify(delivery(...events));
};
const stranger = { ...DELIVERY_HEADERS, authorization: "Basic YWRtaW46b3RoZXI=" };
const WORKLOADS = [
  { name: "one event", body: batch(1), headers: DELIVERY_HEADERS, status: 200, events: 1 },
  { name: "a batch of 100", body: batch(100), headers: DELIVERY_HEADERS, status: 200, events: 100 },
  { name: "a stranger's 500 kB", body: " ".repeat(500_000), headers: stranger, status: 401, events: 0 },
];
const QUOTA = 400_000;

const { values } = parseArgs({
  options: {
    soak: { type: "boolean", default: false },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const [cpu] = cpus();
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model.trim()}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GB; load and server share this machine.`,
);
if (values.soak) process.exitCode = await soak(QUOTA, PROGRAMS[RECEIVER] ?? "");
else await compare();

interface Run {
  rate: number;
  times: number[];
  peak: number;
  startedIn: number;
}

/** Measures one server under one workload, in a process of its own. */
async function measure(program: string, { body, headers, status }: (typeof WORKLOADS)[number]): Promise<Run> {
  const target = await startTarget(program);
  const run = async (duration: number) => {
    const times: number[] = [];
    const url = `http://127.0.0.1:${target.port}/userCreated`;
    let wrong = 0;
    const started = performance.now();
    await load({ url, method: "POST", headers, body, connections: 20, duration }, (code, time) => {
      times.push(time);
      if (code !== status) wrong += 1;
    });
    if (wrong > 0) throw new Error(`${program} answered ${wrong} times with another status than ${status}`);
    return { times, rate: (times.length / (performance.now() - started)) * 1000 };
  };
  try {
    await run(1); // So that the code is compiled before it is measured.
    const { times, rate } = await run(seconds);
    return {
      rate,
      times: times.sort((a, b) => a - b),
      peak: target.memory().peak,
      startedIn: target.startedIn,
    };
  } finally {
    await target.stop();
  }
}

async function compare() {
  const names = Object.keys(PROGRAMS);
  const total = WORKLOADS.length * names.length * rounds;
  let done = 0;
  const costs: string[] = [];
  const starts: number[] = [];
  for (const workload of WORKLOADS) {
    const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const name of names) {
        done += 1;
        process.stderr.write(`${done} of ${total}: ${workload.name}, ${name} …\n`);
        runs.get(name)?.push(await measure(PROGRAMS[name] ?? "", workload));
      }
    }
    starts.push(...(runs.get(RECEIVER) ?? []).map(({ startedIn }) => startedIn));
    const rate = (name: string) => median((runs.get(name) ?? []).map((run) => run.rate));
    console.log(`\n${workload.name}, ${Math.round(Buffer.byteLength(workload.body) / 102.4) / 10} kB`);
    const head = ["", "deliveries/s", "to guide", "to bare", "p50", "p99", "peak memory"];
    const rows = names.map((name) => {
      const all = runs.get(name) ?? [];
      const at = (share: number) =>
        median(all.map(({ times }) => times[Math.floor(times.length * share)] ?? NaN));
      return [
        name,
        Math.round(rate(name)).toLocaleString("en"),
        `${(rate(name) / rate(GUIDE)).toFixed(2)} ×`,
        `${(rate(name) / rate(BARE)).toFixed(2)} ×`,
        `${at(0.5).toFixed(2)} ms`,
        `${at(0.99).toFixed(2)} ms`,
        `${Math.round(Math.max(...all.map(({ peak }) => peak)))} MB`,
      ];
    });
    printTable([head, ...rows]);
    for (const name of names) {
      const rates = (runs.get(name) ?? []).map((run) => run.rate);
      const spread = (Math.max(...rates) - Math.min(...rates)) / median(rates);
      const percent = Math.round(spread * 100);
      if (spread > 0.2)
        console.log(`Warning: the runs of ${name} differ by ${percent} %; is the machine busy?`);
    }
    if (workload.events) {
      const cost = 1_000_000 / rate(RECEIVER) / workload.events;
      costs.push(`${cost.toFixed(1)} µs for each event of ${workload.name}`);
    }
    if (workload.events === 1) {
      const time = (QUOTA / rate(RECEIVER)).toFixed(0);
      console.log(`A day's quota of 400,000 such deliveries would take ${RECEIVER} ${time} s.`);
    }
  }
  console.log(`\nThis receiver took ${costs.join(", ")}.`);
  console.log(`It listened ${Math.round(median(starts))} ms after its start.`);
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function printTable(rows: string[][]) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("  ")}`);
  }
}
