/** The receiver in the test's own process: the real application and connections, on any free port. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { Output } from "../../src/output.js";
import type { Announcements } from "../../src/receiver/announcements.js";
import { createApp, type AppOptions } from "../../src/receiver/app.js";
import { createHookServer, type HookServer } from "../../src/receiver/http-server.js";
import { Transcript, type Ends } from "./transcript.js";

/** A table of the tests' own: whoever adds an entry to the live one breaks no test. */
export const TABLE: Announcements = {
  "user.lifecycle.create": {
    sentence: (user) => `The user ${user.name} has been added to the Okta org!`,
  },
};

/** A receiver that listens, whose output is at hand. */
export interface App {
  url: string;
  port: number;
  /** What its log says. */
  stderr: Transcript;
  /** What it printed for users from a character on: complete once a delivery is acknowledged. */
  users(from?: number): string;
  hookServer: HookServer;
}

/** Starts it with the credentials of Okta's guide; it ends with the test. */
export async function startApp(t: Ends, options: Partial<AppOptions> = {}): Promise<App> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const users = new Transcript(stdout);
  const log = new Output(stderr, false);
  const output = new Output(stdout, false);
  const app = createApp({
    username: "admin",
    password: "supersecret",
    print: (lines) => output.print(lines),
    log,
    announcements: TABLE,
    ...options,
  });
  const hookServer = createHookServer(app, log);
  const { server } = hookServer;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => hookServer.stop(0));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}/userCreated`,
    port,
    stderr: new Transcript(stderr),
    users: (from = 0) => users.text.slice(from),
    hookServer,
  };
}
