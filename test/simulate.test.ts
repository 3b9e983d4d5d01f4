/** Okta played by the command over real HTTP: what it sends, what it makes of what happens, and how it ends. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { listen } from "./support/agent.js";
import { startApp } from "./support/app.js";
import { created, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SIMULATE, type Run } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** What a request is for Okta: an intrusion is a delivery with other credentials, or none. */
type Kind = "verification" | "delivery" | "intrusion";

interface Sent {
  kind: Kind;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Handler = (sent: Sent, res: ServerResponse) => void;

const answer =
  (status: number, body = "", headers: Record<string, string> = {}): Handler =>
  (_sent, res) =>
    void res.writeHead(status, headers).end(body);

const echo: Handler = ({ headers }, res) => {
  res.end(JSON.stringify({ verification: headers["x-okta-verification-challenge"] }));
};

/**
 * Starts a receiver as Okta wants it, written from the documentation, but for what is broken;
 * resolves to where it is, and to all that is sent to it.
 */
async function standIn(t: Ends, broken: Partial<Record<Kind, Handler>> = {}) {
  const handlers = { verification: echo, delivery: answer(200), intrusion: answer(401), ...broken };
  const all: Sent[] = [];
  const server = createServer(async (req, res) => {
    const { method, url: path = "", headers } = req;
    let body = "";
    for await (const chunk of req) body += String(chunk);
    const post = headers.authorization === SECRET ? "delivery" : "intrusion";
    const sent: Sent = { kind: method === "GET" ? "verification" : post, path, headers, body };
    all.push(sent);
    handlers[sent.kind](sent, res);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}/userCreated`, port, all };
}

/** What a run depends on beside its arguments. */
interface Around {
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs the command to its end. */
function simulate(t: Ends, args: string[], { env = GUIDE, cwd = folder(t) }: Around = {}) {
  return finish(run(t, process.execPath, [...SIMULATE, ...args], { env, cwd }));
}

interface Finished {
  code: number | null;
  stderr: string;
  /** What was printed to stdout, each step's line without its duration. */
  lines: string[];
}

/** Resolves to what a run printed, and its exit status. */
async function finish({ stdout, stderr, ended }: Run): Promise<Finished> {
  const { code } = await ended;
  const printed = stdout.text + stderr.text;
  assert.doesNotMatch(printed, /YWRtaW46|supersecret/i, "no secret");
  assert.doesNotMatch(printed, /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u, "no control");
  assert.doesNotMatch(printed, /\n {4}at /, "no stack");
  for (const line of printed.split("\n")) assert.ok(line.length <= 80, `over 80 columns: ${line}`);
  const steps = stdout.text.replace(/^(passed|FAILED) {2}(\S+) +\d+ ms {2}/gm, "$1 $2 ");
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
const LOOK = ["All 2 steps passed. Look at the receiver's console for what it made of them."];

/** For the worst case only: what hangs fails by itself after the 3 seconds that Okta waits. */
const options = { concurrency: 2, timeout: 300_000 };

describe("npm run simulate", options, () => {
  describe("with the receiver itself", () => {
    test("all passes, and the receiver prints the users; no proxy is asked", async (t) => {
      const app = await startApp(t);
      // Nobody is at the proxy's address.
      const proxy = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:2" };
      const env = { ...GUIDE, ...proxy, PORT: `${app.port}` };
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
        "  The receiver may still run with the .env of before: start it again.",
        "  Okta does not retry: the events are lost.",
        ...failed.slice(1),
        ...PASSED.slice(5),
        "4 of 7 steps failed.",
      ]);
      assert.deepEqual({ code, users: app.users() }, { code: 1, users: "" });
    });

    const jane = "jane@example.com";
    const single: [what: string, args: string[], name: string, users: string][] = [
      [
        "an event without an entry",
        ["FAILURE", jane, "user.session.start"],
        `user.session.start, ${jane}`,
        "",
      ],
      ["a file", ["own.json"], "own.json", userLine(jane)],
    ];
    for (const [what, args, name, users] of single) {
      test(`${what} passes; what came of it is on the receiver's console`, async (t) => {
        const app = await startApp(t);
        const cwd = folder(t);
        writeFileSync(join(cwd, "own.json"), JSON.stringify(created(jane)));
        const { code, lines } = await simulate(t, [...args, app.url], { cwd });
        assert.deepEqual(lines.slice(1), [PASSED[0], `passed 200 delivery of ${name}`, ...LOOK]);
        assert.deepEqual({ code, users: app.users() }, { code: 0, users });
      });
    }
  });

  test("sends what Okta sends", async (t) => {
    const { url, all } = await standIn(t);
    const login = "zoë\u202e\u001b@example.com";
    const { code, lines } = await simulate(t, [login, url]);
    const line = "passed 200 delivery of a created user, zoë\\u202e\\u001b@example.com";
    assert.deepEqual([code, lines[2]], [0, line]);

    const [verification, ...posts] = all;
    const { headers, body } = verification ?? assert.fail("nothing was sent");
    assert.equal(headers.authorization, SECRET);
    assert.equal(headers["user-agent"], "Okta-Integrations");
    assert.match(`${headers["x-okta-request-id"]}`, /^\S{20,}$/);
    assert.match(`${headers["x-okta-verification-challenge"]}`, /^\S{20,}$/);
    assert.deepEqual([headers["content-type"], body], [undefined, ""]);
    const kinds = posts.map(({ kind }) => kind).join(" ");
    assert.equal(kinds, "delivery delivery delivery delivery intrusion intrusion");
    for (const sent of all) {
      assert.deepEqual([sent.path, sent.headers.accept], ["/userCreated", "application/json"]);
    }
    for (const post of posts) {
      assert.equal(post.headers["content-type"], "application/json");
      assert.match(`${post.headers["user-agent"]}`, /^Okta Hook Service v/);
      assert.equal(post.headers["x-okta-verification-challenge"], undefined);
    }
    const [first, again, , , stranger, impostor] = posts;
    assert.ok(first?.body.includes(JSON.stringify(login)));
    assert.equal(again?.body, first?.body, "the retry is the same, byte for byte");
    assert.equal(stranger?.headers.authorization, undefined);
    const [scheme, token = ""] = `${impostor?.headers.authorization}`.split(" ");
    assert.equal(scheme, "Basic");
    assert.match(atob(token), /^admin:(?!supersecret$)\S{20,}$/);
  });

  describe("ends where the receiver", () => {
    const moved: Handler = (sent, res) => {
      if (sent.path === "/elsewhere") echo(sent, res);
      else res.writeHead(302, { location: "/elsewhere" }).end();
    };
    // Right, but far too late; it begins at once.
    const late: Handler = ({ headers }, res) => {
      const challenge = headers["x-okta-verification-challenge"];
      res.writeHead(200).write('{"verification":');
      const end = setTimeout(() => res.end(`"${challenge}"}`), 30_000);
      res.on("close", () => clearTimeout(end));
    };
    const broken: [what: string, verification: Handler, status: string, said: RegExp][] = [
      ["redirects to where all is well", moved, "302", /asks for a login.* \/elsewhere/],
      ["ends its answer too late", late, "-", /within 3 seconds/],
    ];
    for (const [what, verification, status, said] of broken) {
      test(`${what}: nothing is delivered`, async (t) => {
        const { url, all } = await standIn(t, { verification });
        assertUnverified(await simulate(t, [url]), status, said);
        assert.equal(all.length, 1);
      });
    }

    const unreachable: [what: string, url: string, said: RegExp][] = [
      ["does not run", "http://127.0.0.1:2/userCreated", /Nothing listens there/],
      ["has a port that fetch refuses", "http://127.0.0.1:6000/userCreated", /refuses this port/],
    ];
    for (const [what, url, said] of unreachable) {
      test(`${what}: that is said`, async (t) => {
        assertUnverified(await simulate(t, [url]), "-", said);
      });
    }

    test("speaks no https: that is said without a word of OpenSSL's", async (t) => {
      const { url } = await standIn(t);
      const finished = await simulate(t, [url.replace("http:", "https:")]);
      assertUnverified(finished, "-", /No https is spoken there/);
    });

    test("hangs up at a delivery: no other is tried", async (t) => {
      const { url, all } = await standIn(t, { delivery: (_sent, res) => void res.destroy() });
      const { code, lines } = await simulate(t, [url]);
      assert.equal(lines[2], PASSED[1]?.replace("passed 200", "FAILED -"));
      assert.equal(lines.at(-1), "1 of 7 steps failed, 5 were not tried.");
      assert.deepEqual({ code, sent: all.length }, { code: 1, sent: 2 });
    });

    function assertUnverified({ code, stderr, lines }: Finished, status: string, said: RegExp) {
      assert.equal(lines[1], `FAILED ${status} verification`);
      assert.match(lines.slice(2).join(" "), said);
      assert.equal(lines.at(-1), "1 of 7 steps failed, 6 were not tried.");
      assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
    }
  });

  test("goes on where step after step fails in another way, and says no secret", async (t) => {
    const sayBack: Handler = ({ headers }, res) => {
      const secret = `${headers.authorization}`;
      res.writeHead(400, "supersecret", { "ngrok-error-code": secret });
      res.end(JSON.stringify({ error: `\u001b[31m${secret} is admin:supersecret` }));
    };
    const page = answer(502, "<p>\u001b[2JThe endpoint is offline. ERR_NGROK_8012</p>");
    const inTurn = [sayBack, page, answer(201), answer(200, "ok")];
    const delivery: Handler = (sent, res) => inTurn.shift()?.(sent, res);
    const intrusion: Handler = (sent, res) => {
      answer(sent.headers.authorization === undefined ? 204 : 401)(sent, res);
    };
    const { url, all } = await standIn(t, { delivery, intrusion });
    const { code, stderr, lines } = await simulate(t, [url]);
    const outcomes = lines.flatMap((line) => /^(passed|FAILED) \d+/.exec(line)?.[0] ?? []);
    assert.equal(
      outcomes.join(", "),
      "passed 200, FAILED 400, FAILED 502, FAILED 201, passed 200, FAILED 204, passed 401",
    );
    const warning = "  Warning: Okta expects an empty body.";
    assert.equal(lines[lines.indexOf(`${PASSED[4]}`) + 1], warning);
    assert.equal(lines.at(-1), "4 of 7 steps failed.");
    assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 7 });
  });

  describe("takes settings that", () => {
    test("come from .env, where the environment lacks them or has them empty", async (t) => {
      const { url, port, all } = await standIn(t);
      const cwd = folder(t);
      // A receiver at all addresses is asked at 127.0.0.1.
      const entries = Object.entries({ ...GUIDE, LISTEN_HOST: "::", PORT: port });
      writeFileSync(join(cwd, ".env"), entries.map((entry) => `${entry.join("=")}\n`).join(""));
      const { code, lines } = await simulate(t, ["user.session.end"], { env: { PORT: "" }, cwd });
      assert.equal(lines[0], `Playing Okta: ${url}`);
      assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 2 });
    });

    test("are right: else it tells all that is wrong, and sends nothing", async (t) => {
      const { url, all } = await standIn(t);
      const env = { ...GUIDE, BASIC_AUTH_PASSWORD: "", PORT: "65536" };
      const { code, stderr, lines } = await simulate(t, [url], { env });
      assert.match(stderr, /^PORT must be .+\nBASIC_AUTH_PASSWORD must be /);
      assert.deepEqual({ code, lines, sent: all.length }, { code: 1, lines: [], sent: 0 });
    });

    test("were never made: it says to run npm start first, and makes none itself", async (t) => {
      const cwd = folder(t);
      writeFileSync(join(cwd, ".env.example"), "BASIC_AUTH_USERNAME=a\nBASIC_AUTH_PASSWORD=b\n");
      const { code, stderr, lines } = await simulate(t, [], { env: {}, cwd });
      assert.match(stderr, /Run npm start first/);
      assert.deepEqual({ code, lines }, { code: 1, lines: [] });
      assert.deepEqual(readdirSync(cwd), [".env.example"]);
    });
  });

  describe("says so and sends nothing where it is given", () => {
    const misused: [what: string, args: (url: string) => string[], message: RegExp][] = [
      ["an option", (url) => [url, "--event"], /given bare\.\n\nUsage: /],
      ["no value of any kind", (url) => [url, "a\u001b"], /^"a\\u001b" .*\n\nUsage: /],
      ["a type whose targets are unknown", (url) => [url, "zone.create"], /^The targets of zone/],
      ["a file that is not there", (url) => [url, "own.json"], /^There is no file own\.json\.\n$/],
      ["a password in the URL", (url) => [url.replace("//", "//:supersecret@")], /^The URL must /],
      ["no URL where PORT is 0", () => [], /^PORT is 0: give the URL/],
    ];
    for (const [what, args, message] of misused) {
      test(what, async (t) => {
        const { url, all } = await standIn(t);
        const { code, stderr, lines } = await simulate(t, args(url));
        assert.match(stderr, message);
        assert.deepEqual({ code, lines, sent: all.length }, { code: 2, lines: [], sent: 0 });
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

  test("npm passes on the bare value of an option that it swallows: it is understood", async (t) => {
    const { url, all } = await standIn(t);
    const args = ["run", "simulate", "--silent", url, "--event", "user.session.start"];
    const env = { ...GUIDE, HOME: folder(t), npm_config_update_notifier: "false" };
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { code, lines } = await finish(run(t, "npm", args, { env, cwd }));
    const name = "delivery of user.session.start, john.doe@example.com";
    assert.deepEqual(lines, [`Playing Okta: ${url}`, PASSED[0], `passed 200 ${name}`, ...LOOK]);
    assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 2 });
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
