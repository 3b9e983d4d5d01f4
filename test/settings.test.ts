/** Settings: what an environment means, and that every problem in it is told at once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "dotenv";
import { tunnelCommand } from "../src/ngrok/tunnel.js";
import { allowsExample, localUrl, readSettings } from "../src/settings.js";

const CREDENTIALS = { BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" };
const DEFAULTS = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
  showPayload: false,
};

/** What to do about missing credentials, as the file tells it. */
const REMEDY = "Do this.";

const good: [what: string, env: Record<string, string>, expected: Partial<typeof DEFAULTS>][] = [
  ["the defaults", {}, {}],
  ["empty as missing", { PORT: "", LISTEN_HOST: "", NGROK_WEB_ADDR: "", SHOW_PAYLOAD: "" }, {}],
  ["any free port", { PORT: "0" }, { port: 0 }],
  ["the highest port", { PORT: "65535" }, { port: 65535 }],
  ["every address", { LISTEN_HOST: "0.0.0.0" }, { host: "0.0.0.0" }],
  ["an IPv6 address", { LISTEN_HOST: "::1" }, { host: "::1" }],
  ["a host name", { LISTEN_HOST: "localhost" }, { host: "localhost" }],
  ["a host name that objects know", { LISTEN_HOST: "constructor" }, { host: "constructor" }],
  ["a host name in capitals", { LISTEN_HOST: "LOCALHOST" }, { host: "localhost" }],
  ["a short form of an address", { LISTEN_HOST: "127.1" }, { host: "127.0.0.1" }],
  ["a long form of an IPv6 address", { LISTEN_HOST: "0:0:0:0:0:0:0:1" }, { host: "::1" }],
  ["an agent elsewhere", { NGROK_WEB_ADDR: "localhost:4041" }, { ngrokWebAddr: "localhost:4041" }],
  ["an agent on IPv6", { NGROK_WEB_ADDR: "[::1]:4040" }, { ngrokWebAddr: "[::1]:4040" }],
  [
    "a password with everything in it",
    { BASIC_AUTH_PASSWORD: ' a:b#"c ' },
    { password: ' a:b#"c ' },
  ],
  ["a request for payloads", { SHOW_PAYLOAD: "1" }, { showPayload: true }],
  [
    "nothing of what shells set",
    { USER: "me", PASSWORD: "mine", HOST: "x86_64-conda-linux-gnu" },
    {},
  ],
];
for (const [what, env, expected] of good) {
  test(`reads ${what}`, () => {
    assert.deepEqual(readSettings({ ...CREDENTIALS, ...env }, REMEDY), {
      settings: { ...DEFAULTS, ...expected },
    });
  });
}

function problemsOf(env: Record<string, string | undefined>): string[] {
  const result = readSettings(env, REMEDY);
  assert.ok("problems" in result, "there must be problems");
  return result.problems;
}

const PORT = "PORT must be a whole number from 0 to 65535, not";
const HOST = "LISTEN_HOST must be an IP address or a host name, not";
const ADDRESS = "NGROK_WEB_ADDR must be host:port, not";
const EMPTY = "must be set, and not empty.\n  Do this.";
const CONTROL = "must not contain a control character, such as a tab or a line break.";
const bad: [env: Record<string, string | undefined>, problem: string][] = [
  [{ PORT: "8082x" }, `${PORT} "8082x".`],
  [{ PORT: "65536" }, `${PORT} "65536".`],
  [{ PORT: "-1" }, `${PORT} "-1".`],
  [{ PORT: "80.5" }, `${PORT} "80.5".`],
  [{ PORT: " 8082" }, `${PORT} " 8082".`],
  [{ PORT: "0x50" }, `${PORT} "0x50".`],
  [{ PORT: "\u001b[2J" }, `${PORT} "\\u001b[2J".`],
  [{ LISTEN_HOST: "256.1.1.1" }, `${HOST} "256.1.1.1".`],
  [{ LISTEN_HOST: "127.0.0.1:8082" }, `${HOST} "127.0.0.1:8082".`],
  [{ LISTEN_HOST: "http://127.0.0.1" }, `${HOST} "http://127.0.0.1".`],
  [{ LISTEN_HOST: "[::1]" }, `${HOST} "[::1]".`],
  [{ LISTEN_HOST: "::g" }, `${HOST} "::g".`],
  [{ LISTEN_HOST: "fe80::1%lo" }, `${HOST} "fe80::1%lo".`],
  [{ LISTEN_HOST: "my host" }, `${HOST} "my host".`],
  [{ LISTEN_HOST: "a\u001b[2J" }, `${HOST} "a\\u001b[2J".`],
  [{ LISTEN_HOST: "a\u202eb" }, `${HOST} "a\\u202eb".`],
  [{ NGROK_WEB_ADDR: "4040" }, `${ADDRESS} "4040".`],
  [{ NGROK_WEB_ADDR: "http://localhost:4040" }, `${ADDRESS} "http://localhost:4040".`],
  [{ NGROK_WEB_ADDR: "localhost:99999" }, `${ADDRESS} "localhost:99999".`],
  [{ NGROK_WEB_ADDR: "localhost:0" }, `${ADDRESS} "localhost:0".`],
  [{ NGROK_WEB_ADDR: "me@localhost:4040" }, `${ADDRESS} "me@localhost:4040".`],
  [{ NGROK_WEB_ADDR: "256.1.1.1:4040" }, `${ADDRESS} "256.1.1.1:4040".`],
  [{ NGROK_WEB_ADDR: "::1:4040" }, `${ADDRESS} "::1:4040".`],
  [{ NGROK_WEB_ADDR: "\u001b[2J:4040" }, `${ADDRESS} "\\u001b[2J:4040".`],
  [{ SHOW_PAYLOAD: "true" }, 'SHOW_PAYLOAD must be 1 or empty, not "true".'],
  [{ SHOW_PAYLOAD: "0" }, 'SHOW_PAYLOAD must be 1 or empty, not "0".'],
  [{ BASIC_AUTH_USERNAME: "me\r" }, `BASIC_AUTH_USERNAME ${CONTROL}`],
  [{ BASIC_AUTH_PASSWORD: "hunter2\n" }, `BASIC_AUTH_PASSWORD ${CONTROL}`],
  [{ BASIC_AUTH_PASSWORD: "hunter\t2" }, `BASIC_AUTH_PASSWORD ${CONTROL}`],
  [{ BASIC_AUTH_PASSWORD: "hunter2\u0085" }, `BASIC_AUTH_PASSWORD ${CONTROL}`],
  [{ BASIC_AUTH_USERNAME: "a:b" }, "BASIC_AUTH_USERNAME must not contain a colon."],
  [{ BASIC_AUTH_USERNAME: "" }, `BASIC_AUTH_USERNAME ${EMPTY}`],
  [{ BASIC_AUTH_PASSWORD: undefined }, `BASIC_AUTH_PASSWORD ${EMPTY}`],
];
for (const [env, problem] of bad) {
  test(`refuses ${JSON.stringify(env)}`, () => {
    assert.deepEqual(problemsOf({ ...CREDENTIALS, ...env }), [problem]);
  });
}

