/** The entry: reads the settings, starts the receiver, says what to paste, and stops in order. */
import { setTimeout as sleep } from "node:timers/promises";
import { config } from "dotenv";
import { createHttpServer } from "./http-server.js";
import { listenProblem, startText, stdoutProblem, userLine } from "./messages.js";
import { groupedWrite } from "./output.js";
import { createReceiver } from "./receiver.js";
import { readSettings } from "./settings.js";
import { at } from "./text.js";
import { findTunnels, followTunnel } from "./tunnel.js";

config({ quiet: true, debug: false });
const { stdout, stderr, env } = process;
const { settings, problems } = readSettings(env);
const colour = stdout.isTTY && env.NO_COLOR === undefined && stdout.hasColors();
const writeOut = groupedWrite(stdout);
const writeErr = groupedWrite(stderr);
const receiver = createReceiver({
  ...settings,
  log: writeErr,
  logUsers(logins, done) {
    writeOut(logins.map((login) => userLine(login, colour)).join(""), (error) => {
      if (error) fail(stdoutProblem(error));
      done(error);
    });
  },
});
const { server, stop: stopServer } = createHttpServer(receiver, writeErr);

let stopping: number | undefined;

/** Says why, finishes what is under way, and exits once all is written, or soon if nobody reads it. */
async function stop(reason: string): Promise<void> {
  if (stopping !== undefined) return;
  stopping = performance.now();
  writeErr(reason);
  await stopServer(3_000);
  const written = [writeOut, writeErr].map((write) => new Promise<unknown>((done) => write("", done)));
  await Promise.race([Promise.all(written), sleep(500)]);
  process.exit();
}

function fail(reason: string): void {
  process.exitCode = 1;
  void stop(reason);
}

// npm repeats to its script what the terminal has sent to both; a person takes longer.
const echo = env.npm_lifecycle_event === "start" ? 100 : 0;
function onSignal(signal: NodeJS.Signals): void {
  if (stopping !== undefined && performance.now() - stopping > echo) process.exit(1);
  void stop(`${signal}: finishing what is under way; once more to end at once.\n`);
}
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);

server.on("error", (error) => fail(listenProblem(error, settings)));
server.on("listening", async () => {
  const bound = { ...settings, port: Number(at(server.address(), "port")) };
  const [tunnel] = (await findTunnels(bound, 200)) ?? [];
  writeErr(startText(bound, tunnel, stderr.isTTY));
  await followTunnel(bound, tunnel, writeErr);
});
if (problems.length > 0) fail(`${problems.join("\n")}\n`);
else server.listen(settings.port, settings.host);
