/** The benchmark's entry: compares this receiver to its rivals, or soaks it, as the options say. */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { compare } from "./compare.js";
import { QUOTA, soak } from "./soak.js";
import { WORKLOADS } from "./workloads.js";

const { values } = parseArgs({
  options: {
    soak: { type: "boolean", default: false },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});

const seconds = readCount("seconds", values.seconds);
const rounds = readCount("rounds", values.rounds);
const workloads = WORKLOADS.filter(({ name }) => name.includes(values.only));
if (workloads.length === 0) throw new Error(`No workload has "${values.only}" in its name.`);

console.log(describeMachine());
if (values.soak) process.exitCode = await soak(QUOTA);
else await compare(workloads, { seconds, rounds });

function readCount(name: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number over 0, not "${text}".`);
}

function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown";
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const system = `Node ${process.version}, ${process.platform} ${process.arch}`;
  const hardware = `${processors.length} × ${model}, ${gigabytes} GB`;
  return `${system}, ${hardware}; load and server share this machine.`;
}
