/** Basic authentication: which Authorization headers are let in, and what is said of the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { basicAuthorization, createMistakeFinder } from "../../src/receiver/basic-auth.js";

const GUIDE = { username: "admin", password: "supersecret" };
const TOKEN = "YWRtaW46c3VwZXJzZWNyZXQ=";
const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");

test("the guide's credentials make the guide's Authentication secret", () => {
  assert.equal(basicAuthorization(GUIDE), `Basic ${TOKEN}`);
});

const right: [what: string, header: string, username?: string, password?: string][] = [
  ["as in the guide", `Basic ${TOKEN}`],
  ["a lower-case scheme", `basic ${TOKEN}`],
  ["an upper-case scheme", `BASIC ${TOKEN}`],
  ["several blanks after the scheme", `Basic  \t ${TOKEN}`],
  ["blanks around it all", `  Basic ${TOKEN} \t`],
  ["a token without its padding", `Basic ${TOKEN.replace("=", "")}`],
  [
    "a token that lacks one of two",
    `Basic ${base64("admin:supersecre").replace("==", "=")}`,
    "admin",
    "supersecre",
  ],
  ["colons in the password", `Basic ${base64("admin:a:b::c")}`, "admin", "a:b::c"],
  ["UTF-8 (RFC 7617, 2.1)", "Basic dGVzdDoxMjPCow==", "test", "123£"],
  ["an emoji in the user name", `Basic ${base64("🦊:ü")}`, "🦊", "ü"],
  ["spaces around the password", `Basic ${base64("admin: x ")}`, "admin", " x "],
  ["a password that is twice the same", `Basic ${base64("a:1a:1")}`, "a", "1a:1"],
];
for (const [what, header, username = "admin", password = "supersecret"] of right) {
  test(`lets in ${what}`, () => {
    assert.equal(createMistakeFinder({ username, password })(header), undefined);
  });
}

const PASTE = "Paste the secret that the receiver prints in a terminal.";
const NO_HEADER = [
  "no Authorization header",
  "Set the hook's Authentication field to authorization.",
];
const PREFIX = ['the secret lacks its "Basic " prefix', PASTE];
const SCHEME = ["the scheme is not Basic", PASTE];
const NOTHING = ['nothing follows "Basic"', PASTE];
const TWO_PREFIXES = ['the secret begins with "Basic " twice', `Once is right. ${PASTE}`];
const TWICE = ["the secret was pasted twice", `Empty the field first. ${PASTE}`];
const QUOTES = ["the secret has quotes around it", `Leave them out. ${PASTE}`];
const FORM = ["the secret is not Base64 of username:password", PASTE];
const NO_NAME = ["the secret holds no user name before the password", PASTE];
const LINE_BREAK = ["the secret ends in a line break", `echo adds one. ${PASTE}`];
const DIFFERS = ["wrong user name or password", PASTE];

const wrong: [what: string, header: string | undefined, mistake: string[]][] = [
  ["no header", undefined, NO_HEADER],
  ["an empty header", "", NO_HEADER],
  ["a blank header", " \t", NO_HEADER],
  ["the secret without its prefix", TOKEN, PREFIX],
  ["the bare password", "supersecret", PREFIX],
  ["the user name and password alone", "admin:supersecret", PREFIX],
  ["another scheme", `Bearer ${TOKEN}`, SCHEME],
  ["a scheme that starts like Basic", `Basically ${TOKEN}`, SCHEME],
  ["the scheme alone", "Basic", NOTHING],
  ["the scheme and a space", "Basic ", NOTHING],
  ["the prefix twice", `Basic Basic ${TOKEN}`, TWO_PREFIXES],
  ["the prefix twice, in other letters", `basic BASIC  ${TOKEN}`, TWO_PREFIXES],
  ["the secret twice", `Basic ${TOKEN}Basic ${TOKEN}`, TWICE],
  ["the secret twice, with a blank between", `Basic ${TOKEN} Basic ${TOKEN}`, TWICE],
  ["the token twice", `Basic ${TOKEN}${TOKEN}`, TWICE],
  ["the token twice, with a blank between", `Basic ${TOKEN} ${TOKEN}`, TWICE],
  ["quotes around the header", `"Basic ${TOKEN}"`, QUOTES],
  ["single quotes around the header", `'Basic ${TOKEN}'`, QUOTES],
  ["quotes around the token", `Basic "${TOKEN}"`, QUOTES],
  ["credentials in clear text", "Basic admin:supersecret", FORM],
  ["Base64 with a character too many", `Basic ${TOKEN}!`, FORM],
  ["Base64 with padding in its middle", "Basic YWRtaW46=c3VwZXJzZWNyZXQ=", FORM],
  ["Base64 of another alphabet", `Basic ${base64("admin:~~~???").replace(/[+/]/g, "_")}`, FORM],
  ["two tokens", `Basic ${TOKEN} YWRtaW4=`, FORM],
  ["a blank within the token", `Basic ${TOKEN.replace("S", " S").replace("c3V", "c3 V")}`, FORM],
  ["Base64 of the password alone", `Basic ${base64("supersecret")}`, NO_NAME],
  ["Base64 of nothing before the colon", `Basic ${base64(":supersecret")}`, NO_NAME],
  ["empty halves", `Basic ${base64(":")}`, NO_NAME],
  ["a line feed behind the password", `Basic ${base64("admin:supersecret\n")}`, LINE_BREAK],
  ["a CR behind the password", `Basic ${base64("admin:supersecret\r")}`, LINE_BREAK],
  ["a CR and LF behind the password", `Basic ${base64("admin:supersecret\r\n")}`, LINE_BREAK],
  ["another password", `Basic ${base64("admin:supersecreT")}`, DIFFERS],
  ["another user name", `Basic ${base64("Admin:supersecret")}`, DIFFERS],
  ["a password cut short", `Basic ${base64("admin:supersecre")}`, DIFFERS],
  ["a password with a space behind it", `Basic ${base64("admin:supersecret ")}`, DIFFERS],
  ["a password with a NUL behind it", `Basic ${base64("admin:supersecret\0")}`, DIFFERS],
  [
    "a password and much more behind it",
    `Basic ${base64(`admin:supersecret${"\0".repeat(99)}`)}`,
    DIFFERS,
  ],
  ["the colon elsewhere", `Basic ${base64("adm:insupersecret")}`, DIFFERS],
  ["halves swapped", `Basic ${base64("supersecret:admin")}`, DIFFERS],
  ["a megabyte", `Basic ${base64(`admin:${"x".repeat(1_000_000)}`)}`, DIFFERS],
];
for (const [what, header, [problem, remedy]] of wrong) {
  test(`refuses ${what}`, () => {
    assert.deepEqual(createMistakeFinder(GUIDE)(header), { problem, remedy });
  });
}
