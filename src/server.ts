/** The entry of the receiver: reads the settings, starts it, says what to do next, and stops it. */
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { config } from "dotenv";
import * as messages from "./messages.js";
import { Output } from "./output.js";
import { createApp } from "./receiver/app.js";
import { basicAuthorization } from "./receiver/basic-auth.js";
import { createHttpServer, stopServer } from "./receiver/http-server.js";
import { readSettings, type Settings } from "./settings.js";
import { fieldsOf } from "./text.js";
import { askAgent, followTunnel } from "./tunnel.js";

/** How long requests under way may take to finish at the stop. */
const GRACE_MS = 3_000;

/** How long the last lines may take to be written: a pipe may have no reader. */
const LAST_WRITE_MS = 500;

/** npm repeats the signal of one Ctrl-C within this time. A person takes longer for a second one. */
const REPEATED_SIGNAL_MS = 100;

/** How long the agent may keep the instructions waiting, for each of its lists. */
const AGENT_LIMIT_MS = 200;

const SIGNALS = ["SIGINT", "SIGTERM"];
const noColor = process.env.NO_COLOR !== undefined;

/** The receiver's life, from its start to its exit. */
class Receiver {
  readonly #users = new Output(process.stdout, noColor);
  readonly #log = new Output(process.stderr, noColor);
  readonly #settings: Settings;
  readonly #server: Server;
  #isStopping = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    const print = (lines: string[]) => this.#print(lines);
    const app = createApp({ ...settings, print, log: this.#log });
    this.#server = createHttpServer(app, this.#log);
  }

  start(): void {
    const { host, port } = this.#settings;
    for (const signal of SIGNALS) {
      process.on(signal, () => void this.#stop(this.#log.format({ text: "Stopping." }), 0));
    }
    this.#server.on("listening", () => void this.#sayWhatToDo());
    this.#server.on("error", (error) => {
      void this.#stop(messages.describeListenError(error, this.#settings), 1);
    });
    this.#server.listen(port, host);
  }

  async #sayWhatToDo(): Promise<void> {
    const { port } = fieldsOf(this.#server.address());
    const settings = { ...this.#settings, port: Number(port) };
    const tunnel = await askAgent(settings, AGENT_LIMIT_MS);
    // The secret is for the person at the terminal, not for a log.
    const { username, password } = settings;
    const secret = process.stderr.isTTY ? basicAuthorization(username, password) : undefined;
    this.#say(messages.startText(settings, tunnel?.url, secret));
    const warning = messages.passwordWarning(settings, secret !== undefined);
    if (warning !== undefined) this.#say(`${this.#log.paint("yellow", warning)}\n\n`);
    await followTunnel(settings, tunnel, (news) => this.#say(this.#log.format(news)));
  }

  /** Nothing more is said of the start or of the tunnel once the receiver stops. */
  #say(text: string): void {
    if (!this.#isStopping) void this.#log.write(text);
  }

  /** Prints created users. When that fails, no delivery can be acknowledged any more. */
  async #print(lines: string[]): Promise<void> {
    const painted = lines.map((line) => `${this.#users.paint(["bold", "green"], line)}\n`);
    try {
      await this.#users.write(painted.join(""));
    } catch (error) {
      void this.#stop(this.#log.format(messages.describeWriteError(error)), 1);
      throw error;
    }
  }

  /** Finishes what is under way, and exits once all is written, or soon if nobody reads it. */
  async #stop(reason: string, exitCode: number): Promise<void> {
    if (exitCode !== 0) process.exitCode = exitCode;
    if (this.#isStopping) return;
    this.#say(reason);
    this.#isStopping = true;
    setTimeout(restoreSignals, REPEATED_SIGNAL_MS);
    await stopServer(this.#server, GRACE_MS);
    const written = Promise.allSettled([this.#users.write(""), this.#log.write("")]);
    await Promise.race([written, sleep(LAST_WRITE_MS)]);
    process.exit();
  }
}

/** From then on another signal ends the process at once, as it does by default. */
function restoreSignals(): void {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
}

const { error: envFileError } = config({ quiet: true, debug: false });
const result = readSettings(process.env, envFileError);
if ("settings" in result) {
  new Receiver(result.settings).start();
} else {
  process.stderr.write(`${result.problems.join("\n")}\n`);
  process.exitCode = 1;
}
