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
import { askAgent, followTunnel, NO_TUNNEL } from "./tunnel.js";

/** How long requests under way may take to finish at the stop. */
const GRACE_MS = 3_000;

/** How long the last lines may take to be written: a pipe may have no reader. */
const LAST_WRITE_MS = 500;

/** npm repeats the signal of one Ctrl-C within this time. A person needs longer for another. */
const REPEATED_SIGNAL_MS = 100;

/** How long the agent may keep the instructions waiting. */
const AGENT_LIMIT_MS = 400;

const SIGNALS = ["SIGINT", "SIGTERM"];

const { env, stdout, stderr } = process;
const reading = readSettings(env, config({ quiet: true, debug: false }).error);
// Only now: .env may set it.
const noColor = env.NO_COLOR !== undefined;
const users = new Output(stdout, noColor);
const log = new Output(stderr, noColor);
let isStopping = false;

if ("settings" in reading) {
  start(reading.settings);
} else {
  stderr.write(`${reading.problems.join("\n")}\n`);
  process.exitCode = 1;
}

function start(settings: Settings) {
  const server = createHttpServer(createApp({ ...settings, print, log }), log);
  // PORT 0 leaves the choice to the system.
  server.on("listening", () => {
    const { port } = fieldsOf(server.address());
    void guide({ ...settings, port: Number(port) });
  });
  server.on("error", (error) => {
    void stop(server, messages.describeListenError(error, settings), 1);
  });
  const onSignal = () => void stop(server, log.format({ text: "Stopping." }), 0);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  server.listen(settings.port, settings.host);

  /** Prints created users. When that fails, no delivery can be acknowledged any more. */
  async function print(lines: string[]) {
    const painted = lines.map((line) => `${users.paint(["bold", "green"], line)}\n`);
    try {
      await users.write(painted.join(""));
    } catch (error) {
      void stop(server, log.format(messages.describeWriteError(error)), 1);
      throw error;
    }
  }
}

/** Says what to do next, and from then on what becomes of the tunnel. */
async function guide(settings: Settings) {
  const tunnel = await Promise.race([askAgent(settings), sleep(AGENT_LIMIT_MS, NO_TUNNEL)]);
  // The secret is for the person at the terminal, not for a log.
  const secret = stderr.isTTY ? basicAuthorization(settings) : undefined;
  say(messages.startText(settings, tunnel.url, secret));
  const warning = messages.passwordWarning(settings, secret !== undefined);
  if (warning !== undefined) say(`${log.paint("yellow", warning)}\n\n`);
  for await (const news of followTunnel(settings, tunnel)) say(log.format(news));
}

/** Nothing more is said of the start or of the tunnel once the receiver stops. */
function say(text: string) {
  if (!isStopping) void log.write(text);
}

/** Finishes what is under way, and exits once all is written, or soon if nobody reads it. */
async function stop(server: Server, reason: string, exitCode: number) {
  process.exitCode ||= exitCode;
  if (isStopping) return;
  say(reason);
  isStopping = true;
  // Another signal then ends the process at once, as it does by default.
  for (const signal of SIGNALS) {
    setTimeout(() => process.removeAllListeners(signal), REPEATED_SIGNAL_MS);
  }
  await stopServer(server, GRACE_MS);
  const written = Promise.allSettled([users.write(""), log.write("")]);
  await Promise.race([written, sleep(LAST_WRITE_MS)]);
  process.exit();
}
