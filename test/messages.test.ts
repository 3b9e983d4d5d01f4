/** Printed text: what each message says, and that no input gets a control character into one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listenProblem, startText, stdoutProblem, userLine } from "../src/messages.js";
import { readSettings } from "../src/settings.js";
import { printable } from "../src/text.js";

const { settings } = readSettings({ BASIC_AUTH_USERNAME: "admin", BASIC_AUTH_PASSWORD: "supersecret" });

test("a created user's line is the guide's, and stands out only where colour is wanted", () => {
  const line = "The user john.doe@example.com has been added to the Okta org!";
  assert.equal(userLine("john.doe@example.com", false), `${line}\n`);
  assert.equal(userLine("john.doe@example.com", true), `\u001b[1;32m${line}\u001b[0m\n`);
});

const escapes = [
  ["plain text", "jörg@example.com 🦊", "jörg@example.com 🦊"],
  ["a line break", "a\r\nb", "a\\u000d\\u000ab"],
  ["an escape sequence", "\u001b]0;x\u0007", "\\u001b]0;x\\u0007"],
  ["C1 controls", "\u0080\u009b", "\\u0080\\u009b"],
  ["delete", "\u007f", "\\u007f"],
  [
    "every bidirectional format character",
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "\\u061c\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2066\\u2067\\u2068\\u2069",
  ],
  ["line and paragraph separators", "\u2028\u2029", "\\u2028\\u2029"],
  ["half of a surrogate pair", "a\ud83e", "a\\ud83e"],
] as const;
for (const [what, text, expected] of escapes) {
  test(`prints ${what} so that it cannot steer a terminal`, () => assert.equal(printable(text), expected));
}

test("a long text is cut, and a character cut in two is escaped", () => {
  assert.equal(printable("abcdef", 3), "abc…");
  assert.equal(printable("abc", 3), "abc");
  assert.equal(printable("ab🦊", 3), "ab\\ud83e…");
});

const problems = [
  ["EADDRINUSE", "Port 8082 is in use: end what uses it, or set another PORT and tell ngrok the same.\n"],
  ["EACCES", "Port 8082 needs privileges: set PORT to 1024 or more.\n"],
  ["EADDRNOTAVAIL", "HOST, 127.0.0.1, is not an address of this machine: set it to 127.0.0.1.\n"],
  ["ENOTFOUND", "HOST, 127.0.0.1, is not an address of this machine: set it to 127.0.0.1.\n"],
  ["EWHATEVER", "Cannot listen (it failed): check HOST and PORT.\n"],
] as const;
for (const [code, message] of problems) {
  test(`${code} becomes one sentence with its remedy`, () => {
    assert.equal(listenProblem(Object.assign(new Error("it failed"), { code }), settings), message);
  });
}

test("a stdout that cannot be written is told with what it means", () => {
  const means = "ends without acknowledging them; start it again.\n";
  assert.equal(
    stdoutProblem({ code: "EPIPE" }),
    `Cannot write users to stdout (what read it is gone): ${means}`,
  );
  assert.equal(stdoutProblem(new Error("disk full")), `Cannot write users to stdout (disk full): ${means}`);
});

const PASTE = `Listening on http://127.0.0.1:8082/userCreated

In Okta's Admin Console, under Workflow > Event Hooks > Create Event Hook:
  URL                    https://example.ngrok-free.app/userCreated
  Authentication field   authorization
  Authentication secret  Basic YWRtaW46c3VwZXJzZWNyZXQ=
  Subscribe to events    User created
Then verify. ngrok's inspector: http://localhost:4040

The password is the one in Okta's guide, so anybody may know it: set another
BASIC_AUTH_PASSWORD in .env before you leave a tunnel open.

`;

test("the start-up text is what to paste, in the order of Okta's form, within 80 columns", () => {
  const text = startText(settings, "https://example.ngrok-free.app", true);
  assert.equal(text, PASTE);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

test("without a tunnel the URL's line says which command opens one", () => {
  const line = (host: string) =>
    /^ {2}URL {20}(.*)$/m.exec(startText({ ...settings, host }, undefined, true))?.[1];
  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1", "::", "0.0.0.0"]) {
    assert.equal(line(host), "comes with a tunnel: ngrok http 8082");
  }
  assert.equal(line("192.0.2.7"), "comes with a tunnel: ngrok http 192.0.2.7:8082");
  assert.equal(line("2001:db8::7"), "comes with a tunnel: ngrok http [2001:db8::7]:8082");
});

test("the secret is left out where it should not be seen, and how to see it is said", () => {
  const text = startText(settings, undefined, false);
  assert.doesNotMatch(text, /YWRtaW46|supersecret/);
  assert.match(
    text,
    /^ {2}Authentication secret {2}\(start in a terminal, without redirecting stderr, to see it\)$/m,
  );
});

test("only the guide's password is warned of", () => {
  assert.doesNotMatch(startText({ ...settings, password: "supersecret2" }, undefined, true), /anybody/);
});

test("an IPv6 address is written as URLs have it, and the inspector is where the agent is", () => {
  const text = startText({ ...settings, host: "::1", ngrokWebAddr: "127.0.0.1:4041" }, undefined, true);
  assert.match(text, /^Listening on http:\/\/\[::1\]:8082\/userCreated\n/);
  assert.match(text, /http:\/\/localhost:4041\n/);
});
