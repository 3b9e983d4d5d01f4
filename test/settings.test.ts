/** Settings: what `.env` and the environment mean, and that everything wrong with them is told at once. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "dotenv";
import { isFirstStart, localUrl, readSettings } from "../src/settings.js";
import { folder } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const CREDENTIALS = { BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" };
const DEFAULTS = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
  showPayload: false,
};

/** Goes into a new folder for the time of the test. */
function enterFolder(t: Ends): void {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder(t));
}

type Variables = Record<string, string>;

const good: [what: string, env: Variables, expected: Partial<typeof DEFAULTS>][] = [
  ["the defaults", {}, {}],
  ["empty as missing", { PORT: "", LISTEN_HOST: "", NGROK_WEB_ADDR: "", SHOW_PAYLOAD: "" }, {}],
  ["any free port", { PORT: "0" }, { port: 0 }],
  ["an IPv6 address", { LISTEN_HOST: "::1" }, { host: "::1" }],
  ["an agent elsewhere", { NGROK_WEB_ADDR: "localhost:4041" }, { ngrokWebAddr: "localhost:4041" }],
  ["an agent on IPv6", { NGROK_WEB_ADDR: "[::1]:4040" }, { ngrokWebAddr: "[::1]:4040" }],
  ["a password of any text", { BASIC_AUTH_PASSWORD: ` a:b#"c ` }, { password: ` a:b#"c ` }],
  ["SHOW_PAYLOAD 1 as on", { SHOW_PAYLOAD: "1" }, { showPayload: true }],
  ["SHOW_PAYLOAD true as on", { SHOW_PAYLOAD: "true" }, { showPayload: true }],
  ["SHOW_PAYLOAD 0 as off", { SHOW_PAYLOAD: "0" }, {}],
  ["SHOW_PAYLOAD false as off", { SHOW_PAYLOAD: "false" }, {}],
  ["nothing of what shells set", { USER: "me", PASSWORD: "mine", HOST: "x86_64-linux-gnu" }, {}],
];
for (const [what, env, expected] of good) {
  test(`reads ${what}`, (t) => {
    enterFolder(t);
    const settings = readSettings({ ...CREDENTIALS, ...env });
    assert.deepEqual(settings, { value: { ...DEFAULTS, ...expected } });
  });
}

const PORT = "PORT must be a whole number from 0 to 65535, not";
const ADDRESS = "NGROK_WEB_ADDR must be host:port, not";
const BREAK = "must not contain a line break.";
const CONTROL = "must not contain a control character.";
const USE_SINGLE = "  In .env, double quotes make one of \\n and \\r: use single quotes.";
const bad: [env: Variables, ...problems: string[]][] = [
  [{ PORT: "8082x" }, `${PORT} "8082x".`],
  [{ PORT: "65536" }, `${PORT} "65536".`],
  [{ PORT: " 8082" }, `${PORT} " 8082".`],
  [{ PORT: "9".repeat(500) }, `${PORT} "${"9".repeat(80)}…".`],
  [{ NGROK_WEB_ADDR: "4040" }, `${ADDRESS} "4040".`],
  [{ NGROK_WEB_ADDR: "http://localhost:4040" }, `${ADDRESS} "http://localhost:4040".`],
  [{ NGROK_WEB_ADDR: "localhost:99999" }, `${ADDRESS} "localhost:99999".`],
  [{ NGROK_WEB_ADDR: "localhost:0" }, `${ADDRESS} "localhost:0".`],
  [{ NGROK_WEB_ADDR: "me@localhost:4040" }, `${ADDRESS} "me@localhost:4040".`],
  [{ NGROK_WEB_ADDR: "\u001b[2J:4040" }, `${ADDRESS} "\\u001b[2J:4040".`],
  [{ SHOW_PAYLOAD: "yes" }, 'SHOW_PAYLOAD must be 1 or true, 0 or false, not "yes".'],
  [{ BASIC_AUTH_USERNAME: "a:b" }, "BASIC_AUTH_USERNAME must not contain a colon."],
  [{ BASIC_AUTH_PASSWORD: "hunter2\n" }, `BASIC_AUTH_PASSWORD ${BREAK}`, USE_SINGLE],
  [{ BASIC_AUTH_PASSWORD: "hunter\t2" }, `BASIC_AUTH_PASSWORD ${CONTROL}`],
  [{ BASIC_AUTH_PASSWORD: "hunter2\u0085" }, `BASIC_AUTH_PASSWORD ${CONTROL}`],
];
for (const [env, ...problems] of bad) {
  test(`refuses ${JSON.stringify(env)}`, (t) => {
    enterFolder(t);
    assert.deepEqual(readSettings({ ...CREDENTIALS, ...env }), { problems });
  });
}

/** Puts a password into `.env` as it stands there. */
const withPassword = (text: string) => `BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD=${text}\n`;

