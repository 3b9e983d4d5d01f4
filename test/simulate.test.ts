/** Okta played by the command over real HTTP: what it sends, what it makes of what happens, and how it ends. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TOO_LARGE } from "../src/http-client.js";
import { USAGE } from "../src/simulate/options.js";
import { formatLines } from "../src/simulate/report.js";
import type { Step } from "../src/simulate/steps.js";
import { judge, type StepAnswer } from "../src/simulate/verdict.js";
import { startApp } from "./support/app.js";
import { nextRequestLine } from "./support/lines.js";
import { created, delivery, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SIMULATE, type Run } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** What a request is for Okta: an intrusion is a delivery with other credentials, or none. */
type Kind = "verification" | "delivery" | "intrusion";
interface Sent {
  kind: Kind;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}
type Handler = (sent: Sent, res: ServerResponse) => void;

/** Makes a server listen, and resolves to its port. */
async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** The ports that fetch refuses, as far as they are for everybody (https://fetch.spec.whatwg.org/#port-blocking). */
const BAD_PORTS = [6000, 6665, 6666, 6667, 6668, 6669, 5060, 5061, 10080];

/** Makes a server listen on one of these ports; resolves to undefined where all are taken. */
async function listenOnAny(server: Server, ports: number[]): Promise<number | undefined> {
  for (const port of ports) {
    try {
      return await listen(server, port);
    } catch {
      // Taken by another program, or not permitted.
    }
  }
  return undefined;
}

interface StandInOptions {
  tls?: { key: Buffer; cert: Buffer };
  ports?: number[];
}

/** Starts a stand-in receiver; resolves to where it is, and to all that is sent to it. */
async function standIn(t: Ends, handle: Handler, { tls, ports }: StandInOptions = {}) {
  const all: Sent[] = [];
  const server = tls === undefined ? createServer() : createHttpsServer(tls);
  server.on("request", (req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const { method, url: path = "", headers } = req;
      const kind = headers.authorization === SECRET ? "delivery" : "intrusion";
      const body = Buffer.concat(chunks);
      const sent: Sent = { kind: method === "GET" ? "verification" : kind, path, headers, body };
      all.push(sent);
      handle(sent, res);
    });
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = ports === undefined ? await listen(server) : await listenOnAny(server, ports);
  const scheme = tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${port}/userCreated`, port, all };
}

/**
 * Resolves to a port where nobody listens: one that a connection of our own has as its local end,
 * so that no other program can get it.
 */
async function portOfNobody(t: Ends): Promise<number> {
  const server = createTcpServer((socket) => socket.resume());
  const socket = connect(await listen(server), "127.0.0.1");
  t.after(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, "connect");
  const { localPort } = socket;
  assert.ok(localPort);
  return localPort;
}

const answer =
  (status: number, body = "", headers: Record<string, string> = {}): Handler =>
  (_sent, res) =>
    void res.writeHead(status, headers).end(body);

const echo: Handler = ({ headers }, res) => {
  res.end(JSON.stringify({ verification: headers["x-okta-verification-challenge"] }));
};

/** A receiver as Okta wants it, written from the documentation, but for what is given. */
const receiver =
  (broken: Partial<Record<Kind, Handler>> = {}): Handler =>
  (sent, res) => {
    const whole = { verification: echo, delivery: answer(200), intrusion: answer(401), ...broken };
    whole[sent.kind](sent, res);
  };

/** What a run depends on beside its arguments. */
interface Around {
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs the command to its end. */
function simulate(t: Ends, args: string[], { env = GUIDE, cwd = folder(t) }: Around = {}) {
  return finish(run(t, process.execPath, [...SIMULATE, ...args], { env, cwd }));
}

/** Runs it as a person does, through npm. */
function npmRunSimulate(t: Ends, args: string[], env: Record<string, string> = {}) {
  const npmEnv = { HOME: folder(t), npm_config_update_notifier: "false" };
  return finish(
    run(t, "npm", ["run", "simulate", "--silent", ...args], {
      env: { ...GUIDE, ...npmEnv, ...env },
      cwd: PROJECT,
    }),
  );
}

const STEP_LINE = /^(passed|FAILED) {2}(\d{3}|- {2}) +\d+ ms {2}/gm;

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
  assert.doesNotMatch(
    printed,
    /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u,
    "no control character",
  );
  assert.doesNotMatch(printed, /\n {4}at /, "no stack");
  for (const line of printed.split("\n").filter((line) => line.startsWith(" "))) {
    assert.ok(line.length <= 80, `over 80 columns: ${line}`);
  }
  const steps = stdout.text.replace(STEP_LINE, (_line, result: string, status: string) => {
    return `${result} ${status.trim()} `;
  });
  return { code, stderr: stderr.text, lines: steps === "" ? [] : steps.trimEnd().split("\n") };
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
const FILE_PASSED = "passed 200 delivery of your file";

const next = (port: number | undefined, steps = PASSED.length) =>
  `All ${steps} steps passed. Next, open a tunnel: ngrok http ${port}`;

const EXPECTED: Record<Kind, Step["expected"]> = {
  verification: "echo",
  delivery: "acknowledgement",
  intrusion: "refusal",
};

/** What is printed of an answer to such a request; verdict.test.ts pins the sentences. */
function told(kind: Kind, received: StepAnswer): string[] {
  const step: Step = { name: kind, method: "POST", headers: {}, expected: EXPECTED[kind] };
  const { remarks } = judge(step, received);
  assert.ok(remarks.length > 0);
  return formatLines(remarks).trimEnd().split("\n");
}

/** What is printed when the verification fails, which ends the run. */
const unverified = (url: string, status: number | "-", remarks: string[]) => [
  `Playing Okta: ${url}`,
  `FAILED ${status} verification`,
  ...remarks,
  "1 of 7 steps failed, 6 were not tried.",
];

/** For the worst case only: what hangs fails by itself after the 3 seconds that Okta waits. */
const options = { concurrency: 2, timeout: 300_000 };

describe("npm run simulate", options, () => {
  describe("with the receiver itself", () => {
    test("all passes, and the receiver says the same", async (t) => {
      const app = await startApp(t);
      const { code, stderr, lines } = await simulate(t, [], {
        env: { ...GUIDE, PORT: String(app.port) },
      });
      assert.deepEqual(lines, [`Playing Okta: ${app.url}`, ...PASSED, next(app.port)]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const [john, jane, max] = ["john.doe", "jane.roe", "max.moe"].map((name) =>
        userLine(`${name}@example.com`),
      );
      assert.equal(app.users(), `${john}${john}${jane}${max}`);
      const repeats = app.stderr.text.split("\n").filter((line) => line.endsWith(", a repeat"));
      assert.equal(repeats.length, 1);
    });

    test("other credentials are told once for all deliveries", async (t) => {
      const app = await startApp(t);
      const env = { ...GUIDE, BASIC_AUTH_PASSWORD: "another" };
      const { code, lines } = await simulate(t, ["--url", app.url], { env });
      const failed = PASSED.slice(1, 5).map((line) => line.replace("passed 200", "FAILED 401"));
      const [first, ...others] = failed;
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        first,
        ...told("delivery", { status: 401 }),
        ...others,
        ...PASSED.slice(5),
        "4 of 7 steps failed.",
      ]);
      assert.deepEqual({ code, users: app.users() }, { code: 1, users: "" });
    });

    const alone: [what: string, args: (cwd: string) => string[], name: string, line: string][] = [
      [
        "--event of a type that is announced",
        () => ["--event", "user.lifecycle.create", "--email", "jane@example.com"],
        "delivery of user.lifecycle.create, jane@example.com",
        userLine("jane@example.com"),
      ],
      [
        "an event type that is ignored",
        () => ["example.ignored.type"],
        "delivery of example.ignored.type, john.doe@example.com",
        "",
      ],
      [
        "--file",
        (cwd) => {
          const file = join(cwd, "delivery.json");
          writeFileSync(file, JSON.stringify(delivery(created("jane@example.com"))));
          return ["--file", file];
        },
        "delivery of your file",
        userLine("jane@example.com"),
      ],
      [
        "a file that announces nobody",
        (cwd) => {
          const body = delivery(created("", { target: [{ type: "User", displayName: "Jane" }] }));
          writeFileSync(join(cwd, "own.json"), JSON.stringify(body));
          return ["own.json"];
        },
        "delivery of your file",
        "",
      ],
    ];
    for (const [what, args, name, line] of alone) {
      test(`${what}: says what the receiver then shows`, async (t) => {
        const app = await startApp(t);
        const cwd = folder(t);
        const { code, stderr, lines } = await simulate(t, [...args(cwd), app.url], { cwd });
        assert.deepEqual(
          { code, stderr, users: app.users() },
          { code: 0, stderr: "", users: line },
        );
        const [verified = ""] = /^.*: verified\n.*\n/.exec(app.stderr.text) ?? [];
        const { text, details } = await nextRequestLine(app.stderr, verified.length);
        const shown = [...line.split("\n").slice(0, -1), text, ...details];
        assert.deepEqual(lines, [
          `Playing Okta: ${app.url}`,
          PASSED[0],
          `passed 200 ${name}`,
          "  The receiver's console should show:",
          ...shown.map((shownLine) => `    ${shownLine}`),
          next(app.port, 2),
        ]);
      });
    }

    test("a file that it refuses is not foretold", async (t) => {
      const app = await startApp(t);
      const cwd = folder(t);
      writeFileSync(join(cwd, "own.json"), "no JSON");
      const { code, lines } = await simulate(t, [app.url, "own.json"], { cwd });
      assert.deepEqual(lines.slice(2), [
        FILE_PASSED.replace("passed 200", "FAILED 400"),
        ...told("delivery", { status: 400 }),
        "1 of 2 steps failed.",
      ]);
      assert.equal(code, 1);
    });

    test("https for http is told without a word of OpenSSL's", async (t) => {
      const app = await startApp(t);
      const url = app.url.replace("http:", "https:");
      const { code, stderr, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines, unverified(url, "-", told("verification", { code: "EPROTO" })));
      assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
    });
  });

  describe("sends", () => {
    test("what Okta sends, with the login of --email, which is escaped in print", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const email = "zoë\u202e\u001b@example.com";
      const { code, lines } = await simulate(t, ["--email", email, "--url", url]);
      const escaped = "zoë\\u202e\\u001b@example.com";
      assert.equal(lines[2], `passed 200 delivery of a created user, ${escaped}`);
      assert.equal(code, 0);

      const [verification, ...posts] = all;
      assert.equal(verification?.kind, "verification");
      const right = ["delivery", "delivery", "delivery", "delivery"];
      assert.deepEqual(
        posts.map(({ kind }) => kind),
        [...right, "intrusion", "intrusion"],
      );
      for (const { path, headers } of all) {
        assert.equal(path, "/userCreated");
        assert.equal(headers.accept, "application/json");
      }
      assert.equal(verification.headers.authorization, SECRET);
      assert.equal(verification.headers["user-agent"], "Okta-Integrations");
      assert.match(String(verification.headers["x-okta-request-id"]), /^\S{20,}$/);
      assert.match(String(verification.headers["x-okta-verification-challenge"]), /^\S{20,}$/);
      assert.equal(verification.headers["content-type"], undefined);
      assert.equal(verification.body.length, 0);
      for (const { headers } of posts) {
        assert.equal(headers["content-type"], "application/json");
        assert.match(String(headers["user-agent"]), /^Okta Hook Service v/);
        assert.equal(headers["x-okta-verification-challenge"], undefined);
      }
      const [first, again] = posts;
      assert.deepEqual(again?.body, first?.body);
      assert.ok(first?.body.includes(JSON.stringify(email)));
      const [stranger, impostor] = posts.slice(-2);
      assert.equal(stranger?.headers.authorization, undefined);
      assert.match(String(impostor?.headers.authorization), /^Basic \S{20,}$/);
    });

    test("a file as it is, after the verification, and alone", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const cwd = folder(t);
      const text = '{ "data": {"events": [ ]},\r\n "x": "ÿ" } \n';
      writeFileSync(join(cwd, "delivery.json"), text);
      const args = [url.replace("http", "HTTP"), "delivery.json"];
      const { code, lines } = await simulate(t, args, { cwd });
      assert.deepEqual(lines.slice(0, 3), [`Playing Okta: ${url}`, PASSED[0], FILE_PASSED]);
      assert.equal(lines.at(-1), next(port, 2));
      assert.equal(code, 0);
      assert.deepEqual(
        all.map(({ kind, body }) => [kind, body.toString()]),
        [
          ["verification", ""],
          ["delivery", text],
        ],
      );
      assert.equal(all[1]?.headers["content-type"], "application/json");
    });
  });

  describe("where a receiver", () => {
    const movedEcho: Handler = (sent, res) => {
      if (sent.path === "/elsewhere") echo(sent, res);
      else res.writeHead(302, { location: "/elsewhere" }).end();
    };
    const closed = answer(404, "", { "ngrok-error-code": "ERR_NGROK_3200" });
    const unfinished: Handler = (_sent, res) => void res.writeHead(200).write('{"verification":');
    const broken: [what: string, verification: Handler, received: StepAnswer][] = [
      [
        "is behind a closed tunnel, says ngrok's header",
        closed,
        { status: 404, code: "ERR_NGROK_3200" },
      ],
      ["redirects the verification to where all is well", movedEcho, { status: 302 }],
      ["hangs within its answer to the verification", unfinished, { code: "TimeoutError" }],
    ];
    for (const [what, verification, received] of broken) {
      test(`${what}: the run ends after one request`, async (t) => {
        const { url, all } = await standIn(t, receiver({ verification }));
        const { code, stderr, lines } = await simulate(t, ["--url", url]);
        const remarks = told("verification", received);
        assert.deepEqual(lines, unverified(url, received.status ?? "-", remarks));
        assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 1 });
      });
    }

    test("hangs at a file's delivery: the step fails, and nothing is left to try", async (t) => {
      const { url, all } = await standIn(t, receiver({ delivery: () => {} }));
      const cwd = folder(t);
      writeFileSync(join(cwd, "own.json"), "{}");
      const { code, lines } = await simulate(t, [url, "own.json"], { cwd });
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        FILE_PASSED.replace("passed 200", "FAILED -"),
        ...told("delivery", { code: "TimeoutError" }),
        "1 of 2 steps failed.",
      ]);
      assert.deepEqual({ code, sent: all.length }, { code: 1, sent: 2 });
    });

    test("never ends its answer: the step fails once 1 MB of it was read", async (t) => {
      let size = 0;
      const chunk = Buffer.alloc(64 * 1024, "x");
      const pour: Handler = (_sent, res) => {
        const fill = () => {
          do size += chunk.length;
          while (!res.destroyed && res.write(chunk));
        };
        res.on("drain", fill);
        fill();
      };
      const { url, all } = await standIn(t, receiver({ verification: pour }));
      const { code, stderr, lines } = await simulate(t, [url]);
      assert.deepEqual(lines, unverified(url, "-", told("verification", { code: TOO_LARGE })));
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 1 });
      // What the system holds between the two counts here, too.
      assert.ok(size < 50_000_000, `${size} bytes`);
    });

    const halfAnAnswer: Handler = (_sent, res) => {
      res.writeHead(200, { "content-length": "100" }).write("{}", () => res.destroy());
    };
    const hangUp: Handler = (_sent, res) => void res.destroy();
    const interrupted: [what: string, kind: Kind, handle: Handler, tried: number][] = [
      ["hangs up within its answer to the verification", "verification", halfAnAnswer, 1],
      ["hangs up at a delivery", "delivery", hangUp, 2],
    ];
    for (const [what, kind, handle, tried] of interrupted) {
      test(`${what}: the run ends there`, async (t) => {
        const { url, all } = await standIn(t, receiver({ [kind]: handle }));
        const { code, stderr, lines } = await simulate(t, ["--url", url]);
        // Which code a hang-up has is Node's business.
        const codeless = lines.map((line) => line.replace(/\([A-Z_]+\)/, "(CODE)"));
        assert.deepEqual(codeless.slice(1), [
          ...PASSED.slice(0, tried - 1),
          PASSED[tried - 1]?.replace("passed 200", "FAILED -"),
          ...told(kind, { code: "CODE" }),
          `1 of 7 steps failed, ${7 - tried} were not tried.`,
        ]);
        assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: tried });
      });
    }

    test("fails at step after step in another way: each is told, and the run goes on", async (t) => {
      const sayBack: Handler = ({ headers }, res) => {
        const secret = String(headers.authorization);
        const error = `\u001b[31m${secret} is admin:supersecret`;
        res.writeHead(400, "supersecret", { "ngrok-error-code": secret });
        res.end(JSON.stringify({ error }));
      };
      const ngrokPage = answer(502, "<p>\u001b[2JThe endpoint is offline. ERR_NGROK_8012</p>");
      const moved = answer(308, "", { location: "/elsewhere" });
      const inTurn = [sayBack, ngrokPage, moved, answer(200, "ok")];
      const delivery: Handler = (sent, res) => {
        const handle = inTurn.shift() ?? answer(500);
        handle(sent, res);
      };
      const intrusion: Handler = (sent, res) => {
        answer(sent.headers.authorization === undefined ? 204 : 401, "")(sent, res);
      };
      const { url, all } = await standIn(t, receiver({ delivery, intrusion }));
      const { code, stderr, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        PASSED[1]?.replace("passed 200", "FAILED 400"),
        ...told("delivery", { status: 400 }),
        PASSED[2]?.replace("passed 200", "FAILED 502"),
        ...told("delivery", { status: 502, code: "ERR_NGROK_8012" }),
        PASSED[3]?.replace("passed 200", "FAILED 308"),
        ...told("delivery", { status: 308 }),
        PASSED[4],
        ...told("delivery", { status: 200, body: "ok" }),
        PASSED[5]?.replace("passed 401", "FAILED 204"),
        ...told("intrusion", { status: 204 }),
        PASSED[6],
        "4 of 7 steps failed.",
      ]);
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 7 });
    });

    test("acknowledges by an empty 204: all passes", async (t) => {
      const { url, port } = await standIn(t, receiver({ delivery: answer(204) }));
      const { code, lines } = await simulate(t, ["--url", url]);
      const passed = PASSED.map((line, place) =>
        place === 0 ? line : line.replace("passed 200", "passed 204"),
      );
      assert.deepEqual(lines, [`Playing Okta: ${url}`, ...passed, next(port)]);
      assert.equal(code, 0);
    });

    test("does not run: the first that is said is that nobody listens", async (t) => {
      const port = await portOfNobody(t);
      const { code, lines } = await simulate(t, [], { env: { ...GUIDE, PORT: String(port) } });
      const url = `http://127.0.0.1:${port}/userCreated`;
      const remarks = told("verification", { code: "ECONNREFUSED" });
      assert.deepEqual(lines, unverified(url, "-", remarks));
      assert.match(remarks.join("\n"), /^ {2}Nothing listens there/);
      assert.equal(code, 1);
    });

    test("is on a port that fetch refuses: it is played like any other", async (t) => {
      const { url, port, all } = await standIn(t, receiver(), { ports: BAD_PORTS });
      if (port === undefined) return t.skip(`none is free of ${BAD_PORTS.join(", ")}`);
      await assert.rejects(fetch(url), "fetch refuses it");
      const { code, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines, [`Playing Okta: ${url}`, ...PASSED, next(port)]);
      assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 7 });
    });

    test("has https: what is next is in Okta", { skip: !hasOpenssl && "no openssl" }, async (t) => {
      const cwd = folder(t);
      const key = join(cwd, "key.pem");
      const cert = join(cwd, "cert.pem");
      const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
      const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
      const files = ["-keyout", key, "-out", cert];
      execFileSync("openssl", ["req", "-x509", ...form, ...name, ...files], { stdio: "pipe" });
      const tls = { key: readFileSync(key), cert: readFileSync(cert) };
      const { url, all } = await standIn(t, receiver(), { tls });
      const env = { ...GUIDE, NODE_EXTRA_CA_CERTS: cert };
      const trusted = await simulate(t, ["--url", url], { env });
      const last = "All 7 steps passed. Next, in Okta: Save & Continue, and Verify.";
      assert.deepEqual(trusted.lines, [`Playing Okta: ${url}`, ...PASSED, last]);
      assert.deepEqual([trusted.code, trusted.stderr, all.length], [0, "", 7]);

      const untrusted = await simulate(t, ["--url", url]);
      const remarks = told("verification", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      assert.deepEqual(untrusted.lines, unverified(url, "-", remarks));
      assert.deepEqual([untrusted.code, all.length], [1, 7]);
    });
  });

  describe("takes settings that", () => {
    test("come from .env, where the environment lacks them or has them empty", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const cwd = folder(t);
      // A receiver at all addresses is asked at 127.0.0.1.
      const entries = Object.entries({ ...GUIDE, LISTEN_HOST: "::", PORT: port });
      writeFileSync(join(cwd, ".env"), entries.map((entry) => `${entry.join("=")}\n`).join(""));
      const { code, lines } = await simulate(t, ["user.session.start"], { env: { PORT: "" }, cwd });
      assert.equal(lines[0], `Playing Okta: ${url}`);
      assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 2 });
    });

    test("are right: else it tells what is wrong, and sends nothing", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const env = { ...GUIDE, BASIC_AUTH_PASSWORD: "", PORT: "65536" };
      const { code, stderr, lines } = await simulate(t, [url], { env });
      assert.match(
        stderr,
        /^PORT must be .+\nBASIC_AUTH_PASSWORD must be .+\n {2}There is no \.env/,
      );
      assert.deepEqual({ code, lines, sent: all.length }, { code: 1, lines: [], sent: 0 });
    });

    test("were never made: it says to run npm start first, and makes none itself", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const cwd = folder(t);
      writeFileSync(join(cwd, ".env.example"), "BASIC_AUTH_USERNAME=a\nBASIC_AUTH_PASSWORD=b\n");
      const { code, stderr, lines } = await simulate(t, [url], { env: {}, cwd });
      assert.match(stderr, /\n {2}Run npm start first/);
      assert.deepEqual({ code, lines, sent: all.length }, { code: 1, lines: [], sent: 0 });
      assert.deepEqual(readdirSync(cwd), [".env.example"]);
    });
  });

  describe("with a command line that", () => {
    /** Misuse has its message, the usage, exit status 2, and sends nothing. */
    function assertMisuse({ code, stderr, lines }: Finished, message: string, all: Sent[]): void {
      assert.equal(stderr, `${message}\n\n${USAGE}`);
      assert.deepEqual({ code, lines, sent: all.length }, { code: 2, lines: [], sent: 0 });
    }

    const notUtf8 = (file: string) => `${file} is not UTF-8: save it as UTF-8.`;
    const NO_URL = "--url must be an http or https URL, without credentials.";
    const misused: [what: string, args: (url: string) => string[], message: string][] = [
      [
        "names a file that is not there",
        (url) => [url, "none\u001b.json"],
        "There is no file none\\u001b.json.",
      ],
      ["names a folder", (url) => [url, "saved"], "saved is a folder, not a file."],
      [
        "names a file in UTF-16, as PowerShell writes it",
        (url) => [url, "utf-16.json"],
        notUtf8("utf-16.json"),
      ],
      [
        "names a file in UTF-16 without a byte order mark",
        (url) => [url, "bare-16.json"],
        notUtf8("bare-16.json"),
      ],
      [
        "names a file in Latin-1",
        (url) => [url, "--file", "latin-1.json"],
        notUtf8("latin-1.json"),
      ],
      ["has an empty URL", () => ["--url", ""], NO_URL],
      ["has a URL without its scheme", () => ["--url", "localhost:8082/userCreated"], NO_URL],
      ["has a URL with a password", (url) => [url.replace("://", "://:supersecret@")], NO_URL],
      ["has no URL where PORT is 0", () => [], "PORT is 0: give the receiver's URL with --url."],
    ];
    for (const [what, args, message] of misused) {
      test(`${what}: tells so, and sends nothing`, async (t) => {
        const { url, all } = await standIn(t, receiver());
        const cwd = folder(t);
        mkdirSync(join(cwd, "saved"));
        writeFileSync(join(cwd, "utf-16.json"), "\ufeff{}", "utf16le");
        writeFileSync(join(cwd, "bare-16.json"), "{}", "utf16le");
        writeFileSync(join(cwd, "latin-1.json"), '{"x": "ÿ"}', "latin1");
        assertMisuse(await simulate(t, args(url), { cwd }), message, all);
      });
    }

    test("has -h: shows the usage, whatever the settings, and sends nothing", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const { code, stderr, lines } = await simulate(t, ["-h", url], { env: { PORT: "none" } });
      assert.equal(`${lines.join("\n")}\n`, USAGE);
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 0, stderr: "", sent: 0 });
    });

    test("npm keeps to itself (--url=URL): tells so, and sends nothing", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const message = "npm kept --url: write npm run simulate -- --url VALUE";
      assertMisuse(await npmRunSimulate(t, [`--url=${url}`]), message, all);
    });

    test("npm takes apart (--url URL --event TYPE): is understood all the same", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const args = ["--url", url, "--event", "user.session.start"];
      const { code, lines } = await npmRunSimulate(t, args);
      assert.deepEqual(lines.slice(0, 3), [
        `Playing Okta: ${url}`,
        PASSED[0],
        "passed 200 delivery of user.session.start, john.doe@example.com",
      ]);
      assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 2 });
    });

    test("npm cuts the login of (--email=LOGIN): says who is played, and how to say it", async (t) => {
      const { url, port } = await standIn(t, receiver());
      const { code, lines } = await npmRunSimulate(t, ["--email=jane@example.com", "--", url]);
      assert.deepEqual(lines, [
        `Playing Okta: ${url}`,
        "The user is john.doe@example.com. For another: npm run simulate -- --email LOGIN",
        ...PASSED,
        next(port),
      ]);
      assert.equal(code, 0);
    });

    test("has a -- too many, where npm knows an address: the login is played", async (t) => {
      const { url, port } = await standIn(t, receiver());
      const env = { ...GUIDE, npm_config_email: "npm@example.com" };
      const { lines } = await simulate(t, ["--", "--email", "jane@example.com", url], { env });
      const passed = PASSED.map((line) => line.replace("john.doe", "jane"));
      assert.deepEqual(lines, [`Playing Okta: ${url}`, ...passed, next(port)]);
    });
  });

  test("ends when nobody reads on", async (t) => {
    let verify = () => {};
    const verified = new Promise<void>((resolve) => (verify = resolve));
    const late: Handler = (sent, res) => void verified.then(() => echo(sent, res));
    const { url, all } = await standIn(t, receiver({ verification: late }));
    const { child, stdout, stderr, ended } = run(t, process.execPath, [...SIMULATE, url], {
      env: GUIDE,
    });
    await stdout.until(/Playing Okta/);
    child.stdout?.destroy();
    verify();
    const { code } = await ended;
    assert.deepEqual({ code, stderr: stderr.text }, { code: 1, stderr: "" });
    assert.ok(all.length < 7);
  });
});
