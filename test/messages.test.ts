/** What is said at the start, word by word, and what a failed listen or write means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  credentialWarnings,
  describeListenError,
  describeWriteError,
  listeningText,
  nextSteps,
  tunnelIsOpen,
  tunnelOpened,
} from "../src/messages.js";
import type { Settings } from "../src/settings.js";
import { wrap } from "../src/text.js";
import { SECRET } from "./support/okta.js";

const settings: Settings = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
  showPayload: false,
};

function assertFits(text: string): void {
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
}

test("where it listens is a URL, also with an IPv6 address", () => {
  assert.equal(listeningText(settings), "Listening on http://127.0.0.1:8082/userCreated\n");
  const onIpv6 = listeningText({ ...settings, host: "::1" });
  assert.equal(onIpv6, "Listening on http://[::1]:8082/userCreated\n");
});

const STEPS = `
1. Open a tunnel in another terminal:  ngrok http 8082
2. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
     URL                    shown below when the tunnel opens
     Authentication field   authorization
     Authentication secret  Basic YWRtaW46c3VwZXJzZWNyZXQ=
     Subscribe to events    User created
   Then click Save & Continue, and Verify.

No Okta org at hand? In another terminal:  npm run simulate

`;

test("the next steps are in their order, within 80 columns", () => {
  assert.equal(nextSteps(settings, SECRET), STEPS);
  assertFits(STEPS);
});

test("a secret that is too long for its line stands alone on one", () => {
  const text = nextSteps(settings, `Basic ${"x".repeat(64)}`);
  assert.match(text, /^ {5}Authentication secret\n {7}Basic \S{64}$/m);
  assertFits(text);
});

test("the secret is left out where it should not be seen, and it is said how to see it", () => {
  const text = nextSteps(settings, undefined);
  assert.doesNotMatch(text, /YWRtaW46|supersecret/);
  assert.match(text, /Authentication secret +hidden: start the receiver in a terminal to see it$/m);
  assertFits(text);
});

test("what to enter in Okta's form stands together, with the URL alone on its line", () => {
  const url = "https://unsealable-nonimpedimental-jacquline.ngrok-free.dev/userCreated";
  const { text, details = [], color } = tunnelOpened(url, SECRET);
  assert.equal(
    text,
    "The tunnel is open. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:",
  );
  assert.equal(color, undefined);
  assert.deepEqual(details, [
    "URL",
    `  ${url}`,
    "Authentication field   authorization",
    `Authentication secret  ${SECRET}`,
    "Subscribe to events    User created",
    "Then click Save & Continue, and Verify.",
  ]);
  assertFits(details.map(wrap).join("\n"));
  assert.doesNotMatch(tunnelOpened(url, undefined).details?.join("\n") ?? "", /YWRtaW46/);
});

test("where that stands there already, an open tunnel is told by its URL alone", () => {
  const url = "https://example.ngrok-free.app/userCreated";
  const text = "The tunnel is open. The event hook's URL:";
  assert.deepEqual(tunnelIsOpen(url), { text, details: [url] });
});

test("the guide's password is warned of, and no other", () => {
  const [warning = "", ...others] = credentialWarnings(settings);
  assert.match(warning, /^Warning: the password in \.env is published in Okta's guide\. .*\n\n$/s);
  assert.deepEqual(others, []);
  assertFits(warning);
  assert.deepEqual(credentialWarnings({ ...settings, password: "supersecret2" }), []);
});

test("quotes that belong to a value are warned of, and the value is not shown", () => {
  const quoted = { ...settings, username: "'admin'", password: '"hunter2"' };
  const [first = "", second = "", ...others] = credentialWarnings(quoted);
  assert.match(first, /^Warning: the quotes around BASIC_AUTH_USERNAME count as part of it\. /);
  assert.match(second, /^Warning: the quotes around BASIC_AUTH_PASSWORD count as part of it\. /);
  assert.doesNotMatch(first + second, /admin|hunter2/);
  assert.deepEqual(others, []);
  assertFits(first + second);
  for (const password of ['"', `"hunter2'`, 'hunter"2"', '"hunter2']) {
    assert.deepEqual(credentialWarnings({ ...settings, password }), [], password);
  }
});

const STOP_IT = "Stop that program, or set another PORT in .env.";
const OTHER_HOST = "Leave it out, or set it to 127.0.0.1.";
const NOT_HERE = 'LISTEN_HOST "127.0.0.1" is not an address of this machine.';
const problems: [code: string, text: string, remedy: string][] = [
  ["EADDRINUSE", "Port 8082 is in use: perhaps the receiver already runs.", STOP_IT],
  ["EACCES", "Port 8082 is not permitted to this user.", "Set another PORT in .env, such as 8082."],
  ["EADDRNOTAVAIL", NOT_HERE, OTHER_HOST],
  ["ENOTFOUND", NOT_HERE, OTHER_HOST],
  ["EAI_AGAIN", NOT_HERE, OTHER_HOST],
  ["EWHATEVER", "Cannot listen: it failed.", "Check LISTEN_HOST and PORT."],
];
for (const [code, text, remedy] of problems) {
  test(`${code} becomes a sentence with its remedy`, () => {
    const error = Object.assign(new Error("it failed"), { code });
    assert.deepEqual(describeListenError(error, settings), {
      text,
      details: [remedy],
      color: "red",
    });
  });
}

test("a stdout that cannot be written is told with what it means", () => {
  const details = ["Okta got no acknowledgement for users that are not printed."];
  assert.deepEqual(describeWriteError({ code: "EPIPE" }), {
    text: "Cannot write to stdout (the pipe was closed): stopping.",
    details,
    color: "red",
  });
  const full = describeWriteError({ code: "ENOSPC" });
  assert.equal(full.text, "Cannot write to stdout (the disk is full): stopping.");
  const other = describeWriteError(new Error("it failed"));
  assert.equal(other.text, "Cannot write to stdout (it failed): stopping.");
});
