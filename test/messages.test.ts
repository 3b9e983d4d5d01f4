/** Printed text: what each message says, and that no input gets a control character into one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeListenError,
  describeWriteError,
  passwordWarning,
  startText,
} from "../src/messages.js";
import type { Settings } from "../src/settings.js";
import { indent, printable } from "../src/text.js";
import { SECRET } from "./support/okta.js";

const settings: Settings = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
};

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
  test(`prints ${what} so that it cannot steer a terminal`, () => {
    assert.equal(printable(text), expected);
  });
}

test("a long text is cut, and a character cut in two is escaped", () => {
  assert.equal(indent("x".repeat(401)), `  ${"x".repeat(400)}…`);
  assert.equal(indent("x".repeat(400)), `  ${"x".repeat(400)}`);
  assert.equal(printable("abcdef", 3), "abc…");
  assert.equal(printable("abc", 3), "abc");
  assert.equal(printable("ab🦊", 3), "ab\\ud83e…");
});

const word = (length: number) => "x".repeat(length);
const paragraphs = [
  ["a short one", "say what to do", "  say what to do"],
  ["one that just fits", `${word(38)} ${word(39)}`, `  ${word(38)} ${word(39)}`],
  ["one that does not fit", `${word(39)} ${word(39)}`, `  ${word(39)}\n  ${word(39)}`],
  ["a URL longer than a line", `see ${word(90)} now`, `  see\n  ${word(90)}\n  now`],
  ["spaces that do not break", `${word(40)}\u00a0${word(50)}`, `  ${word(40)}\u00a0${word(50)}`],
  ["a URL alone", word(90), `  ${word(90)}`],
  ["hostile text", "a\n\u001b[2J\u202eb", "  a\\u000a\\u001b[2J\\u202eb"],
] as const;
for (const [what, text, expected] of paragraphs) {
  test(`indents ${what}, within 80 columns where it can`, () => {
    assert.equal(indent(text), expected);
  });
}

const problems = [
  ["EADDRINUSE", "Port 8082 is in use: stop that program, or set another PORT.\n"],
  ["EACCES", "Port 8082 is not permitted here: set another PORT.\n"],
  ["EADDRNOTAVAIL", 'HOST "127.0.0.1" is not an address of this machine: use 127.0.0.1.\n'],
  ["ENOTFOUND", 'HOST "127.0.0.1" is not an address of this machine: use 127.0.0.1.\n'],
  ["EAI_AGAIN", 'HOST "127.0.0.1" is not an address of this machine: use 127.0.0.1.\n'],
  ["EWHATEVER", "Cannot listen: check HOST and PORT.\n  it failed\n"],
] as const;
for (const [code, message] of problems) {
  test(`${code} becomes a sentence with its remedy`, () => {
    const error = Object.assign(new Error("it failed"), { code });
    assert.equal(describeListenError(error, settings), message);
  });
}

test("a stdout that cannot be written is told with what it means", () => {
  const details = ["Okta got no acknowledgement for users that are not printed."];
  const closed = describeWriteError({ code: "EPIPE" });
  assert.deepEqual(closed, {
    text: "Cannot write to stdout (the pipe was closed): stopping.",
    details,
    color: "red",
  });
  const full = describeWriteError({ code: "ENOSPC" });
  assert.equal(full.text, "Cannot write to stdout (the disk is full): stopping.");
  const other = describeWriteError(new Error("it failed"));
  assert.equal(other.text, "Cannot write to stdout (it failed): stopping.");
});

const CLOSED = `Listening on http://127.0.0.1:8082/userCreated

1. Open a tunnel in another terminal:  ngrok http 8082
2. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
     URL                    printed here when the tunnel is open
     Authentication field   authorization
     Authentication secret  Basic YWRtaW46c3VwZXJzZWNyZXQ=
     Subscribe to events    User created
   Then click Save & Continue, and Verify.

No Okta org at hand? In another terminal:  npm run simulate

`;

const LONG_URL = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev";
const OPEN = `Listening on http://127.0.0.1:8082/userCreated

In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
  URL
    ${LONG_URL}/userCreated
  Authentication field   authorization
  Authentication secret  Basic YWRtaW46c3VwZXJzZWNyZXQ=
  Subscribe to events    User created
Then click Save & Continue, and Verify.

No Okta org at hand? In another terminal:  npm run simulate

`;

test("the start-up text is what to do next, in its order, within 80 columns", () => {
  assert.equal(startText(settings, undefined, SECRET), CLOSED);
  assert.equal(startText(settings, LONG_URL, SECRET), OPEN);
  for (const line of `${CLOSED}${OPEN}`.split("\n")) assert.ok(line.length <= 80, line);
});

test("a secret that is too long for its line stands alone on one", () => {
  const text = startText(settings, undefined, `Basic ${"x".repeat(64)}`);
  assert.match(text, /^ {5}Authentication secret\n {7}Basic \S{64}$/m);
});

test("the secret is left out where it should not be seen, and it is said where it is", () => {
  const text = startText(settings);
  assert.doesNotMatch(text, /YWRtaW46|supersecret/);
  assert.match(text, /^ {5}Authentication secret {2}hidden: stderr is not a terminal$/m);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

test("an IPv6 address is written as URLs have it", () => {
  const text = startText({ ...settings, host: "::1" });
  assert.match(text, /^Listening on http:\/\/\[::1\]:8082\/userCreated\n/);
});

test("only the guide's password is warned of, with a fresh one to paste", () => {
  const warnings = [1, 2].map(() => passwordWarning(settings, true) ?? "");
  const suggestions = warnings.map((text) => /^ {2}BASIC_AUTH_PASSWORD=([\w-]{16})$/m.exec(text));
  assert.ok(suggestions[0]?.[1]);
  assert.notEqual(suggestions[0][1], suggestions[1]?.[1]);
  for (const line of warnings.join("\n").split("\n")) assert.ok(line.length <= 80, line);
  assert.equal(passwordWarning({ ...settings, password: "supersecret2" }, true), undefined);
});

test("no password is suggested where others may read it", () => {
  const warning = passwordWarning(settings, false) ?? "";
  assert.match(warning, /^ {2}BASIC_AUTH_PASSWORD=\.\.\.$/m);
});
