/** Starts the receiver: reads the settings, listens, says what to do next, and stops. */
import { setTimeout as sleep } from "node:timers/promises";
import { explainError } from "./errors.js";
import * as instructions from "./instructions.js";
import { followTunnel } from "./ngrok/tunnel.js";
import { openOutputs, type Message } from "./output.js";
import { ANNOUNCEMENTS } from "./receiver/announcements.js";
import { createApp } from "./receiver/app.js";
import { basicAuthorization } from "./receiver/basic-auth.js";
import { createHookServer } from "./receiver/http-server.js";
import { bypassProxy, isFirstStart, makeEnvFile, readSettings, type Settings } from "./settings.js";

/** How long the last lines may take to be written, in milliseconds: a pipe may have no reader. */
const LAST_WRITE_MS = 500;

main();

function main(): void {
  const { argv, env, stderr } = process;
  if (argv.length > 2) {
    return fail(["The receiver takes no arguments: set PORT and the other settings in .env."], 2);
  }
  if (isFirstStart(env)) {
    const problems = makeEnvFile();
    if (problems.length > 0) return fail(problems, 1);
    stderr.write(".env was made from .env.example.\n");
  }
  const settings = readSettings(env);
  if ("problems" in settings) return fail(settings.problems, 1);
  bypassProxy(env, settings.value);
  runReceiver(settings.value);
}

function fail(problems: string[], exitCode: number): void {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exitCode = exitCode;
}

/** Runs the receiver until a signal comes, or until it cannot go on; then ends the process. */
function runReceiver(settings: Settings): void {
  const { stdout, stderr } = openOutputs(process);
  const app = createApp({ ...settings, print, log: stderr });
  const { server, stop } = createHookServer(app, stderr);
  const stopping = new AbortController();

  server.on("listening", sayNextSteps);
  server.on("error", (error) => {
    void end(instructions.describeListenError(error, settings), 1);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => void end({ text: "Stopping." }, 0));
  }
  server.listen(settings.port, settings.host);

  /** When nothing can be printed, no delivery can be acknowledged any more. */
  async function print(lines: string[]): Promise<void> {
    try {
      await stdout.print(lines);
    } catch (error) {
      void end(instructions.describeWriteError(error), 1);
      throw error;
    }
  }

  /** Says what to do next, and from then on what becomes of the tunnel. */
  function sayNextSteps(): void {
    // From now on: before, it would hide why a start has failed.
    process.on("uncaughtException", (error) => stderr.say(describeUncaught(error)));
    const bound = server.address();
    if (typeof bound !== "object" || bound === null) return;
    stderr.show(instructions.listeningText(bound));
    const form = createHookForm(settings);
    if (form !== undefined) {
      stderr.show(instructions.nextSteps(bound, form));
      for (const warning of instructions.credentialWarnings(settings)) {
        stderr.show(warning, "yellow");
      }
    }
    void followTunnel({
      address: bound,
      agent: settings.ngrokWebAddr,
      signal: stopping.signal,
      onChange: (before, after) => {
        const change = instructions.describeTunnel(before, after, bound, form);
        if (change !== undefined) stderr.say(change);
      },
    });
  }

  /** Finishes what is under way, and exits once all is written, or soon if nobody reads it. */
  async function end(reason: Message, exitCode: number): Promise<void> {
    // A failure during the stop keeps its exit status.
    process.exitCode ||= exitCode;
    if (stopping.signal.aborted) return;
    stopping.abort();
    stderr.say(reason);
    await stop();
    const written = Promise.all([stdout.flush(), stderr.flush()]);
    await Promise.race([written, sleep(LAST_WRITE_MS)]);
    process.exit();
  }
}

/** What to enter in Okta; nothing for `npm run dev`, each restart of which would repeat it. */
function createHookForm(settings: Settings): instructions.HookForm | undefined {
  if (process.env.npm_lifecycle_event === "dev") return undefined;
  const secret = process.stderr.isTTY ? basicAuthorization(settings) : undefined;
  return { secret, eventTypes: Object.keys(ANNOUNCEMENTS) };
}

/** What an entry of the table started and did not wait for. */
function describeUncaught(error: Error): Message {
  const details = [...explainError(error), "The receiver goes on. Await what an entry starts."];
  return { text: "Something failed that nothing waited for.", details, color: "red" };
}
