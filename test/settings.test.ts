/** Settings: what an environment means, and that every problem in it is told at once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "dotenv";
import { readSettings } from "../src/settings.js";

const CREDENTIALS = { BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" };
const DEFAULTS = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
};

const good: [what: string, env: Record<string, string>, expected: Partial<typeof DEFAULTS>][] = [
  ["the defaults", {}, {}],
  ["empty as missing", { PORT: "", HOST: "", NGROK_WEB_ADDR: "" }, {}],
  ["any free port", { PORT: "0" }, { port: 0 }],
  ["the highest port", { PORT: "65535" }, { port: 65535 }],
  ["every address", { HOST: "0.0.0.0" }, { host: "0.0.0.0" }],
  ["an IPv6 address", { HOST: "::1" }, { host: "::1" }],
  ["an agent elsewhere", { NGROK_WEB_ADDR: "localhost:4041" }, { ngrokWebAddr: "localhost:4041" }],
  ["an agent on IPv6", { NGROK_WEB_ADDR: "[::1]:4040" }, { ngrokWebAddr: "[::1]:4040" }],
  ["a password with everything in it", { BASIC_AUTH_PASSWORD: ' a:b#"c ' }, { password: ' a:b#"c ' }],
  ["the shell's USER and PASSWORD left alone", { USER: "me", PASSWORD: "mine" }, {}],
];
for (const [what, env, expected] of good) {
  test(`reads ${what}`, () => {
    assert.deepEqual(readSettings({ ...CREDENTIALS, ...env }), {
      settings: { ...DEFAULTS, ...expected },
      problems: [],
    });
  });
}

const PORT = "PORT must be a whole number from 0 to 65535, not";
const ADDRESS = "NGROK_WEB_ADDR must be host:port, not";
const bad: [env: Record<string, string | undefined>, problem: string][] = [
  [{ PORT: "8082x" }, `${PORT} "8082x".`],
  [{ PORT: "65536" }, `${PORT} "65536".`],
  [{ PORT: "-1" }, `${PORT} "-1".`],
  [{ PORT: "80.5" }, `${PORT} "80.5".`],
  [{ PORT: " 8082" }, `${PORT} " 8082".`],
  [{ PORT: "0x50" }, `${PORT} "0x50".`],
  [{ PORT: "\u001b[2J" }, `${PORT} "\\u001b[2J".`],
  [{ NGROK_WEB_ADDR: "4040" }, `${ADDRESS} "4040".`],
  [{ NGROK_WEB_ADDR: "http://localhost:4040" }, `${ADDRESS} "http://localhost:4040".`],
  [{ NGROK_WEB_ADDR: "localhost:99999" }, `${ADDRESS} "localhost:99999".`],
  [{ NGROK_WEB_ADDR: "me@localhost:4040" }, `${ADDRESS} "me@localhost:4040".`],
  [{ BASIC_AUTH_USERNAME: "a:b" }, "BASIC_AUTH_USERNAME must hold no colon (RFC 7617)."],
  [{ BASIC_AUTH_USERNAME: "" }, "BASIC_AUTH_USERNAME must be set: copy .env.example to .env."],
  [{ BASIC_AUTH_PASSWORD: undefined }, "BASIC_AUTH_PASSWORD must be set: copy .env.example to .env."],
];
for (const [env, problem] of bad) {
  test(`refuses ${JSON.stringify(env)}`, () => {
    assert.deepEqual(readSettings({ ...CREDENTIALS, ...env }).problems, [problem]);
  });
}

test("tells every problem at once, and shows no password", () => {
  const env = { PORT: "eighty", NGROK_WEB_ADDR: "x", BASIC_AUTH_PASSWORD: "hunter2" };
  assert.deepEqual(readSettings(env).problems, [
    `${PORT} "eighty".`,
    `${ADDRESS} "x".`,
    "BASIC_AUTH_USERNAME must be set: copy .env.example to .env.",
  ]);
  assert.deepEqual(readSettings({}).problems, [
    "BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD must be set: copy .env.example to .env.",
  ]);
});

test(".env.example holds the guide's values, and each setting in it has its default", () => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  assert.deepEqual(readSettings(parse(text)), { settings: DEFAULTS, problems: [] });
  const uncommented = text.replace(/^#(?=[A-Z_]+=)/gm, "");
  assert.deepEqual(readSettings(parse(uncommented)), { settings: DEFAULTS, problems: [] });
  assert.deepEqual(Object.keys(parse(uncommented)), [
    "BASIC_AUTH_USERNAME",
    "BASIC_AUTH_PASSWORD",
    "PORT",
    "HOST",
    "NGROK_WEB_ADDR",
  ]);
  assert.match(text, /^BASIC_AUTH_PASSWORD="supersecret"$/m);
});
