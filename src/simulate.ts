/** Starts what plays Okta: reads the arguments, takes the steps, exits with the result. */
import { bypassProxy, isFirstStart, localUrl, readSettings, type Settings } from "./settings.js";
import { readArguments, USAGE, type Arguments } from "./simulate/arguments.js";
import {
  describeNext,
  formatDetails,
  formatLine,
  formatResult,
  formatStep,
  type Summary,
} from "./simulate/report.js";
import { createSteps, type Step } from "./simulate/steps.js";
import { ANSWER_LIMIT_MS, judge, type StepAnswer } from "./simulate/verdict.js";
import { fieldsOf, type Result } from "./values.js";

/** An http or https URL, without credentials before its host. */
const HTTP_URL = /^https?:\/\/[^\s/?#@\\]+([/?#]\S*)?$/i;

/** What comes after one event or a file. */
const NEXT_IS_CONSOLE = "Look at the receiver's console for what it made of them.";

const { argv, env, stdout, stderr } = process;
// When stdout fails, nobody reads the result.
stdout.on("error", () => process.exit(1));
process.exitCode = await main(argv.slice(2));
// Exits now: the look-up of a host that nobody answers would keep the process alive.
stdout.write("", () => process.exit());

/** Does what the arguments ask for, and resolves to the exit status. */
async function main(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    stdout.write(USAGE);
    return 0;
  }
  const given = readArguments(args);
  if ("problems" in given) {
    fail(given.problems, 2);
    stderr.write(`\n${USAGE}`);
    return 2;
  }
  if (isFirstStart(env)) return fail(["Run npm start first: it makes .env."], 1);
  const settings = readSettings(env);
  if ("problems" in settings) return fail(settings.problems, 1);
  const url = chooseUrl(given.value, settings.value);
  if ("problems" in url) return fail(url.problems, 2);
  const steps = createSteps(given.value, settings.value);
  if ("problems" in steps) return fail(steps.problems, 2);

  bypassProxy(env, settings.value);
  stdout.write(`Playing Okta: ${url.value.href}\n`);
  const summary = await takeSteps(url.value, steps.value);
  const { file, eventType } = given.value;
  const isAll = file === undefined && eventType === undefined;
  stdout.write(formatResult(summary, isAll ? describeNext(url.value) : NEXT_IS_CONSOLE));
  return summary.failed > 0 ? 1 : 0;
}

function fail(problems: string[], exitCode: number): number {
  stderr.write(problems.map(formatLine).join(""));
  return exitCode;
}

/** The URL that was given, or that of the receiver on this machine. */
function chooseUrl({ url }: Arguments, settings: Settings): Result<URL> {
  if (url === undefined && settings.port === 0) {
    return { problems: ["PORT is 0: give the URL that the receiver printed."] };
  }
  const text = url ?? localUrl(settings);
  if (!URL.canParse(text) || !HTTP_URL.test(text)) {
    return { problems: ["The URL must be an http or https URL, without credentials."] };
  }
  return { value: new URL(text) };
}

/** Takes the steps in turn, up to the first whose failure leaves the others without meaning. */
async function takeSteps(url: URL, steps: Step[]): Promise<Summary> {
  const summary = { steps: steps.length, failed: 0, untried: steps.length };
  let told = "";
  for (const step of steps) {
    const started = performance.now();
    const answer = await send(step, url);
    const { isPassed, remarks } = judge(step, answer);
    stdout.write(formatStep(step, answer, isPassed, performance.now() - started));
    const details = formatDetails(remarks);
    // One cause may fail several steps in a row; it is told once.
    if (details !== told) stdout.write(details);
    told = details;
    summary.untried -= 1;
    if (isPassed) continue;
    summary.failed += 1;
    // Okta delivers nothing to an unverified hook. Without an answer, each step would wait in vain.
    if (step.expected === "echo" || "failure" in answer) break;
  }
  return summary;
}

async function send({ method, headers, body }: Step, url: URL): Promise<StepAnswer> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    const request = { method, headers, body: body ?? null, signal };
    const response = await fetch(url, { ...request, redirect: "manual" });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch (error) {
    const { name, message, cause } = fieldsOf(error);
    const { code, message: reason } = fieldsOf(cause);
    return { failure: name === "TimeoutError" ? name : `${code ?? reason ?? message}` };
  }
}
