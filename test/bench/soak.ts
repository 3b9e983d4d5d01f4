/** The soak: a day's quota of deliveries, after which memory must be flat and the log exact. */
import type { Request } from "autocannon";
import { created, delivery, DELIVERY_HEADERS, userLine } from "../support/okta.js";
import { load } from "./load.js";
import { RECEIVER } from "./programs.js";
import { formatNumber, mean } from "./report.js";
import { startTarget, type Target } from "./target.js";

/** How many deliveries Okta makes for an org in a day, at most. */
export const QUOTA = 400_000;

/** How often memory is read. */
const SAMPLES = 20;

/** Memory may grow by this many MB from the second quarter of the soak to the last. */
const GROWTH_LIMIT = 16;

interface Sent {
  acknowledged: number;
  seconds: number;
  /** Resident memory in MB, from time to time. */
  samples: number[];
}

interface Log {
  lines: number;
  /** How many users have no line. */
  missing: number;
  /** How many lines were there before. */
  repeated: number;
}

/** Sends the receiver so many deliveries. Returns the exit status: 0 when all is right. */
export async function soak(quota: number): Promise<number> {
  const target = await startTarget(RECEIVER.path);
  try {
    const sent = await sendAll(target, quota);
    const log = readLog(target.stdout(), quota);
    const growth = growthOf(sent.samples);
    printFindings(quota, sent, log, growth);
    const isExact = sent.acknowledged === quota && log.lines === quota && log.missing === 0;
    return printVerdict(isExact, growth);
  } finally {
    await target.stop();
  }
}

async function sendAll(target: Target, quota: number): Promise<Sent> {
  const url = `http://127.0.0.1:${target.port}/userCreated`;
  const samples: number[] = [];
  let acknowledged = 0;
  const { duration } = await load(
    { url, connections: 20, amount: quota, requests: [createRequest()] },
    (status) => {
      if (status !== 200) return;
      acknowledged += 1;
      if (acknowledged % Math.ceil(quota / SAMPLES) !== 0) return;
      const { now } = target.memory();
      samples.push(now);
      process.stderr.write(`${formatNumber(acknowledged)} acknowledged, ${Math.round(now)} MB\n`);
    },
  );
  return { acknowledged, seconds: duration, samples };
}

/** Creates the request, whose body has another eventId and another user each time. */
function createRequest(): Request {
  const event = created("CUT@example.com");
  const template = JSON.stringify({ eventId: "CUT", data: delivery(event).data });
  const [head = "", middle = "", tail = ""] = template.split("CUT");
  let count = 0;
  return {
    method: "POST",
    headers: DELIVERY_HEADERS,
    setupRequest: (request) => {
      count += 1;
      return { ...request, body: `${head}event-${count}${middle}user-${count}${tail}` };
    },
  };
}

function readLog(stdout: string, quota: number): Log {
  const lines = stdout.split(/(?<=\n)/);
  const distinct = new Set(lines);
  let missing = 0;
  for (let user = 1; user <= quota; user += 1) {
    if (!distinct.has(userLine(`user-${user}@example.com`))) missing += 1;
  }
  return { lines: lines.length, missing, repeated: lines.length - distinct.size };
}

/** By how many MB the last quarter is over the second; the first is the warm-up. */
function growthOf(samples: number[]): number {
  const quarter = Math.floor(samples.length / 4);
  return mean(samples.slice(-quarter)) - mean(samples.slice(quarter, 2 * quarter));
}

function printFindings(quota: number, sent: Sent, log: Log, growth: number): void {
  const acknowledged = `${formatNumber(sent.acknowledged)} of ${formatNumber(quota)} deliveries`;
  console.log(`${acknowledged} acknowledged in ${Math.round(sent.seconds)} s.`);
  const { lines, missing, repeated } = log;
  const users = `${missing} users are missing, ${repeated} are there twice`;
  console.log(`stdout holds ${formatNumber(lines)} lines; ${users}.`);
  const most = Math.round(Math.max(...sent.samples));
  const difference = `the last quarter has ${growth.toFixed(1)} MB over the second`;
  console.log(`Memory: ${most} MB at most; ${difference}.`);
}

/** Growth is NaN where memory cannot be read. */
function printVerdict(isExact: boolean, growth: number): number {
  const isGrowing = growth > GROWTH_LIMIT;
  if (!isExact) console.log("FAILED: the log is not exact.");
  if (isGrowing) console.log("FAILED: memory grows.");
  if (!isExact || isGrowing) return 1;
  console.log("The log is exact and memory is flat.");
  return 0;
}