const files: [what: string, content: string, password: string][] = [
  ["double quotes", withPassword('"a#b"'), "a#b"],
  ["single quotes, in which nothing is special", withPassword("'a#$A\\n\"'"), 'a#$A\\n"'],
  ["no quotes, where a # starts a comment", withPassword("a # b"), "a"],
  ["Windows' line ends and a byte order mark", `\ufeff${withPassword("'ä'\r")}`, "ä"],
];
for (const [what, content, password] of files) {
  test(`reads a password from .env with ${what}`, (t) => {
    enterFolder(t);
    writeFileSync(".env", content);
    assert.deepEqual(readSettings({}), { value: { ...DEFAULTS, username: "me", password } });
  });
}

test("the environment wins, but an empty variable does not hide what .env has", (t) => {
  enterFolder(t);
  writeFileSync(".env", `${withPassword("mine")}PORT=1\nLISTEN_HOST=::1\n`);
  assert.deepEqual(readSettings({ PORT: "2", LISTEN_HOST: "", BASIC_AUTH_PASSWORD: "" }), {
    value: { ...DEFAULTS, port: 2, host: "::1", username: "me", password: "mine" },
  });
});

test("a line break that double quotes in .env made is told with its remedy", (t) => {
  enterFolder(t);
  writeFileSync(".env", withPassword('"pass\\new"'));
  const problems = [`BASIC_AUTH_PASSWORD ${BREAK}`, USE_SINGLE];
  assert.deepEqual(readSettings({}), { problems });
});

test("a password that a # in .env cuts short is told with its remedy", (t) => {
  enterFolder(t);
  writeFileSync(".env", withPassword("#x"));
  const settings = readSettings({});
  assert.ok("problems" in settings);
  const [problem, remedy = "", ...others] = settings.problems;
  assert.equal(problem, "BASIC_AUTH_PASSWORD must be set, and not empty.");
  assert.match(remedy, /^ {2}.*in single quotes: an unquoted # starts a comment\.$/);
  assert.deepEqual(others, []);
});

const NOT_UTF8 = ".env is not UTF-8: save it as UTF-8.";
const utf16 = Buffer.from(`\ufeff${withPassword("x")}`, "utf16le");
const bigEndian = Buffer.from(utf16).swap16();
const unreadable: [what: string, make: () => void, problem: string][] = [
  ["a folder", () => mkdirSync(".env"), ".env is a folder, not a file."],
  ["UTF-16, as PowerShell writes it", () => writeFileSync(".env", utf16), NOT_UTF8],
  ["UTF-16 of the other order", () => writeFileSync(".env", bigEndian), NOT_UTF8],
  ["Latin-1", () => writeFileSync(".env", withPassword("ä"), "latin1"), NOT_UTF8],
];
for (const [what, make, problem] of unreadable) {
  test(`an .env that is ${what} is told apart from a missing one`, (t) => {
    enterFolder(t);
    make();
    assert.deepEqual(readSettings({}), { problems: [problem] });
  });
}

const starts: [what: string, files: string[], env: Variables, isFirst: boolean][] = [
  ["nothing is set", [".env.example"], { PORT: "8093", BASIC_AUTH_PASSWORD: "" }, true],
  ["there is no example", [], {}, false],
  ["there is an .env", [".env", ".env.example"], {}, false],
  ["other machines could connect", [".env.example"], { LISTEN_HOST: "0.0.0.0" }, false],
  ["there is a user name", [".env.example"], { BASIC_AUTH_USERNAME: "me" }, false],
  ["there is a password", [".env.example"], { BASIC_AUTH_PASSWORD: "mine" }, false],
];
for (const [what, names, env, isFirst] of starts) {
  test(`the example ${isFirst ? "is" : "is not"} put to use where ${what}`, (t) => {
    enterFolder(t);
    for (const name of names) writeFileSync(name, "");
    assert.equal(isFirstStart(env), isFirst);
  });
}

const hosts: [host: string, url: string][] = [
  ["127.0.0.1", "http://127.0.0.1:8082/userCreated"],
  ["0.0.0.0", "http://127.0.0.1:8082/userCreated"],
  ["2001:db8::7", "http://[2001:db8::7]:8082/userCreated"],
];
for (const [host, url] of hosts) {
  test(`a receiver on ${host} is asked as ${url}`, () => {
    assert.equal(localUrl({ host, port: 8082 }), url);
  });
}

test(".env.example holds the guide's values, and each setting in it has its default", (t) => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  enterFolder(t);
  assert.deepEqual(readSettings(parse(text)), { value: DEFAULTS });
  const all = parse(text.replace(/^#(?=[A-Z_]+=)/gm, ""));
  assert.deepEqual(readSettings({ ...all }), { value: { ...DEFAULTS, showPayload: true } });
  const names = ["PORT", "LISTEN_HOST", "NGROK_WEB_ADDR", "SHOW_PAYLOAD"];
  assert.deepEqual(Object.keys(all), [...Object.keys(CREDENTIALS), ...names]);
  assert.match(text, /^BASIC_AUTH_PASSWORD='supersecret'$/m, "in single quotes");
});
