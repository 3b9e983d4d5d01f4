/** Basic authentication: which Authorization headers are let in, and what is said of the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  basicAuthorization,
  createAuthorizer,
  explainAuthorization,
} from "../../src/receiver/basic-auth.js";

const GUIDE = { username: "admin", password: "supersecret" };
const TOKEN = "YWRtaW46c3VwZXJzZWNyZXQ=";
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

test("the guide's credentials make the guide's Authentication secret", () => {
  assert.equal(basicAuthorization(GUIDE), `Basic ${TOKEN}`);
});

const right: [what: string, header: string, username?: string, password?: string][] = [
  ["the guide's secret", `Basic ${TOKEN}`],
  ["an upper-case scheme", `BASIC ${TOKEN}`],
  ["blanks around the token", `  Basic  \t ${TOKEN} \t`],
  ["a token without its padding", `Basic ${TOKEN.replace("=", "")}`],
  ["a token with half of its padding", "Basic YTpiYg=", "a", "bb"],
  ["colons in the password", basic("admin:a:b::c"), "admin", "a:b::c"],
  ["UTF-8 (RFC 7617, 2.1)", "Basic dGVzdDoxMjPCow==", "test", "123£"],
  ["spaces around the password", basic("admin: x "), "admin", " x "],
  ["a token that is twice the same", basic("a:1a:1"), "a", "1a:1"],
];
for (const [what, header, username = "admin", password = "supersecret"] of right) {
  test(`lets in ${what}`, () => {
    assert.equal(createAuthorizer({ username, password })(header), true);
  });
}

const PASTE = "Paste the secret that was printed when the tunnel opened.";
const FIELD = "Set the hook's Authentication field to authorization.";
const NO_HEADER = ["no Authorization header", FIELD];
const PREFIX = ['the secret lacks its "Basic " prefix', PASTE];
const SCHEME = ["the scheme is not Basic", PASTE];
const NOTHING = ['nothing follows "Basic"', PASTE];
const TWO_PREFIXES = ['the secret begins with "Basic " twice', `Once is right. ${PASTE}`];
const TWICE = ["the secret was pasted twice", `Empty the field first. ${PASTE}`];
const QUOTES = ["the secret has quotes around it", `Leave them out. ${PASTE}`];
const FORM = ["the secret is not Base64 of username:password", PASTE];
const NO_NAME = ["the secret holds no user name before the password", PASTE];
const ECHO = "echo adds one: paste the secret that was printed.";
const LINE_BREAK = ["the secret ends in a line break", ECHO];
const DIFFERS = ["wrong user name or password", PASTE];

const wrong: [what: string, header: string | undefined, explanation: string[]][] = [
  ["no header", undefined, NO_HEADER],
  ["a blank header", " \t", NO_HEADER],
  ["the secret without its prefix", TOKEN, PREFIX],
  ["another scheme", `Bearer ${TOKEN}`, SCHEME],
  ["a scheme that starts like Basic", `Basically ${TOKEN}`, SCHEME],
  ["the scheme alone", "Basic ", NOTHING],
  ["the prefix twice", `Basic BASIC  ${TOKEN}`, TWO_PREFIXES],
  ["the secret twice", `Basic ${TOKEN}Basic ${TOKEN}`, TWICE],
  ["the token twice", `Basic ${TOKEN}${TOKEN}`, TWICE],
  ["quotes around the secret", `"Basic ${TOKEN}"`, QUOTES],
  ["quotes around the token", `Basic '${TOKEN}'`, QUOTES],
  ["credentials in clear text", "Basic admin:supersecret", FORM],
  ["Base64 with a character too many", `Basic ${TOKEN}!`, FORM],
  ["the password alone", basic("supersecret"), NO_NAME],
  ["nothing before the colon", basic(":supersecret"), NO_NAME],
  ["a line break behind the password", basic("admin:supersecret\n"), LINE_BREAK],
  ["another password of the same length", basic("admin:supersecreT"), DIFFERS],
  ["another user name", basic("Admin:supersecret"), DIFFERS],
  ["a password cut short", basic("admin:supersecre"), DIFFERS],
];
for (const [what, header, [problem, remedy]] of wrong) {
  test(`refuses ${what}, and says: ${problem}`, () => {
    assert.equal(createAuthorizer(GUIDE)(header), false);
    const explanation = explainAuthorization(header);
    assert.deepEqual([explanation.problem, explanation.remedy], [problem, remedy]);
  });
}
