/** The entry of the Okta simulator: reads the options, takes the steps, exits with the result. */
import { readFileSync } from "node:fs";
import { config } from "dotenv";
import { bareHost, localUrl, readSettings, tunnelCommand, type Settings } from "./settings.js";
import { readOptions, USAGE } from "./simulate/options.js";
import { createSteps, type Step } from "./simulate/steps.js";
import { ANSWER_LIMIT_MS, judge, type Answer } from "./simulate/verdict.js";
import { fieldsOf, indent, printable } from "./text.js";

/** An http or https URL, without credentials before its host. */
const HTTP_URL = /^https?:\/\/[^\s/?#@\\]+([/?#]\S*)?$/i;

const { argv, env, stdout, stderr } = process;
// When stdout fails, nobody reads the result.
stdout.on("error", () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  // What the options ask for cannot be done: nothing was sent.
  const [message = ""] = `${fieldsOf(error).message}`.split(/\. |\n/);
  stderr.write(`${printable(message)}\n\n${USAGE}`);
  process.exitCode = 2;
}
// Exits now: a connection that fails late would keep the process alive.
stdout.write("", () => process.exit());

/** Does what the options ask for, and resolves to the exit status. Rejects on misuse. */
async function main(): Promise<number> {
  const { url, email = "john.doe@example.com", file, help } = readOptions(argv.slice(2), env);
  if (help) {
    stdout.write(USAGE);
    return 0;
  }
  const reading = readSettings(env, config({ quiet: true, debug: false }).error);
  if ("problems" in reading) {
    stderr.write(`${reading.problems.join("\n")}\n`);
    return 1;
  }
  const { settings } = reading;
  const body = file === undefined ? undefined : readFileSync(file);
  return takeSteps(chooseUrl(url, settings), createSteps(settings, email, body));
}

/** The URL that was given, or that of the receiver on this machine. */
function chooseUrl(given: string | undefined, settings: Settings): URL {
  if (given === undefined && settings.port === 0) {
    throw new Error("PORT is 0: give the receiver's URL with --url.");
  }
  const text = given ?? localUrl(settings);
  if (!URL.canParse(text) || !HTTP_URL.test(text)) {
    throw new Error("--url must be an http or https URL, without credentials.");
  }
  return new URL(text);
}

/** Takes the steps in turn, and resolves to the exit status. */
async function takeSteps(url: URL, steps: Step[]): Promise<number> {
  stdout.write(`Playing Okta at ${url.href}\n`);
  let told = "";
  let untried = steps.length;
  let failed = 0;
  for (const step of steps) {
    const started = performance.now();
    const answer = await send(step, url);
    const { isPassed, remarks } = judge(step, answer);
    stdout.write(formatStep(step, answer, isPassed, performance.now() - started));
    const text = remarks.map((remark) => `${indent(remark)}\n`).join("");
    // One cause may fail several steps in a row; it is told once.
    if (text !== told) stdout.write(text);
    told = text;
    untried -= 1;
    if (isPassed) continue;
    failed += 1;
    // Okta delivers nothing to an unverified hook. Without an answer, each step would wait in vain.
    if (step.expected === "echo" || answer.status === undefined) break;
  }
  const rest = untried > 0 ? `, ${untried} not tried` : "";
  const failure = `${failed} of ${steps.length} steps failed${rest}.`;
  const success = `All ${steps.length} steps passed. Next, ${describeNext(url)}`;
  stdout.write(`${failed > 0 ? failure : success}\n`);
  return failed > 0 ? 1 : 0;
}

/** The line for a step; `ms` is how long its answer took. */
function formatStep(step: Step, answer: Answer, isPassed: boolean, ms: number): string {
  const result = isPassed ? "passed" : "FAILED";
  const status = `${answer.status ?? "-"}`.padEnd(3);
  const duration = `${Math.round(ms)} ms`.padStart(7);
  return `${result}  ${status}  ${duration}  ${step.name}\n`;
}

async function send({ method, headers, body }: Step, url: URL): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    const response = await fetch(url, { method, headers, body, redirect: "manual", signal });
    const text = await response.text();
    const header = response.headers.get("ngrok-error-code") ?? "";
    const [code] = /ERR_NGROK_\d+/.exec(`${header} ${text}`) ?? [];
    return { status: response.status, body: text, code };
  } catch (error) {
    const { code, message } = fieldsOf(fieldsOf(error).cause);
    return { code: signal.aborted ? "TimeoutError" : String(code ?? message) };
  }
}

/** Okta takes https only, and so reaches a receiver at an http URL through a tunnel. */
function describeNext({ protocol, hostname, port }: URL): string {
  if (protocol === "https:") return "in Okta: Save & Continue, and Verify.";
  const receiver = { host: bareHost(hostname), port: Number(port || 80) };
  return `open a tunnel: ${tunnelCommand(receiver)}`;
}
