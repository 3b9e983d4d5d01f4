/** The simulator's report: a line for each step, what follows from it, and the result. */
import { tunnelCommand } from "../ngrok/tunnel.js";
import { printable, wrap } from "../text.js";
import type { Step } from "./steps.js";
import type { StepAnswer } from "./verdict.js";

/** The line for a step; `ms` is how long its answer took. */
export function formatStep(step: Step, answer: StepAnswer, isPassed: boolean, ms: number): string {
  const result = isPassed ? "passed" : "FAILED";
  const status = "status" in answer ? `${answer.status}` : "-";
  const duration = `${Math.round(ms)} ms`;
  return formatLine(`${result}  ${status.padEnd(3)}  ${duration.padStart(6)}  ${step.name}`);
}

/** A line from the edge, broken at 80 columns. */
export function formatLine(line: string): string {
  return `${wrap(printable(line))}\n`;
}

/** Lines under a step's, indented and broken at 80 columns. */
export function formatDetails(lines: string[]): string {
  return lines.map((line) => formatLine(`  ${line}`)).join("");
}

/** How many steps there were, and what became of them. */
export interface Summary {
  steps: number;
  failed: number;
  untried: number;
}

/** The last line: how many steps failed, or a sentence on what comes next. */
export function formatResult({ steps, failed, untried }: Summary, next: string): string {
  if (failed === 0) return formatLine(`All ${steps} steps passed. ${next}`);
  const verb = untried === 1 ? "was" : "were";
  const rest = untried > 0 ? `, ${untried} ${verb} not tried` : "";
  return formatLine(`${failed} of ${steps} steps failed${rest}.`);
}

/** What comes after all steps: Okta takes https only, and so reaches an http URL through a tunnel. */
export function describeNext({ protocol, hostname, port }: URL): string {
  if (protocol === "https:") return "Next, in Okta: Save & Continue, and Verify.";
  const address = hostname.replace(/[[\]]/g, "");
  return `Next, open a tunnel: ${tunnelCommand({ address, port: Number(port || 80) })}`;
}
