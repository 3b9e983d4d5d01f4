/** Okta played by the built command over real HTTP: what it sends, what it makes of what happens, and how it ends. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { USAGE } from "../src/simulate/options.js";
import type { Step } from "../src/simulate/steps.js";
import { judge, type Answer } from "../src/simulate/verdict.js";
import { indent } from "../src/text.js";
import { SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SIMULATE, startReceiver } from "./support/process.js";
import type { Ends, Run } from "./support/process.js";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const real = await startReceiver({ after });
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

/** Makes a server listen, closes it with the test, and resolves to its port. */
async function listen(t: Ends, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return address.port;
}

/** Starts a stand-in receiver; resolves to where it is, and to all that is sent to it. */
async function standIn(t: Ends, handle: Handler, tls?: { key: Buffer; cert: Buffer }) {
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
  const port = await listen(t, server);
  t.after(() => server.closeAllConnections());
  const scheme = tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${port}/userCreated`, port: String(port), all };
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

/** Runs the built command to its end. */
function simulate(t: Ends, args: string[], { env = GUIDE, cwd = folder(t) }: Around = {}) {
  return finish(run(t, process.execPath, [SIMULATE, ...args], { env, cwd }));
}

/** Runs it as a person does, through npm, without the build before it. */
function npmRunSimulate(t: Ends, args: string[], env: Record<string, string>) {
  const npmEnv = { HOME: folder(t), npm_config_update_notifier: "false" };
  return finish(
    run(t, "npm", ["run", "simulate", "--ignore-scripts", "--silent", ...args], {
      env: { ...GUIDE, ...npmEnv, ...env },
      cwd: PROJECT,
    }),
  );
}

const STEP_LINE = /^(passed|FAILED) {2}(\d{3}|- {2}) {2}(?=.{4} ms) *\d+ ms {2}/gm;

/** Resolves to what a run printed, each step's line without its duration, and its exit status. */
async function finish({ stdout, stderr, ended }: Run) {
  const { code } = await ended;
  const printed = stdout.text + stderr.text;
  assert.doesNotMatch(printed, /YWRtaW46|supersecret/i, "no secret");
  assert.doesNotMatch(
    printed,
    /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u,
    "no control character",
  );
  assert.doesNotMatch(printed, /\n {4}at /, "no stack");
  const steps = stdout.text.replace(STEP_LINE, (_line, result: string, status: string) => {
    return `${result} ${status.trim()} `;
  });
  const lines = steps.replace(/\n$/, "").split("\n");
  for (const line of lines.filter((line) => line.startsWith(" "))) {
    assert.match(line, /^ {2}\S.{0,77}$/, "indented, and within 80 columns");
  }
  return { code, stderr: stderr.text, lines };
}

const PASSED = [
  "passed 200 verification",
  "passed 200 delivery of a created user, john.doe@example.com",
  "passed 200 delivery of two created users and another event",
  "passed 200 Okta's preview sample, whose target is null",
  "passed 401 delivery without credentials: must be refused",
  "passed 401 delivery with a wrong password: must be refused",
];
const FILE_PASSED = "passed 200 delivery of your file";

/** The places of the steps that make each kind of request. */
const PLACES: Record<Kind, number[]> = {
  verification: [0],
  delivery: [1, 2, 3],
  intrusion: [4, 5],
};

const next = (port: number | string, steps = PASSED.length) =>
  `All ${steps} steps passed. Next, open a tunnel: ngrok http ${port}`;

/** What the answer to each kind of request must be. */
const EXPECTED: Record<Kind, Step["expected"]> = {
  verification: "echo",
  delivery: "acknowledgement",
  intrusion: "refusal",
};

/** What is printed of an answer to such a request; verdict.test.ts pins the sentences. */
function told(kind: Kind, received: Answer): string[] {
  const expected = EXPECTED[kind];
  const step: Step = { name: kind, method: "POST", headers: {}, body: null, expected };
  const { remarks } = judge(step, received);
  return remarks.flatMap((remark) => indent(remark).split("\n"));
}

/** What is printed when the steps at these places fail for one cause, which is told once. */
function failure(url: string, failed: number[], status: number | "-", remarks: string[]): string[] {
  const first = Math.min(...failed);
  const isEnd = first === 0 || status === "-";
  const tried = isEnd ? PASSED.slice(0, first + 1) : PASSED;
  const lines = tried.flatMap((line, place) => {
    if (!failed.includes(place)) return [line];
    const failedLine = line.replace(/^passed \d+/, `FAILED ${status}`);
    return place === first ? [failedLine, ...remarks] : [failedLine];
  });
  const rest = isEnd ? `, ${PASSED.length - tried.length} not tried` : "";
  const last = `${failed.length} of 6 steps failed${rest}.`;
  return [`Playing Okta at ${url}`, ...lines, last];
}

// The runs that wait for an answer go on beside all others.
describe("npm run simulate", { concurrency: 2 }, () => {
  describe("with a receiver that hangs", { concurrency: true }, () => {
    const LATE = { code: "TimeoutError" };
    // An open connection must not hold the exit up: Node's own limits are longer than this one.
    const options = { timeout: 9_000 };

    const unfinished: [what: string, hang: Handler][] = [
      ["no answer", () => {}],
      ["half an answer", (_sent, res) => void res.writeHead(200).write('{"verification":')],
      [
        "an answer that never ends",
        (_sent, res) => {
          const drip = setInterval(() => res.write(" "), 50);
          res.on("close", () => clearInterval(drip));
        },
      ],
    ];
    for (const [what, hang] of unfinished) {
      test(`${what} to the verification ends the run`, options, async (t) => {
        const { url, all } = await standIn(t, receiver({ verification: hang }));
        const { code, stderr, lines } = await simulate(t, ["--url", url]);
        assert.deepEqual(lines, failure(url, PLACES.verification, "-", told("verification", LATE)));
        assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 1 });
      });
    }

    test("no answer to the last step leaves nothing to try", options, async (t) => {
      const { url, all } = await standIn(t, receiver({ delivery: () => {} }));
      const file = join(folder(t), "delivery.json");
      writeFileSync(file, "{}");
      const { code, lines } = await simulate(t, ["--url", url, "--file", file]);
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        FILE_PASSED.replace("passed 200", "FAILED -"),
        ...told("delivery", LATE),
        "1 of 2 steps failed.",
      ]);
      assert.deepEqual({ code, sent: all.length }, { code: 1, sent: 2 });
    });

    test("a TLS handshake that is never answered ends the run", options, async (t) => {
      const silent = createTcpServer((socket) => socket.resume().on("error", () => {}));
      const url = `https://127.0.0.1:${await listen(t, silent)}/userCreated`;
      const { code, stderr, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines, failure(url, PLACES.verification, "-", told("verification", LATE)));
      assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
    });
  });

  // One after another, for they share a receiver.
  describe("with the receiver itself", { concurrency: 1 }, () => {
    test("all passes, and its log holds the users", async (t) => {
      const env = { ...GUIDE, PORT: String(real.port) };
      const { code, stderr, lines } = await simulate(t, [], { env });
      assert.deepEqual(lines, [`Playing Okta at ${real.url}`, ...PASSED, next(real.port)]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const logins = ["john.doe@example.com", "jane.roe@example.com", "max.moe@example.com"];
      assert.equal(real.users(), logins.map(userLine).join(""));
    });

    test("other credentials are told once for all deliveries", async (t) => {
      const from = real.size();
      const env = { ...GUIDE, BASIC_AUTH_PASSWORD: "another" };
      const { code, lines } = await simulate(t, ["--url", real.url], { env });
      const remarks = told("delivery", { status: 401 });
      assert.deepEqual(lines, failure(real.url, PLACES.delivery, 401, remarks));
      assert.deepEqual({ code, users: real.users(from) }, { code: 1, users: "" });
    });

    test("https for http is told without a word of OpenSSL's", async (t) => {
      const url = real.url.replace("http:", "https:");
      const { code, stderr, lines } = await simulate(t, ["--url", url]);
      const remarks = told("verification", { code: "EPROTO" });
      assert.deepEqual(lines, failure(url, PLACES.verification, "-", remarks));
      assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
    });
  });

  describe("sends", { concurrency: 2 }, () => {
    test("what Okta sends, with the login of --email, which is escaped in print", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const email = "zoë\u202e\u001b@example.com";
      const { code, lines } = await simulate(t, ["--email", email, "--url", url]);
      const escaped = "zoë\\u202e\\u001b@example.com";
      assert.equal(lines[2], `passed 200 delivery of a created user, ${escaped}`);
      assert.equal(code, 0);

      const kinds = all.map(({ kind }) => kind);
      const deliveries = ["delivery", "delivery", "delivery", "intrusion", "intrusion"];
      assert.deepEqual(kinds, ["verification", ...deliveries]);
      for (const { path, headers } of all) {
        assert.equal(path, "/userCreated");
        assert.equal(headers.accept, "application/json");
      }

      const [verification, ...posts] = all;
      assert.equal(verification?.headers.authorization, SECRET);
      assert.equal(verification.headers["user-agent"], "Okta-Integrations");
      assert.match(String(verification.headers["x-okta-request-id"]), /^\S{20,}$/);
      assert.match(String(verification.headers["x-okta-verification-challenge"]), /^\S{20,}$/);
      assert.equal(verification.headers["content-type"], undefined);
      assert.equal(verification.body.length, 0);

      const logins = posts.map(({ headers, body }) => {
        assert.equal(headers["content-type"], "application/json");
        assert.match(String(headers["user-agent"]), /^Okta Hook Service v/);
        assert.equal(headers["x-okta-verification-challenge"], undefined);
        const { data }: { data: { events: { target: { alternateId: string }[] | null }[] } } =
          JSON.parse(body.toString());
        return data.events[0]?.target?.[0]?.alternateId;
      });
      assert.deepEqual(logins, [email, "jane.roe@example.com", undefined, email, email]);

      const [stranger, impostor] = posts.slice(-2);
      assert.equal(stranger?.headers.authorization, undefined);
      assert.match(String(impostor?.headers.authorization), /^Basic \S{20,}$/);
    });

    test("a file's bytes as they are, after the verification, and alone", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const cwd = folder(t);
      const bytes = Buffer.from('{ "data": {"events": [ ]},\r\n "x": "\xff" } \n', "latin1");
      writeFileSync(join(cwd, "delivery.json"), bytes);
      const args = [url.replace("http", "HTTP"), "delivery.json"];
      const { code, lines } = await simulate(t, args, { cwd });
      const passed = [PASSED[0], FILE_PASSED];
      assert.deepEqual(lines, [`Playing Okta at ${url}`, ...passed, next(port, 2)]);
      assert.equal(code, 0);
      assert.deepEqual(
        all.map(({ kind, body }) => [kind, body]),
        [
          ["verification", Buffer.alloc(0)],
          ["delivery", bytes],
        ],
      );
      assert.equal(all[1]?.headers["content-type"], "application/json");
    });
  });

  describe("where a receiver", { concurrency: 2 }, () => {
    const movedEcho: Handler = (sent, res) => {
      if (sent.path === "/elsewhere") echo(sent, res);
      else res.writeHead(302, { location: "/elsewhere" }).end();
    };
    const closed = answer(404, "", { "ngrok-error-code": "ERR_NGROK_3200" });
    const unverified: [what: string, verification: Handler, status: number, code?: string][] = [
      ["is behind a closed tunnel, says ngrok's header", closed, 404, "ERR_NGROK_3200"],
      ["redirects the verification to where all is well", movedEcho, 302],
    ];
    for (const [what, verification, status, errorCode] of unverified) {
      test(`${what}: ends after one request and a few lines`, async (t) => {
        const { url, all } = await standIn(t, receiver({ verification }));
        const { code, stderr, lines } = await simulate(t, ["--url", url]);
        const remarks = told("verification", { status, code: errorCode });
        assert.deepEqual(lines, failure(url, PLACES.verification, status, remarks));
        assert.ok(lines.length <= 8);
        assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 1 });
      });
    }

    const halfAnAnswer: Handler = (_sent, res) => {
      res.writeHead(200, { "content-length": "100" }).write("{}", () => res.destroy());
    };
    const hangUp: Handler = (_sent, res) => void res.destroy();
    const interrupted: [what: string, kind: Kind, handle: Handler, sent: number][] = [
      ["hangs up within its answer to the verification", "verification", halfAnAnswer, 1],
      ["hangs up at a delivery", "delivery", hangUp, 2],
    ];
    for (const [what, kind, handle, sent] of interrupted) {
      test(`${what}: ends there`, async (t) => {
        const { url, all } = await standIn(t, receiver({ [kind]: handle }));
        const { code, stderr, lines } = await simulate(t, ["--url", url]);
        // Which code a hang-up has is Node's business.
        const codeless = lines.map((line) => line.replace(/\([A-Z_]+\)/, "(CODE)"));
        const remarks = told(kind, { code: "CODE" });
        assert.deepEqual(codeless, failure(url, PLACES[kind].slice(0, 1), "-", remarks));
        assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent });
      });
    }

    test("fails at each delivery in another way: tells each cause, and goes on", async (t) => {
      const sayBack: Handler = ({ headers }, res) => {
        const secret = String(headers.authorization);
        const error = `\u001b[31m${secret} is admin:supersecret`;
        res.writeHead(400, "supersecret", { "ngrok-error-code": secret });
        res.end(JSON.stringify({ error }));
      };
      const ngrokPage = answer(502, "<p>\u001b[2JThe endpoint is offline. ERR_NGROK_8012</p>");
      const moved: Handler = (_sent, res) => {
        res.writeHead(308, { location: "/elsewhere" }).end();
      };
      const inTurn = [sayBack, ngrokPage, moved];
      const delivery: Handler = (sent, res) => {
        const handle = inTurn.shift() ?? answer(200);
        handle(sent, res);
      };
      const { url, all } = await standIn(t, receiver({ delivery }));
      const { code, stderr, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        PASSED[1]?.replace("passed 200", "FAILED 400"),
        ...told("delivery", { status: 400 }),
        PASSED[2]?.replace("passed 200", "FAILED 502"),
        ...told("delivery", { status: 502, code: "ERR_NGROK_8012" }),
        PASSED[3]?.replace("passed 200", "FAILED 308"),
        ...told("delivery", { status: 308 }),
        ...PASSED.slice(4),
        "3 of 6 steps failed.",
      ]);
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 6 });
    });

    test("lets in who has no credentials: that step alone fails", async (t) => {
      const intrusion: Handler = (sent, res) => {
        answer(sent.headers.authorization === undefined ? 204 : 401)(sent, res);
      };
      const { url } = await standIn(t, receiver({ intrusion }));
      const { code, lines } = await simulate(t, ["--url", url]);
      assert.deepEqual(lines, failure(url, [4], 204, told("intrusion", { status: 204 })));
      assert.equal(code, 1);
    });

    test("acknowledges with a 204, and with bodies: all passes, with one warning", async (t) => {
      const inTurn = [answer(204), answer(200, "ok"), answer(200, "ok")];
      const delivery: Handler = (sent, res) => {
        const handle = inTurn.shift() ?? answer(500);
        handle(sent, res);
      };
      const { url, port } = await standIn(t, receiver({ delivery, intrusion: answer(401, "no") }));
      const { code, lines } = await simulate(t, ["--url", url]);
      const warning = told("delivery", { status: 200, body: "ok" });
      assert.equal(warning.length, 1);
      assert.deepEqual(lines.slice(1), [
        PASSED[0],
        PASSED[1]?.replace("200", "204"),
        PASSED[2],
        ...warning,
        ...PASSED.slice(3),
        next(port),
      ]);
      assert.equal(code, 0);
    });

    test("does not run: says to start it", async (t) => {
      const server = createTcpServer();
      const port = await listen(t, server);
      server.close();
      await once(server, "close");
      const { code, lines } = await simulate(t, [], { env: { ...GUIDE, PORT: String(port) } });
      const url = `http://127.0.0.1:${port}/userCreated`;
      const remarks = told("verification", { code: "ECONNREFUSED" });
      assert.deepEqual(lines, failure(url, PLACES.verification, "-", remarks));
      assert.equal(code, 1);
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
      const { url, all } = await standIn(t, receiver(), tls);
      const env = { ...GUIDE, NODE_EXTRA_CA_CERTS: cert };
      const { code, stderr, lines } = await simulate(t, ["--url", url], { env });
      const last = "All 6 steps passed. Next, in Okta: Save & Continue, and Verify.";
      assert.deepEqual(lines, [`Playing Okta at ${url}`, ...PASSED, last]);
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 0, stderr: "", sent: 6 });
    });
  });

  describe("takes settings that", { concurrency: 2 }, () => {
    test("come from .env, where the environment lacks them", async (t) => {
      const { url, port } = await standIn(t, receiver());
      const cwd = folder(t);
      // A receiver at all addresses is asked at 127.0.0.1.
      const entries = Object.entries({ ...GUIDE, HOST: "::", PORT: port });
      writeFileSync(join(cwd, ".env"), entries.map((entry) => `${entry.join("=")}\n`).join(""));
      const { code, lines } = await simulate(t, [], { env: {}, cwd });
      assert.deepEqual(lines, [`Playing Okta at ${url}`, ...PASSED, next(port)]);
      assert.equal(code, 0);
    });

    test("hold any host name", async (t) => {
      const { port, all } = await standIn(t, receiver());
      const env = { ...GUIDE, HOST: "constructor", PORT: port };
      const { code, stderr, lines } = await simulate(t, [], { env });
      assert.equal(lines[0], `Playing Okta at http://constructor:${port}/userCreated`);
      assert.equal(lines.at(-1), "1 of 6 steps failed, 5 not tried.");
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 1, stderr: "", sent: 0 });
    });

    test("are right: else it tells what is wrong, and sends nothing", async (t) => {
      const { url, all } = await standIn(t, receiver());
      const { code, stderr, lines } = await simulate(t, [url], { env: { PORT: "65536" } });
      assert.match(
        stderr,
        /^PORT must be .+\nBASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD must be .+\n {2}Copy .+\n$/,
      );
      assert.deepEqual({ code, lines, sent: all.length }, { code: 1, lines: [""], sent: 0 });
    });
  });

  describe("with a command line that", { concurrency: 2 }, () => {
    /** Misuse has its message, the usage, exit status 2, and sends nothing. */
    function assertMisuse(
      result: { code: number | null; stderr: string; lines: string[] },
      message: string,
      all: Sent[],
    ): void {
      const stderr = `${message}\n\n${USAGE}`;
      assert.deepEqual(result, { code: 2, stderr, lines: [""] });
      assert.equal(all.length, 0, "nothing was sent");
    }

    const NO_URL = "--url must be an http or https URL, without credentials.";
    const misused: [what: string, args: (url: string) => string[], message: string][] = [
      [
        "lacks a value",
        () => ["--url", "--file", "a.json"],
        "Option '--url' argument is ambiguous.",
      ],
      ["has an unknown option", (url) => [url, "--nonsense"], "Unknown option '--nonsense'"],
      [
        "names a file that is not there",
        (url) => [url, "none\u001b.json"],
        "ENOENT: no such file or directory, open 'none\\u001b.json'",
      ],
      ["has an empty URL", () => ["--url", ""], NO_URL],
      [
        "has a URL without its scheme",
        (url) => ["--url", url.replace(/^.*:/, "localhost:")],
        NO_URL,
      ],
      ["has a URL with a user name", (url) => [url.replace("://", "://admin@")], NO_URL],
      ["has a URL with a password", (url) => [url.replace("://", "://:supersecret@")], NO_URL],
    ];
    for (const [what, args, message] of misused) {
      test(`${what}: tells so, and sends nothing`, async (t) => {
        const { url, port, all } = await standIn(t, receiver());
        const result = await simulate(t, args(url), { env: { ...GUIDE, PORT: port } });
        assertMisuse(result, message, all);
      });
    }

    test("has no URL where PORT=0: asks for one", async (t) => {
      const result = await simulate(t, []);
      const message = "PORT is 0: give the receiver's URL with --url.";
      assertMisuse(result, message, []);
    });

    test("has --help: shows the usage, whatever the settings, and sends nothing", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const { code, stderr, lines } = await simulate(t, ["--help", url], { env: { PORT: port } });
      assert.equal(`${lines.join("\n")}\n`, USAGE);
      assert.deepEqual({ code, stderr, sent: all.length }, { code: 0, stderr: "", sent: 0 });
    });

    test("npm keeps to itself (--url=URL): tells so, and sends nothing", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const result = await npmRunSimulate(t, [`--url=${url}`], { PORT: port });
      const message = "npm kept --url: write npm run simulate -- --url VALUE";
      assertMisuse(result, message, all);
    });

    test("npm takes apart (--url URL): understands it all the same", async (t) => {
      const { url, port, all } = await standIn(t, receiver());
      const { code, lines } = await npmRunSimulate(t, ["--url", url], {});
      assert.deepEqual(lines, [`Playing Okta at ${url}`, ...PASSED, next(port)]);
      assert.deepEqual({ code, sent: all.length }, { code: 0, sent: 6 });
    });
  });

  test("ends when nobody reads on", async (t) => {
    let verify = () => {};
    const verified = new Promise<void>((resolve) => (verify = resolve));
    const late: Handler = (sent, res) => void verified.then(() => echo(sent, res));
    const { url } = await standIn(t, receiver({ verification: late }));
    const { child, stdout, stderr, ended } = run(t, process.execPath, [SIMULATE, url], {
      env: GUIDE,
    });
    await stdout.until(/Playing Okta/);
    child.stdout?.destroy();
    verify();
    const { code } = await ended;
    assert.deepEqual({ code, stderr: stderr.text }, { code: 1, stderr: "" });
  });
});
