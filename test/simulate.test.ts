/** Okta played locally: what is sent, what is made of each answer, what is printed, and the exit status. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { delivery, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SIMULATE, startReceiver, type Ends } from "./support/process.js";

interface Sent {
  method: string;
  headers: IncomingMessage["headers"];
  body: string;
}
type Handler = (sent: Sent, res: ServerResponse) => void;

/** Starts a stand-in receiver; resolves to its URL and all that was sent to it. */
async function standIn(t: Ends, handle: Handler) {
  const all: Sent[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    req.on("end", () => {
      const sent = { method: req.method ?? "", headers: req.headers, body };
      all.push(sent);
      handle(sent, res);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}/userCreated`, all };
}

/** A receiver as Okta wants it, written from the documentation. */
const right: Handler = ({ method, headers }, res) => {
  if (method === "GET") res.end(JSON.stringify({ verification: headers["x-okta-verification-challenge"] }));
  else res.writeHead(headers.authorization === SECRET ? 200 : 401).end();
};

/** The same, but for one method. */
const but =
  (method: string, handle: Handler): Handler =>
  (sent, res) =>
    sent.method === method ? handle(sent, res) : right(sent, res);

/** Runs the command to its end. */
async function simulate(t: Ends, args: string[], env: Record<string, string> = GUIDE) {
  const { stdout, stderr, ended } = run(t, process.execPath, [SIMULATE, ...args], { env, cwd: folder(t) });
  const { code } = await ended;
  assert.doesNotMatch(stdout.text + stderr.text, /YWRtaW46|supersecret/, "the secret is never printed");
  assert.doesNotMatch(stdout.text + stderr.text, /[^\P{Cc}\n]|\n {4}at /u, "no control characters, no stack");
  return { code, stderr: stderr.text, lines: stdout.text.replace(/ +\d+ ms {2}/g, " N ms  ").split("\n") };
}

const PASSED = [
  "passed  200 N ms  verification",
  "passed  200 N ms  delivery of one created user, john.doe@example.com",
  "passed  200 N ms  delivery of two created users and another event",
  "passed  200 N ms  delivery of Okta's preview sample: its target is null",
  "passed  401 N ms  delivery without credentials: to be refused",
  "passed  401 N ms  delivery with a wrong password: to be refused",
];
const ALL_PASSED = "All 6 steps passed: Okta would verify this hook and deliver to it.";

test("against the receiver itself all passes, and its log holds the users", async (t) => {
  const receiver = await startReceiver(t);
  const { code, stderr, lines } = await simulate(t, [], { ...GUIDE, PORT: String(receiver.port) });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(lines, [`Playing Okta at ${receiver.url}`, ...PASSED, ALL_PASSED, ""]);
  const logins = ["john.doe@example.com", "jane.roe@example.com", "max.moe@example.com"];
  assert.equal(receiver.users(), logins.map(userLine).join(""));
});

test("what is sent is what Okta sends", async (t) => {
  const { url, all } = await standIn(t, right);
  assert.equal((await simulate(t, ["--url", url])).code, 0);
  await simulate(t, ["--url", url]);
  assert.deepEqual(
    all.slice(0, 6).map(({ method }) => method),
    ["GET", "POST", "POST", "POST", "POST", "POST"],
  );
  const challenges = [all[0], all[6]].map((sent) => sent?.headers["x-okta-verification-challenge"]);
  assert.match(String(challenges[0]), /^\S{20,}$/);
  assert.notEqual(challenges[0], challenges[1], "the challenge is fresh and random");
  assert.equal(all[0]?.headers["user-agent"], "Okta-Integrations");
  assert.match(String(all[0]?.headers["x-okta-request-id"]), /^\S+$/);
  for (const { headers } of all) {
    assert.equal(headers.accept, "application/json");
    assert.ok(headers["ngrok-skip-browser-warning"]);
  }
  for (const sent of all.slice(0, 4)) assert.equal(sent.headers.authorization, SECRET);
  assert.equal(all[4]?.headers.authorization, undefined);
  assert.match(all[5]?.headers.authorization ?? "", /^Basic /);
  assert.notEqual(all[5]?.headers.authorization, SECRET);
  const bodies = all.slice(1, 6).map(({ headers, body }) => {
    assert.equal(headers["content-type"], "application/json");
    const parsed: { data: { events: { eventType: string; target: unknown }[] } } = JSON.parse(body);
    assert.deepEqual(Object.keys(parsed).sort(), Object.keys(delivery()).sort());
    return parsed;
  });
  const types = bodies.map(({ data }) => data.events.map(({ eventType }) => eventType));
  const create = "user.lifecycle.create";
  assert.deepEqual(types, [[create], [create, "user.session.start", create], [create], [create], [create]]);
  assert.equal(bodies[2]?.data.events[0]?.target, null);
});

const REMEDY = "To change:";
const UNVERIFIED = "Okta marks the hook unverified";
const RETRIED = "Okta retries once, then the events are lost";
const LOST = "Okta does not retry, the events are lost";
const page = (code: string) =>
  `<html><p>\u001b[2JThe endpoint example.ngrok-free.app is offline. ${code}</p></html>`;
const noEcho = `the answer is not 200 with the same challenge as JSON; ${UNVERIFIED}. ${REMEDY} it must answer 200 with the same challenge as JSON.`;

/** Each way to be broken: which steps fail, with which status, and what is said of each. */
const broken: [what: string, handle: Handler, failures: Record<number, [status: string, remark: string]>][] =
  [
    ["no echo", but("GET", (_, res) => void res.end("{}")), { 0: ["200", noEcho] }],
    [
      "another challenge",
      but("GET", (_, res) => void res.end('{"verification":"x"}')),
      { 0: ["200", noEcho] },
    ],
    [
      "text for JSON",
      but("GET", ({ headers }, res) => void res.end(headers["x-okta-verification-challenge"])),
      { 0: ["200", noEcho] },
    ],
    [
      "credentials asked of the verification",
      but("GET", (_, res) => void res.writeHead(401).end()),
      {
        0: [
          "401",
          `the answer is not 200 with the same challenge as JSON; ${UNVERIFIED}. ${REMEDY} give the receiver and this command the same .env, and start the receiver again.`,
        ],
      },
    ],
    [
      "a redirect",
      but("GET", (_, res) => void res.writeHead(302, { location: "/elsewhere" }).end()),
      {
        0: [
          "302",
          `the answer is not 200 with the same challenge as JSON; ${UNVERIFIED}. ${REMEDY} give Okta the URL that this one leads to: it follows no redirect.`,
        ],
      },
    ],
    [
      "anybody may deliver",
      but("POST", (_, res) => void res.end()),
      Object.fromEntries(
        [4, 5].map((step) => [
          step,
          [
            "200",
            `the answer is not 401; anybody who knows the URL can deliver. ${REMEDY} it must answer 401.`,
          ],
        ]),
      ),
    ],
    [
      "500",
      but(
        "POST",
        ({ headers }, res) => void res.writeHead(headers.authorization === SECRET ? 500 : 401).end(),
      ),
      Object.fromEntries(
        [1, 2, 3].map((step) => [
          step,
          ["500", `the answer is not 200 or 204; ${RETRIED}. ${REMEDY} it must answer 200 or 204.`],
        ]),
      ),
    ],
    [
      "a reason that says the secret back, with control characters",
      but("POST", ({ headers: { authorization = "" } }, res) => {
        const error = `\u001b[31m${authorization} is supersecret`;
        res.writeHead(authorization === SECRET ? 400 : 401).end(JSON.stringify({ error }));
      }),
      Object.fromEntries(
        [1, 2, 3].map((step) => [
          step,
          ["400", `the answer is not 200 or 204; ${LOST}. ${REMEDY} do as it says: \\u001b[31mBasic … is ….`],
        ]),
      ),
    ],
    [
      "404",
      but(
        "POST",
        ({ headers }, res) => void res.writeHead(headers.authorization === SECRET ? 404 : 401).end(),
      ),
      Object.fromEntries(
        [1, 2, 3].map((step) => [
          step,
          ["404", `the answer is not 200 or 204; ${LOST}. ${REMEDY} end the URL in /userCreated.`],
        ]),
      ),
    ],
  ];
for (const [code, remedy] of [
  ["ERR_NGROK_3200", "start ngrok again, and give Okta its URL: this tunnel is down"],
  ["ERR_NGROK_8012", "run npm start, on the port that ngrok forwards to: nothing listens there"],
  ["ERR_NGROK_4018", "run ngrok config add-authtoken <token>, and ngrok again"],
] as const) {
  const status = code === "ERR_NGROK_8012" ? 502 : 404;
  broken.push(
    [
      `the page of ${code}`,
      but("GET", (_, res) => void res.writeHead(status, { "content-type": "text/html" }).end(page(code))),
      { 0: [String(status), `${code}; ${UNVERIFIED}. ${REMEDY} ${remedy}.`] },
    ],
    [
      `the header of ${code}`,
      but("GET", (_, res) => void res.writeHead(status, { "ngrok-error-code": code }).end()),
      { 0: [String(status), `${code}; ${UNVERIFIED}. ${REMEDY} ${remedy}.`] },
    ],
  );
}
for (const [what, handle, failures] of broken) {
  test(`a receiver with ${what}`, async (t) => {
    const { url } = await standIn(t, handle);
    const { code, lines } = await simulate(t, ["--url", url]);
    const expected = PASSED.flatMap((line, step) => {
      const failure = failures[step];
      if (!failure) return [line];
      return [line.replace(/^passed {2}\d+/, `FAILED  ${failure[0]}`), `        ${failure[1]}`];
    });
    const count = Object.keys(failures).length;
    assert.ok(count > 0);
    assert.deepEqual(lines, [`Playing Okta at ${url}`, ...expected, `${count} of 6 steps failed.`, ""]);
    assert.equal(code, 1);
  });
}

test("an answer after 3 seconds is too late, and the wait says what for", async (t) => {
  const { url } = await standIn(
    t,
    but("POST", (sent, res) => {
      if (sent.headers.authorization !== SECRET) right(sent, res);
    }),
  );
  const file = join(folder(t), "delivery.json");
  writeFileSync(file, "{}");
  const { code, stderr, lines } = await simulate(t, ["--url", url, "--file", file]);
  assert.equal(stderr, "Waiting for the answer: your delivery …\n");
  assert.deepEqual(lines.slice(2), [
    "FAILED  - N ms  your delivery",
    `        no whole answer within Okta's 3 seconds; ${RETRIED}. ${REMEDY} it must answer 200 or 204.`,
    "1 of 2 steps failed.",
    "",
  ]);
  assert.equal(code, 1);
});

test("a hang-up ends it, with what Okta would do", async (t) => {
  const { url, all } = await standIn(
    t,
    but("POST", (_, res) => void res.destroy()),
  );
  const { code, lines } = await simulate(t, ["--url", url]);
  assert.deepEqual(lines.slice(1), [
    PASSED[0],
    PASSED[1]?.replace("passed  200", "FAILED  -"),
    `        socket hang up; ${RETRIED}. ${REMEDY} it must answer 200 or 204.`,
    "1 of 6 steps failed, 4 were not tried.",
    "",
  ]);
  assert.deepEqual([code, all.length], [1, 2]);
});

test("nobody listening: says to start the receiver", async (t) => {
  const { code, lines } = await simulate(t, ["--url", "http://127.0.0.1:1/userCreated"]);
  assert.match(
    lines[2] ?? "",
    /ECONNREFUSED.*; Okta marks .* To change: run npm start first: nobody listens there\.$/,
  );
  assert.deepEqual([code, lines[3]], [1, "1 of 6 steps failed, 5 were not tried."]);
});

test("204 is success too, and a body with the acknowledgement is worth a warning", async (t) => {
  const empty = await standIn(
    t,
    but("POST", ({ headers }, res) => void res.writeHead(headers.authorization === SECRET ? 204 : 401).end()),
  );
  assert.equal((await simulate(t, ["--url", empty.url])).code, 0);
  const chatty = await standIn(
    t,
    but(
      "POST",
      ({ headers }, res) => void res.writeHead(headers.authorization === SECRET ? 200 : 401).end("ok"),
    ),
  );
  const { code, lines } = await simulate(t, ["--url", chatty.url]);
  assert.equal(code, 0);
  assert.equal(lines[3], "        Warning: Okta wants no body with its acknowledgement.");
});

test("--email is the created user's login", async (t) => {
  const receiver = await startReceiver(t);
  const email = "zoë\u202e@example.com";
  const { code, lines } = await simulate(t, ["--email", email, "--url", receiver.url]);
  assert.equal(code, 0);
  assert.match(lines[2] ?? "", /delivery of one created user, zoë\\u202e@example\.com$/);
  assert.ok(receiver.users().startsWith(userLine("zoë\\u202e@example.com")));
});

test("--file is delivered as it is, after the verification, and alone", async (t) => {
  const { url, all } = await standIn(t, right);
  const file = join(folder(t), "delivery.json");
  const bytes = '{ "data": {"events": [ ]},\r\n "x": "é" } \n';
  writeFileSync(file, bytes);
  const { code, lines } = await simulate(t, ["--url", url, "--file", file]);
  assert.deepEqual(
    all.map(({ method, body }) => [method, body]),
    [
      ["GET", ""],
      ["POST", bytes],
    ],
  );
  assert.equal(lines.at(-2), "All 2 steps passed: Okta would verify this hook and deliver to it.");
  assert.equal(code, 0);
});

const USAGE =
  /Usage: npm run simulate -- \[options\]\n {2}--url URL .*\n {2}--email ADDRESS .*\n {2}--file JSON .*\n {2}--help .*\n/;
for (const [args, message] of [
  [["--nonsense"], "Unknown option '--nonsense'"],
  [["x"], "Unexpected argument 'x'"],
  [["--url"], "Option '--url <value>' argument missing"],
  [["--url", "example.com/userCreated"], "--url must be an http or https URL"],
  [["--url", "ftp://example.com/userCreated"], "--url must be an http or https URL"],
  [["--url", "http://admin:supersecret@127.0.0.1:1/userCreated"], "--url must be an http or https URL"],
  [["--email", ""], "--email needs an address."],
  [["--email", "a@example.com", "--file", "x.json"], "--email has no effect on --file"],
  [["--file", "no-such-file.json"], "ENOENT: no such file or directory, open 'no-such-file.json'"],
] as const) {
  test(`misuse: ${args.join(" ")}`, async (t) => {
    const { code, stderr, lines } = await simulate(t, [...args]);
    assert.ok(stderr.startsWith(message), stderr);
    assert.match(stderr, USAGE);
    assert.deepEqual([code, lines], [2, [""]]);
  });
}

test("--help shows the usage, also without settings", async (t) => {
  const { code, stderr, lines } = await simulate(t, ["--help"], {});
  assert.match(lines.join("\n"), USAGE);
  assert.deepEqual([code, stderr], [0, ""]);
});

test("without credentials it says what the receiver would say", async (t) => {
  const { code, stderr } = await simulate(t, [], {});
  const remedy = "must be set: copy .env.example to .env.\n";
  assert.deepEqual([code, stderr], [1, `BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD ${remedy}`]);
});

test("a wrong path, which says nothing of credentials", async (t) => {
  const receiver = await startReceiver(t);
  const { code, lines } = await simulate(t, ["--url", receiver.url.toLowerCase()]);
  assert.deepEqual([code, lines.at(-2)], [1, "6 of 6 steps failed."]);
  const unknown =
    "the answer is not 401; whether it asks for credentials remains unknown. To change: end the URL in /userCreated.";
  assert.equal(lines[10], `        ${unknown}`);
});

test("https to the receiver itself", async (t) => {
  const receiver = await startReceiver(t);
  const { code, lines } = await simulate(t, ["--url", receiver.url.replace("http:", "https:")]);
  assert.match(
    lines[2] ?? "",
    /To change: write http:\/\/ for a receiver on this machine: only the tunnel has https\.$/,
  );
  assert.equal(code, 1);
});

test("a receiver with other credentials: which .env to look at", async (t) => {
  const receiver = await startReceiver(t, { env: { BASIC_AUTH_PASSWORD: "another" } });
  const { code, lines } = await simulate(t, ["--url", receiver.url]);
  assert.deepEqual([code, lines[1], lines.at(-2)], [1, PASSED[0], "3 of 6 steps failed."]);
  assert.match(lines[3] ?? "", /^ {8}the answer is not 200 or 204; Okta does not retry.* the same \.env/);
});
