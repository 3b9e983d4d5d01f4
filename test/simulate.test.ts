/** Okta played by the command over real HTTP: what it sends, what it makes of what happens, and how it ends. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { listen, text } from "./support/agent.js";
import { startApp } from "./support/app.js";
import { created, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SIMULATE, type Run, type RunOptions } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** What a request is for Okta: an intrusion is a delivery with other credentials, or none. */
type Kind = "verification" | "delivery" | "intrusion";

interface Sent {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Handler = (res: ServerResponse, sent: Sent) => void;

const echo: Handler = (res, { headers }) => {
  res.end(JSON.stringify({ verification: headers["x-okta-verification-challenge"] }));
};

/**
 * Starts a receiver as Okta wants it, written from the documentation, but for what is broken;
 * resolves to where it is, and to all that is sent to it.
 */
async function standIn(t: Ends, broken: Partial<Record<Kind, Handler>> = {}) {
  const handlers = { verification: echo, delivery: text(""), intrusion: text("", 401), ...broken };
  const all: Sent[] = [];
  const server = createServer(async (req, res) => {
    const { method, url: path = "", headers } = req;
    let body = "";
    for await (const chunk of req) body += String(chunk);
    const sent: Sent = { path, headers, body };
    all.push(sent);
    const post = headers.authorization === SECRET ? "delivery" : "intrusion";
    handlers[method === "GET" ? "verification" : post](res, sent);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}/userCreated`, port, all };
}

/** Runs the command to its end. */
function simulate(t: Ends, args: string[], { env = GUIDE, cwd = folder(t) }: RunOptions = {}) {
  return finish(run(t, process.execPath, [...SIMULATE, ...args], { env, cwd }));
}

/** Resolves to a run's exit status, and what it printed: each step's line without its duration. */
async function finish({ stdout, stderr, ended }: Run) {
  const { code } = await ended;
  const printed = stdout.text + stderr.text;
  assert.doesNotMatch(printed, /YWRtaW46|supersecret/i, "no secret");
  assert.doesNotMatch(printed, /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u, "no control");
  assert.doesNotMatch(printed, /\n {4}at /, "no stack");
  for (const line of printed.split("\n")) assert.ok(line.length <= 80, `over 80 columns: ${line}`);
  // A status is 3 wide, a duration at least 4.
  const columns = /^(passed|FAILED) {2}(\d{3}|-(?= {4})) +[ \d]{4,} ms {2}/gm;
  const steps = stdout.text.replace(columns, "$1 $2 ");
  return { code, stderr: stderr.text, lines: steps.split("\n").slice(0, -1) };
}

const PASSED = [
  "passed 200 verification",
  "passed 200 delivery of a created user, john.doe@example.com",
  "passed 200 the same delivery again, as Okta's retry",
  "passed 200 delivery of two created users and another event",
  "passed 200 Okta's preview sample, whose target is null",
  "passed 401 delivery without credentials: must be refused",
  "passed 401 delivery with a wrong password: must be refused",
];
const LOOK = "All 2 steps passed. Look at the receiver's console for what it made of them.";

/** For the worst case only: what hangs fails by itself after the 3 seconds that Okta waits. */
const options = { concurrency: 2, timeout: 300_000 };

describe("npm run simulate", options, () => {
  test("all passes with the receiver itself, which prints the users", async (t) => {
    const app = await startApp(t);
    const env = { ...GUIDE, PORT: `${app.port}` };
    const { code, stderr, lines } = await simulate(t, [], { env });
    const last = `All 7 steps passed. Next, open a tunnel: ngrok http ${app.port}`;
    assert.deepEqual(lines, [`Playing Okta: ${app.url}`, ...PASSED, last]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const logins = ["john.doe", "john.doe", "jane.roe", "max.moe"];
    const users = logins.map((name) => userLine(`${name}@example.com`));
    assert.equal(app.users(), users.join(""));
  });

  test("with other credentials, the cause is told once for all deliveries", async (t) => {
    const app = await startApp(t);
    const env = { ...GUIDE, BASIC_AUTH_PASSWORD: "another" };
    const { code, lines } = await simulate(t, [app.url], { env });
    const failed = PASSED.slice(1, 5).map((line) => line.replace("passed 200", "FAILED 401"));
    assert.deepEqual(lines.slice(1), [
      PASSED[0],
      failed[0],
      "  The receiver may still run with older credentials: start it again.",
      "  Okta does not retry: the events are lost.",
      ...failed.slice(1),
      ...PASSED.slice(5),
      "4 of 7 steps failed.",
    ]);
    assert.deepEqual({ code, users: app.users() }, { code: 1, users: "" });
  });

  test("settings come from .env; a file is delivered, and the receiver prints", async (t) => {
    const app = await startApp(t);
    const cwd = folder(t);
    // A receiver at all addresses is asked at 127.0.0.1.
    const entries = Object.entries({ ...GUIDE, LISTEN_HOST: "::", PORT: app.port });
    writeFileSync(join(cwd, ".env"), entries.map((entry) => `${entry.join("=")}\n`).join(""));
    writeFileSync(join(cwd, "own.json"), JSON.stringify(created("jane@example.com")));
    const { code, lines } = await simulate(t, ["own.json"], { env: { PORT: "" }, cwd });
    const steps = [PASSED[0], "passed 200 delivery of own.json", LOOK];
    assert.deepEqual(lines, [`Playing Okta: ${app.url}`, ...steps]);
    assert.deepEqual([code, app.users()], [0, userLine("jane@example.com")]);
  });

  test("sends what Okta sends", async (t) => {
    const { url, all } = await standIn(t);
    await simulate(t, [url]);
    const [verification, ...posts] = all;
    const { headers, body } = verification ?? assert.fail("nothing was sent");
    assert.equal(headers.authorization, SECRET);
    assert.equal(headers["user-agent"], "Okta-Integrations");
    assert.match(`${headers["x-okta-request-id"]}`, /^\S{20,}$/);
    assert.match(`${headers["x-okta-verification-challenge"]}`, /^\S{20,}$/);
    assert.deepEqual([headers["content-type"], body], [undefined, ""]);
    for (const sent of all) {
      assert.deepEqual([sent.path, sent.headers.accept], ["/userCreated", "application/json"]);
    }
    for (const post of posts) {
      assert.equal(post.headers["content-type"], "application/json");
      assert.match(`${post.headers["user-agent"]}`, /^Okta Hook Service v/);
      assert.equal(post.headers["x-okta-verification-challenge"], undefined);
    }
    const [stranger, impostor] = posts.slice(-2);
    assert.equal(stranger?.headers.authorization, undefined);
    const [scheme, token = ""] = `${impostor?.headers.authorization}`.split(" ");
    assert.equal(scheme, "Basic");
    assert.match(atob(token), /^admin:(?!supersecret$)\S{20,}$/);
  });

  describe("ends where the receiver", () => {
    // A control in Latin-1 is all that a header may have.
    const moved: Handler = (res, sent) => {
      if (sent.path === "/elsewhere") echo(res, sent);
      else res.writeHead(302, { location: "/elsewhere\u009b" }).end();
    };
    // Right, but far too late; it begins at once.
    const late: Handler = (res, { headers }) => {
      const challenge = headers["x-okta-verification-challenge"];
      res.writeHead(200).write('{"verification":');
      const end = setTimeout(() => res.end(`"${challenge}"}`), 30_000);
      res.on("close", () => clearTimeout(end));
    };
    const byHttps = (url: string) => url.replace("http:", "https:");
    const at = (port: number) => () => `http://127.0.0.1:${port}/userCreated`;
    const same = (url: string) => url;
    type Case = [what: string, answer: Handler, at: typeof same, status: string, said: RegExp];
    const unverified: Case[] = [
      ["redirects to where all is well", moved, same, "302", /asks for a login.* \/elsewhere/],
      ["ends its answer too late", late, same, "-", /within 3 seconds/],
      ["does not run", echo, at(2), "-", /Nothing listens there/],
      ["has a port that fetch refuses", echo, at(6000), "-", /refuses this port/],
      ["speaks no https", echo, byHttps, "-", /No https is spoken there/],
    ];
    for (const [what, verification, urlFrom, status, said] of unverified) {
      test(`${what}: that is said, and nothing is delivered`, async (t) => {
        const { url, all } = await standIn(t, { verification });
        const { code, stderr, lines } = await simulate(t, [urlFrom(url)]);
        assert.equal(lines[1], `FAILED ${status} verification`);
        assert.match(lines.slice(2).join(" "), said);
        assert.equal(lines.at(-1), "1 of 7 steps failed, 6 were not tried.");
        assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
        assert.ok(all.length <= 1);
      });
    }

    test("hangs up at a delivery: no other is tried", async (t) => {
      const { url, all } = await standIn(t, { delivery: (res) => void res.destroy() });
      const { code, lines } = await simulate(t, [url]);
      assert.equal(lines[2], PASSED[1]?.replace("passed 200", "FAILED -"));
      assert.equal(lines.at(-1), "1 of 7 steps failed, 5 were not tried.");
      assert.deepEqual({ code, sent: all.length }, { code: 1, sent: 2 });
    });
  });

  test("goes on where step after step fails in another way, and says no secret", async (t) => {
    const sayBack: Handler = (res, { headers }) => {
      const secret = `${headers.authorization}`;
      res.writeHead(400, "supersecret", { "ngrok-error-code": secret });
      res.end(JSON.stringify({ error: `\u001b[31m${secret} is admin:supersecret` }));
    };
    const page = text("<p>\u001b[2JThe endpoint is offline. ERR_NGROK_8012</p>", 502);
    const refusals = [text("", 204), text("", 401)];
    const inTurn = [sayBack, page, text("", 201), text("ok"), ...refusals];
    const next: Handler = (res, sent) => inTurn.shift()?.(res, sent);
    const { url } = await standIn(t, { delivery: next, intrusion: next });
    const { code, stderr, lines } = await simulate(t, [url]);
    const outcomes = lines.flatMap((line) => /^(passed|FAILED) \d+/.exec(line)?.[0] ?? []);
    assert.equal(
      outcomes.join(", "),
      "passed 200, FAILED 400, FAILED 502, FAILED 201, passed 200, FAILED 204, passed 401",
    );
    const warning = "  Warning: Okta expects an empty body.";
    assert.equal(lines[lines.indexOf(`${PASSED[4]}`) + 1], warning);
    assert.equal(lines.at(-1), "4 of 7 steps failed.");
    assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
  });

  test("before any start it says to run npm start first, and makes no .env", async (t) => {
    const cwd = folder(t);
    writeFileSync(join(cwd, ".env.example"), "BASIC_AUTH_USERNAME=a\nBASIC_AUTH_PASSWORD=b\n");
    const { code, stderr, lines } = await simulate(t, [], { env: {}, cwd });
    assert.match(stderr, /Run npm start first/);
    assert.deepEqual({ code, lines }, { code: 1, lines: [] });
    assert.deepEqual(readdirSync(cwd), [".env.example"]);
  });

  describe("says so and plays nothing where it is given", () => {
    const url = "http://127.0.0.1:2/userCreated";
    const UNKNOWN = /^The targets of zone\.create are not [^]* Log[^]* inspector[^]* file/;
    const wrong = { PORT: "65536", BASIC_AUTH_PASSWORD: "" };
    const cases: [what: string, args: string[], code: number, said: RegExp, env?: object][] = [
      ["no value of any kind", [url, "a\u001b"], 2, /^"a\\u001b" .*\n\nUsage: /],
      ["a type of unknown targets", [url, "zone.create"], 2, UNKNOWN],
      ["a file that is not there", [url, "own.json"], 2, /^There is no file own\.json\.\n$/],
      ["a password in the URL", ["http://:supersecret@127.0.0.1"], 2, /^The URL must /],
      ["no URL where PORT is 0", [], 2, /^PORT is 0: give the URL/],
      ["wrong settings", [url], 1, /^PORT must be .+\nBASIC_AUTH_PASSWORD must be /, wrong],
    ];
    for (const [what, args, status, said, env] of cases) {
      test(what, async (t) => {
        const { code, stderr, lines } = await simulate(t, args, { env: { ...GUIDE, ...env } });
        assert.match(stderr, said);
        assert.deepEqual({ code, lines }, { code: status, lines: [] });
      });
    }
  });

  test("prints the usage for --help and -h, whatever else is given", async (t) => {
    for (const option of ["--help", "-h"]) {
      const { code, stderr, lines } = await simulate(t, ["x", option], { env: { PORT: "none" } });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const kinds = lines.flatMap((line) => /^ {2}(\S+)/.exec(line)?.[1] ?? []);
      assert.deepEqual(kinds, ["URL", "EVENT_TYPE", "OUTCOME", "LOGIN", "FILE.json"]);
    }
  });

  test("npm passes on bare values, also that of an option: of a type, outcome and login", async (t) => {
    const { url, all } = await standIn(t);
    const eventType = `user.account.${"x".repeat(200)}`;
    const login = `\u202e${"y".repeat(200)}@example.com`;
    const args = ["run", "simulate", "--silent", url, "DENY", login, "--event", eventType];
    const env = { ...GUIDE, HOME: folder(t), npm_config_update_notifier: "false" };
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { code, lines } = await finish(run(t, "npm", args, { env, cwd }));
    assert.deepEqual([code, lines[1], lines.at(-1)], [0, PASSED[0], LOOK]);
    const line = lines.slice(2, -1).join("");
    assert.match(line, /^passed 200 delivery of {2}user\.account\.x+…, {2}\\u202ey+…$/);
    const [{ eventType: type, outcome, target }] = JSON.parse(`${all[1]?.body}`).data.events;
    assert.deepEqual([type, outcome.result, target[0].alternateId], [eventType, "DENY", login]);
  });

  test("ends when nobody reads on", async (t) => {
    const { url, all } = await standIn(t);
    const { child, stderr, ended } = run(t, process.execPath, [...SIMULATE, url], { env: GUIDE });
    child.stdout?.destroy();
    const { code } = await ended;
    assert.deepEqual({ code, stderr: stderr.text }, { code: 1, stderr: "" });
    assert.ok(all.length < 7);
  });
});
