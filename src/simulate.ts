/** Plays Okta against a running receiver, and says what Okta would make of each answer. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { config } from "dotenv";
import { basicAuthorization } from "./basic-auth.js";
import { exchange } from "./exchange.js";
import { judge, steps, type Step } from "./okta.js";
import { HOOK_PATH, readSettings, urlHost, type Settings } from "./settings.js";
import { at, printable } from "./text.js";

const USAGE = `Usage: npm run simulate -- [options]
  --url URL        the event hook's URL (default: the receiver of this machine's settings)
  --email ADDRESS  the login of the created user (default: john.doe@example.com)
  --file JSON      after the verification, deliver this file as it is, and nothing else
  --help           show this
`;

config({ quiet: true, debug: false });
const { settings, problems } = readSettings(process.env);
const { stdout, stderr } = process;
const TOO_LATE = new Error("no whole answer within Okta's 3 seconds");
stdout.on("error", () => process.exit(1));

try {
  const options = readOptions(settings);
  if (options === undefined) stdout.write(USAGE);
  else if (problems.length > 0) fail(1, problems.join("\n"));
  else process.exitCode = await simulate(options.url, steps(settings, options.email, options.own));
} catch (error) {
  fail(2, `${at(error, "message")}\n\n${USAGE}`);
}

/** Returns where to send what, or undefined when help is asked for. Throws when an option is misused. */
function readOptions({ host, port }: Settings) {
  const text = { type: "string" } as const;
  const options = { url: text, email: text, file: text, help: { type: "boolean" } } as const;
  const { help, email, file, url } = parseArgs({ options }).values;
  if (help) return undefined;
  if (email === "") throw new Error("--email needs an address.");
  if (email !== undefined && file !== undefined)
    throw new Error("--email has no effect on --file: leave one of them out.");
  const here = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  const address = url ?? `http://${urlHost(here)}:${port}${HOOK_PATH}`;
  const target = URL.canParse(address) ? new URL(address) : undefined;
  if (!target || !/^https?:$/.test(target.protocol) || target.username || target.password) {
    throw new Error("--url must be an http or https URL, without credentials in it.");
  }
  const own = file === undefined ? undefined : readFileSync(file);
  return { url: target, email: email ?? "john.doe@example.com", own };
}

/** Takes each step in turn, and sums up. Returns the exit status. */
async function simulate(url: URL, all: Step[]): Promise<number> {
  stdout.write(`Playing Okta at ${printable(url.href)}\n`);
  let failed = 0;
  let tried = 0;
  for (const step of all) {
    const { passed, reached } = await take(url, step);
    tried += 1;
    if (!passed) failed += 1;
    if (!reached) break;
  }
  const untried = tried < all.length ? `, ${all.length - tried} were not tried` : "";
  const passed = `All ${all.length} steps passed: Okta would verify this hook and deliver to it.\n`;
  stdout.write(failed ? `${failed} of ${all.length} steps failed${untried}.\n` : passed);
  return failed ? 1 : 0;
}

/** Takes a step, and prints what came of it. Returns whether it passed, and whether anybody was there. */
async function take(url: URL, step: Step) {
  const started = performance.now();
  const notice = setTimeout(() => stderr.write(`Waiting for the answer: ${step.name} …\n`), 1_000);
  const signal = AbortSignal.timeout(3_000);
  const { answer, error } = await exchange(url, { ...step, signal }, step.body).then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error: signal.aborted ? TOO_LATE : error }),
  );
  clearTimeout(notice);
  const { passed, remark } = judge(step, answer, error);
  const duration = `${Math.round(performance.now() - started)} ms`.padStart(7);
  const status = String(answer?.status ?? "-").padEnd(3);
  stdout.write(`${passed ? "passed" : "FAILED"}  ${status} ${duration}  ${step.name}\n`);
  // Who answers has seen the credentials, and could say them back.
  const secrets = [basicAuthorization(settings.username, settings.password).slice(6), settings.password];
  const safe = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), remark);
  if (remark) stdout.write(`        ${printable(safe, 500)}\n`);
  return { passed, reached: answer !== undefined || signal.aborted };
}

function fail(exitCode: number, message: string): void {
  stderr.write(`${message}\n`);
  process.exitCode = exitCode;
}
