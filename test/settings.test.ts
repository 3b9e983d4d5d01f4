/** Settings: what `.env` and the environment mean, and that everything wrong with them is told at once. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "dotenv";
import { isFirstStart, localUrl, readSettings } from "../src/settings.js";
import { folder, GUIDE_SETTINGS } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const CREDENTIALS = { BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" };

/** Goes into a new folder for the time of the test. */
function enterFolder(t: Ends): void {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder(t));
}

type Variables = Record<string, string>;

const good: [what: string, env: Variables, expected: Partial<typeof GUIDE_SETTINGS>][] = [
  ["empty as missing", { PORT: "", LISTEN_HOST: "", NGROK_WEB_ADDR: "", SHOW_PAYLOAD: "" }, {}],
  ["an agent on IPv6", { NGROK_WEB_ADDR: "[::1]:4040" }, { ngrokWebAddr: "[::1]:4040" }],
  ["a password of any text", { BASIC_AUTH_PASSWORD: ` a:b#"c ` }, { password: ` a:b#"c ` }],
  ["SHOW_PAYLOAD true as on", { SHOW_PAYLOAD: "true" }, { showPayload: true }],
  ["SHOW_PAYLOAD 0 as off", { SHOW_PAYLOAD: "0" }, {}],
  ["SHOW_PAYLOAD false as off", { SHOW_PAYLOAD: "false" }, {}],
  ["nothing of what shells set", { USER: "me", PASSWORD: "mine", HOST: "x86_64-linux-gnu" }, {}],
];
for (const [what, env, expected] of good) {
  test(`reads ${what}`, (t) => {
    enterFolder(t);
    const settings = readSettings({ ...CREDENTIALS, ...env });
    assert.deepEqual(settings, { value: { ...GUIDE_SETTINGS, ...expected } });
  });
}

/** Fails unless all problems are these. */
function assertProblems(env: Variables, said: RegExp): void {
  const settings = readSettings(env);
  assert.ok("problems" in settings);
  assert.match(settings.problems.join("\n"), said);
}

const SINGLE_QUOTES =
  /^BASIC_AUTH_PASSWORD must not contain a control character\.\n.* single quotes\.$/;
const bad: [env: Variables, said: RegExp][] = [
  [{ PORT: "8082x" }, /^PORT must be .*, not "8082x"\.$/],
  [{ PORT: "65536" }, /^PORT must be .*, not "65536"\.$/],
  [{ LISTEN_HOST: "http://localhost" }, /^LISTEN_HOST must be .*, not "http:\/\/localhost"\.$/],
  [{ NGROK_WEB_ADDR: "http://localhost:4040" }, /^NGROK_WEB_ADDR must be host:port, not .*\.$/],
  [{ NGROK_WEB_ADDR: "localhost:99999" }, /^NGROK_WEB_ADDR must be host:port, not .*\.$/],
  [{ NGROK_WEB_ADDR: "\u001b[2J:4040" }, /^NGROK_WEB_ADDR must be .*, not "\\u001b\[2J:4040"\.$/],
  [{ SHOW_PAYLOAD: "yes" }, /^SHOW_PAYLOAD must be 1 or true, 0 or false, not "yes"\.$/],
  [{ BASIC_AUTH_USERNAME: "a:b" }, /^BASIC_AUTH_USERNAME must not contain a colon\.$/],
  [{ BASIC_AUTH_PASSWORD: "hunter2\n" }, SINGLE_QUOTES],
  [{ BASIC_AUTH_PASSWORD: "hunter2\u0085" }, SINGLE_QUOTES],
];
for (const [env, said] of bad) {
  test(`refuses ${JSON.stringify(env)}`, (t) => {
    enterFolder(t);
    assertProblems({ ...CREDENTIALS, ...env }, said);
  });
}

/** Puts a password into `.env` as it stands there. */
const withPassword = (text: string) => `BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD=${text}\n`;

test("the environment wins, but an empty variable does not hide what .env has", (t) => {
  enterFolder(t);
  // With Windows' line ends and a byte order mark; in single quotes nothing is special.
  const file = `\ufeff${withPassword("'ä#$A\\n\"'")}PORT=1\nLISTEN_HOST=::1\n`;
  writeFileSync(".env", file.replaceAll("\n", "\r\n"));
  assert.deepEqual(readSettings({ PORT: "2", LISTEN_HOST: "", BASIC_AUTH_PASSWORD: "" }), {
    value: { ...GUIDE_SETTINGS, port: 2, host: "::1", username: "me", password: 'ä#$A\\n"' },
  });
});

const CUT_SHORT = /^BASIC_AUTH_PASSWORD must be set.*\n.* single quotes, .*# starts a comment\.$/;
const files: [what: string, make: () => void, said: RegExp][] = [
  ["that makes a line break", () => writeFileSync(".env", withPassword('"a\\nb"')), SINGLE_QUOTES],
  ["whose # cuts a password short", () => writeFileSync(".env", withPassword("#x")), CUT_SHORT],
  ["that is a folder", () => mkdirSync(".env"), /^\.env is a folder, not a file\.$/],
  ["in UTF-16", () => writeFileSync(".env", withPassword("x"), "utf16le"), /^\.env is not UTF-8/],
  ["in Latin-1", () => writeFileSync(".env", withPassword("ä"), "latin1"), /^\.env is not UTF-8/],
  [
    "that is not there, beside an example",
    () => writeFileSync(".env.example", ""),
    /must be set.*\n.*There is no \.env in \/.*\.\n {2}Copy \.env\.example to \.env/,
  ],
];
for (const [what, make, said] of files) {
  test(`an .env ${what} is told with its remedy`, (t) => {
    enterFolder(t);
    make();
    assertProblems({}, said);
  });
}

const starts: [what: string, files: string[], env: Variables, isFirst: boolean][] = [
  ["nothing is set", [".env.example"], { PORT: "8093", BASIC_AUTH_PASSWORD: "" }, true],
  ["there is no example", [], {}, false],
  ["there is an .env", [".env", ".env.example"], {}, false],
  ["other machines could connect", [".env.example"], { LISTEN_HOST: "0.0.0.0" }, false],
  ["there is a password", [".env.example"], { BASIC_AUTH_PASSWORD: "mine" }, false],
];
for (const [what, names, env, isFirst] of starts) {
  test(`the example ${isFirst ? "is" : "is not"} put to use where ${what}`, (t) => {
    enterFolder(t);
    for (const name of names) writeFileSync(name, "");
    assert.equal(isFirstStart(env), isFirst);
  });
}

test("a receiver on all addresses, or on one of IPv6, is asked by a URL", () => {
  assert.equal(localUrl({ host: "0.0.0.0", port: 8082 }), "http://127.0.0.1:8082/userCreated");
  assert.equal(localUrl({ host: "::1", port: 8082 }), "http://[::1]:8082/userCreated");
});

test(".env.example holds the guide's values, and each setting in it has its default", (t) => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  enterFolder(t);
  assert.deepEqual(readSettings(parse(text)), { value: GUIDE_SETTINGS });
  const all = parse(text.replace(/^#(?=[A-Z_]+=)/gm, ""));
  assert.deepEqual(readSettings({ ...all }), { value: { ...GUIDE_SETTINGS, showPayload: true } });
  const names = ["PORT", "LISTEN_HOST", "NGROK_WEB_ADDR", "SHOW_PAYLOAD"];
  assert.deepEqual(Object.keys(all), [...Object.keys(CREDENTIALS), ...names]);
  assert.match(text, /^BASIC_AUTH_PASSWORD='supersecret'$/m, "in single quotes");
});