test("tells every problem at once, and shows no password", () => {
  const env = {
    PORT: "eighty",
    LISTEN_HOST: "x/y",
    NGROK_WEB_ADDR: "x",
    BASIC_AUTH_PASSWORD: "hunter2\t",
  };
  assert.deepEqual(problemsOf(env), [
    `${PORT} "eighty".`,
    `${HOST} "x/y".`,
    `${ADDRESS} "x".`,
    `BASIC_AUTH_PASSWORD ${CONTROL}`,
    `BASIC_AUTH_USERNAME ${EMPTY}`,
  ]);
});

test("both credentials may be missing, and are told in one sentence", () => {
  const both = "BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD must be set, and not empty.";
  assert.deepEqual(problemsOf({}), [`${both}\n  Do this.`]);
});

test("the published example is used only where nothing is set that it could weaken", () => {
  assert.equal(allowsExample({}), true);
  assert.equal(allowsExample({ PORT: "8093", LISTEN_HOST: "", BASIC_AUTH_PASSWORD: "" }), true);
  assert.equal(allowsExample({ LISTEN_HOST: "0.0.0.0" }), false);
  assert.equal(allowsExample({ BASIC_AUTH_USERNAME: "me" }), false);
  assert.equal(allowsExample({ BASIC_AUTH_PASSWORD: "mine" }), false);
});

const hosts = [
  ["127.0.0.1", "ngrok http 8082", "http://127.0.0.1:8082/userCreated"],
  ["localhost", "ngrok http 8082", "http://localhost:8082/userCreated"],
  ["::1", "ngrok http [::1]:8082", "http://[::1]:8082/userCreated"],
  ["0.0.0.0", "ngrok http 8082", "http://127.0.0.1:8082/userCreated"],
  ["::", "ngrok http 8082", "http://127.0.0.1:8082/userCreated"],
  ["127.0.0.2", "ngrok http 127.0.0.2:8082", "http://127.0.0.2:8082/userCreated"],
  ["192.0.2.7", "ngrok http 192.0.2.7:8082", "http://192.0.2.7:8082/userCreated"],
  ["2001:db8::7", "ngrok http [2001:db8::7]:8082", "http://[2001:db8::7]:8082/userCreated"],
] as const;
for (const [host, command, url] of hosts) {
  test(`a receiver on ${host} is reached by ${command}`, () => {
    assert.equal(tunnelCommand({ host, port: 8082 }), command);
    assert.equal(localUrl({ ...DEFAULTS, host }), url);
  });
}

test(".env.example holds the guide's values, and each setting in it has its default", () => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  assert.deepEqual(readSettings(parse(text), REMEDY), { settings: DEFAULTS });
  const uncommented = text.replace(/^#(?=[A-Z_]+=)/gm, "");
  const settings = { ...DEFAULTS, showPayload: true };
  assert.deepEqual(readSettings(parse(uncommented), REMEDY), { settings });
  assert.deepEqual(Object.keys(parse(uncommented)), [
    "BASIC_AUTH_USERNAME",
    "BASIC_AUTH_PASSWORD",
    "PORT",
    "LISTEN_HOST",
    "NGROK_WEB_ADDR",
    "SHOW_PAYLOAD",
  ]);
  assert.match(text, /^BASIC_AUTH_PASSWORD="supersecret"$/m);
});
