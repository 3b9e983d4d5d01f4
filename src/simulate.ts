/** The entry of the Okta simulator: reads the options, takes the steps, exits with the result. */
import { loadEnvFile } from "./env-file.js";
import { exchange } from "./http-client.js";
import { allowsExample, localUrl, readSettings, type Settings } from "./settings.js";
import { readOptions, USAGE, UsageError, type Options } from "./simulate/options.js";
import {
  foretell,
  formatLines,
  formatMisuse,
  formatResult,
  formatStep,
} from "./simulate/report.js";
import { createAllSteps, createEventSteps, createFileSteps, type Step } from "./simulate/steps.js";
import { ANSWER_LIMIT_MS, judge, type StepAnswer } from "./simulate/verdict.js";
import { readTextFile } from "./text-file.js";
import { fieldsOf } from "./values.js";

/** An http or https URL, without credentials before its host. */
const HTTP_URL = /^https?:\/\/[^\s/?#@\\]+([/?#]\S*)?$/i;

const DEFAULT_LOGIN = "john.doe@example.com";

const { argv, env, stdout, stderr } = process;
// When stdout fails, nobody reads the result.
stdout.on("error", () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  stderr.write(`${formatMisuse(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
// Exits now: the look-up of a host that nobody answers would keep the process alive.
stdout.write("", () => process.exit());

/** Does what the options ask for, and resolves to the exit status. */
async function main(): Promise<number> {
  const options = readOptions(argv.slice(2), env);
  if (options.help) {
    stdout.write(USAGE);
    return 0;
  }
  const file = loadEnvFile(env);
  const isBeforeFirstStart = file.isMissing && allowsExample(env);
  const remedy = isBeforeFirstStart
    ? "Run npm start first, in the project's folder: it makes .env there."
    : file.remedy;
  const reading = readSettings(env, remedy);
  if ("problems" in reading) {
    stderr.write(`${reading.problems.join("\n")}\n`);
    return 1;
  }
  const steps = chooseSteps(options, reading.settings);
  const url = chooseUrl(options, reading.settings);
  stdout.write(`Playing Okta: ${url.href}\n`);
  const { email, file: path } = options;
  // npm keeps an --email before --, but sets this also from anybody's .npmrc.
  if (env.npm_config_email !== undefined && email === undefined && path === undefined) {
    stdout.write(`The user is ${DEFAULT_LOGIN}. For another: npm run simulate -- --email LOGIN\n`);
  }
  return takeSteps(url, steps);
}

function chooseSteps({ event, email, file }: Options, settings: Settings): Step[] {
  if (file !== undefined) {
    const read = readTextFile(file);
    if ("problem" in read) throw new UsageError(read.problem);
    return createFileSteps(settings, read.text);
  }
  const login = email ?? DEFAULT_LOGIN;
  if (event !== undefined) return createEventSteps(settings, login, event);
  return createAllSteps(settings, login);
}

/** The URL that was given, or that of the receiver on this machine. */
function chooseUrl({ url }: Options, settings: Settings): URL {
  if (url === undefined && settings.port === 0) {
    throw new UsageError("PORT is 0: give the receiver's URL with --url.");
  }
  const text = url ?? localUrl(settings);
  if (!URL.canParse(text) || !HTTP_URL.test(text)) {
    throw new UsageError("--url must be an http or https URL, without credentials.");
  }
  return new URL(text);
}

/** Takes the steps in turn, and resolves to the exit status. */
async function takeSteps(url: URL, steps: Step[]): Promise<number> {
  let told = "";
  let untried = steps.length;
  let failed = 0;
  for (const step of steps) {
    const started = performance.now();
    const answer = await send(step, url);
    const { isPassed, remarks } = judge(step, answer);
    stdout.write(formatStep(step, answer, isPassed, performance.now() - started));
    const text = formatLines(isPassed ? [...remarks, ...foretell(step)] : remarks);
    // One cause may fail several steps in a row; it is told once.
    if (text !== told) stdout.write(text);
    told = text;
    untried -= 1;
    if (isPassed) continue;
    failed += 1;
    // Okta delivers nothing to an unverified hook. Without an answer, each step would wait in vain.
    if (step.expected === "echo" || answer.status === undefined) break;
  }
  stdout.write(`${formatResult(steps.length, failed, untried, url)}\n`);
  return failed > 0 ? 1 : 0;
}

async function send({ method, headers, body }: Step, url: URL): Promise<StepAnswer> {
  try {
    const limitMs = ANSWER_LIMIT_MS;
    const answer = await exchange(url, { method, headers, body, limitMs });
    const page = `${answer.headers["ngrok-error-code"]} ${answer.text}`;
    const [code] = /ERR_NGROK_\d{1,6}/.exec(page) ?? [];
    return { status: answer.status, body: answer.text, code };
  } catch (error) {
    const { name, code, message } = fieldsOf(error);
    return { code: name === "TimeoutError" ? name : String(code ?? message) };
  }
}
