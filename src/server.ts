/** The entry of the receiver: reads the settings, starts it, says what to do next, and stops it. */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { loadEnvFile, makeEnvFile } from "./env-file.js";
import * as messages from "./messages.js";
import { followTunnel } from "./ngrok/tunnel.js";
import { openOutputs, type Message, type Outputs } from "./output.js";
import { createApp } from "./receiver/app.js";
import { basicAuthorization } from "./receiver/basic-auth.js";
import { createHookServer, type HookServer } from "./receiver/http-server.js";
import { allowsExample, readSettings, RESTARTED, type Settings } from "./settings.js";

/** How long the last lines may take to be written, in ms: a pipe may have no reader. */
const LAST_WRITE_MS = 500;

function main(): void {
  const { argv, env } = process;
  if (argv.length > 2) {
    end("The receiver takes no arguments: set PORT and the other settings in .env.", 2);
    return;
  }
  const prepared = prepareEnvironment(env);
  if ("problem" in prepared) {
    end(prepared.problem, 1);
    return;
  }
  const reading = readSettings(env, prepared.remedy);
  if ("problems" in reading) {
    end(reading.problems.join("\n"), 1);
    return;
  }
  // Only now: .env may set NO_COLOR.
  const outputs = openOutputs(process);
  new Receiver(reading.settings, outputs).start();
}

function end(problem: string, exitCode: number): void {
  process.stderr.write(`${problem}\n`);
  process.exitCode = exitCode;
}

/** What to do about a missing setting, or why there is no `.env`. */
type Prepared = { remedy: string } | { problem: string };

/** Reads `.env` into the environment; at the first start it is made. */
function prepareEnvironment(env: NodeJS.ProcessEnv): Prepared {
  const file = loadEnvFile(env);
  if (!file.isMissing || !allowsExample(env)) return file;
  const making = makeEnvFile();
  if (making === undefined) return file;
  if (!making.isMade) {
    return { problem: `${making.problem}\nIt is made from .env.example at the first start.` };
  }
  process.stderr.write(".env was made from .env.example.\n");
  return loadEnvFile(env);
}

/** A receiver that runs: it prints, follows the tunnel, and ends the process. */
class Receiver {
  readonly #settings: Settings;
  readonly #outputs: Outputs;
  readonly #hookServer: HookServer;
  readonly #stopping = new AbortController();

  constructor(settings: Settings, outputs: Outputs) {
    const { log } = outputs;
    const app = createApp({ ...settings, log, print: (lines) => this.#print(lines) });
    this.#settings = settings;
    this.#outputs = outputs;
    this.#hookServer = createHookServer(app, log);
  }

  start(): void {
    const { server } = this.#hookServer;
    const { host, port } = this.#settings;
    server.on("listening", () => this.#guide(server.address()));
    server.on("error", (error) => {
      void this.#stop(messages.describeListenError(error, this.#settings), 1);
    });
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => void this.#stop({ text: "Stopping." }, 0));
    }
    server.listen(port, host);
  }

  /** Prints lines on stdout. When that fails, no delivery can be acknowledged any more. */
  async #print(lines: string[]): Promise<void> {
    try {
      await this.#outputs.users.print(lines);
    } catch (error) {
      void this.#stop(messages.describeWriteError(error), 1);
      throw error;
    }
  }

  /** Says what to do next, and from then on what becomes of the tunnel. */
  #guide(address: AddressInfo | string | null): void {
    if (this.#stopping.signal.aborted) return;
    const { log } = this.#outputs;
    // PORT 0 leaves the choice to the system.
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const settings = { ...this.#settings, port };
    // The secret is for the person at the terminal, not for a log.
    const secret = process.stderr.isTTY ? basicAuthorization(settings) : undefined;
    const isRestart = process.env[RESTARTED] !== undefined;
    log.show(messages.listeningText(settings));
    if (!isRestart) {
      log.show(messages.nextSteps(settings, secret));
      for (const warning of messages.credentialWarnings(settings)) log.show(warning, "yellow");
    }
    void followTunnel({
      address: settings,
      agent: settings.ngrokWebAddr,
      describeOpening: (url) =>
        isRestart ? messages.tunnelIsOpen(url) : messages.tunnelOpened(url, secret),
      say: (message) => log.say(message),
      signal: this.#stopping.signal,
    });
  }

  /** Finishes what is under way, and exits once all is written, or soon if nobody reads it. */
  async #stop(reason: Message, exitCode: number): Promise<void> {
    // A failure during the stop keeps its exit status.
    process.exitCode ||= exitCode;
    if (this.#stopping.signal.aborted) return;
    const { users, log } = this.#outputs;
    log.say(reason);
    this.#stopping.abort();
    await this.#hookServer.stop();
    const written = Promise.all([users.flush(), log.flush()]);
    await Promise.race([written, sleep(LAST_WRITE_MS)]);
    process.exit();
  }
}

main();
