/** The simulator's report: a line for each step, what follows from it, and the result. */
import { tunnelCommand } from "../ngrok/tunnel.js";
import { announce, ANNOUNCEMENTS } from "../receiver/announcements.js";
import { readDelivery, type Delivery } from "../receiver/event-hook.js";
import { summarize } from "../receiver/summary.js";
import { bareHost } from "../settings.js";
import { printable, wrap } from "../text.js";
import type { UsageError } from "./options.js";
import type { Step } from "./steps.js";
import type { StepAnswer } from "./verdict.js";

/** What the receiver's console should show of a step that is to be foretold, by its own table. */
export function foretell({ isForetold, body = "" }: Step): string[] {
  if (!isForetold) return [];
  const delivery = parseDelivery(body);
  if (delivery === undefined) return ["This receiver would refuse it: it is no delivery."];
  const lines = linesOf(delivery).map((line) => `  ${line}`);
  return ["The receiver's console should show:", ...lines];
}

/** What the table of announcements makes of a delivery; an entry of one's own may throw. */
function linesOf({ events }: Delivery): string[] {
  try {
    const { text, details = [] } = summarize(events, ANNOUNCEMENTS);
    return [...announce(events, ANNOUNCEMENTS), text, ...details];
  } catch {
    return ["the receiver failed: an entry in src/receiver/announcements.ts throws"];
  }
}

function parseDelivery(body: string): Delivery | undefined {
  try {
    return readDelivery(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** The line for a step; `ms` is how long its answer took. */
export function formatStep(step: Step, answer: StepAnswer, isPassed: boolean, ms: number): string {
  const result = isPassed ? "passed" : "FAILED";
  const status = `${answer.status ?? "-"}`.padEnd(3);
  const duration = `${Math.round(ms)} ms`.padStart(7);
  const line = `${result}  ${status}  ${duration}  ${step.name}`;
  return `${formatLine(line)}\n`;
}

/** Lines under a step's, indented and broken at 80 columns. */
export function formatLines(lines: string[]): string {
  return lines.map((line) => `${wrap(printable(line))}\n`).join("");
}

/** What is wrong with a command line, in lines of at most 80 columns. */
export function formatMisuse({ message }: UsageError): string {
  return message.split("\n").map(formatLine).join("\n");
}

/** A line from the edge, broken at 80 columns. */
const formatLine = (line: string) => wrap(printable(line)).slice(2);

/** The last line: how many steps failed, or what comes next. */
export function formatResult(steps: number, failed: number, untried: number, url: URL): string {
  const verb = untried === 1 ? "was" : "were";
  const rest = untried > 0 ? `, ${untried} ${verb} not tried` : "";
  if (failed > 0) return `${failed} of ${steps} steps failed${rest}.`;
  return `All ${steps} steps passed. Next, ${describeNext(url)}`;
}

/** Okta takes https only, and so reaches a receiver at an http URL through a tunnel. */
function describeNext({ protocol, hostname, port }: URL): string {
  if (protocol === "https:") return "in Okta: Save & Continue, and Verify.";
  const receiver = { host: bareHost(hostname), port: Number(port || 80) };
  return `open a tunnel: ${tunnelCommand(receiver)}`;
}
