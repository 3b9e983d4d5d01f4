/** What is said at the start, word by word, and what a failed listen or write means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  credentialWarnings,
  describeListenError,
  describeWriteError,
  listeningText,
  nextSteps,
} from "../src/instructions.js";
import type { Settings } from "../src/settings.js";
import { SECRET } from "./support/okta.js";

const settings: Settings = {
  port: 8082,
  host: "127.0.0.1",
  username: "admin",
  password: "supersecret",
  ngrokWebAddr: "127.0.0.1:4040",
  showPayload: false,
};
const HERE = { address: "127.0.0.1", port: 8082 };
const CREATED = "user.lifecycle.create";

function assertFits(text: string): void {
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
}

test("where it listens is a URL, also with an IPv6 address", () => {
  assert.equal(listeningText(HERE), "Listening on http://127.0.0.1:8082/userCreated\n");
  const onIpv6 = listeningText({ address: "::1", port: 8082 });
  assert.equal(onIpv6, "Listening on http://[::1]:8082/userCreated\n");
});

const STEPS = `
1. Open a tunnel in another terminal:  ngrok http 8082
2. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
     URL                    shown below when the tunnel opens
     Authentication field   authorization
     Authentication secret  ${SECRET}
     Subscribe to events    User created
   Then click Save & Continue, and Verify.

No Okta org at hand? In another terminal:  npm run simulate

`;
const HIDDEN = `
     Authentication secret  hidden here; to see it:
                            node -p "'Basic ' + btoa('USERNAME:PASSWORD')"
`;
const LISTED = `
     Subscribe to events    user.lifecycle.create
                            application.user_membership.change_username
`;
const OTHER_TYPE = "application.user_membership.change_username";
const LONG_SECRET = `Basic ${"x".repeat(64)}`;
const LONG = `
     Authentication secret
       ${LONG_SECRET}
`;

const forms: [what: string, secret: string | undefined, eventTypes: string[], part: string][] = [
  ["the next steps stand in their order", SECRET, [CREATED], STEPS],
  ["a secret that may not be seen is hidden, with how to see it", undefined, [CREATED], HIDDEN],
  ["a long secret has a line of its own", LONG_SECRET, [CREATED], LONG],
  ["all event types are listed where there are more", SECRET, [CREATED, OTHER_TYPE], LISTED],
  ["an event type other than the guide's is named", SECRET, [OTHER_TYPE], `  ${OTHER_TYPE}\n`],
];
for (const [what, secret, eventTypes, part] of forms) {
  test(`${what}, within 80 columns`, () => {
    const text = nextSteps(HERE, { secret, eventTypes });
    assert.ok(text.includes(part), text);
    assertFits(text);
  });
}

test("the guide's password is warned of by its setting, and no other", () => {
  const [warning = "", ...others] = credentialWarnings(settings);
  assert.match(warning, /^Warning: BASIC_AUTH_PASSWORD is the one published in Okta's guide\./);
  assert.doesNotMatch(warning, /\.env/, "the environment may have set it");
  assertFits(warning);
  assert.deepEqual(others, []);
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

const OTHER_PORT = /^Set another PORT, such as (?!8082)\d{4}: .* 1024 .*Windows .*Hyper-V\.$/;
const OTHER_HOST = /^Leave it out, or set it to 127\.0\.0\.1\.$/;
const NOT_HERE = 'LISTEN_HOST "127.0.0.1" is not an address of this machine.';
const failures: [code: string, text: string, remedy: RegExp][] = [
  ["EACCES", "Port 8082 is not permitted to this user.", OTHER_PORT],
  ["EADDRNOTAVAIL", NOT_HERE, OTHER_HOST],
  ["ENOTFOUND", NOT_HERE, OTHER_HOST],
  ["EAI_AGAIN", NOT_HERE, OTHER_HOST],
  ["EWHATEVER", "Cannot listen: it failed.", /^Check LISTEN_HOST and PORT\.$/],
];
for (const [code, expected, remedy] of failures) {
  test(`where listening fails with ${code}, it is said what to change`, () => {
    const error = Object.assign(new Error("it failed"), { code });
    const { text, details = [] } = describeListenError(error, settings);
    assert.equal(text, expected);
    assert.match(details.join("\n"), remedy);
  });
}

const reasons: [error: unknown, reason: string][] = [
  [{ code: "EPIPE" }, "the pipe was closed"],
  [{ code: "ENOSPC" }, "the disk is full"],
  [new Error("it failed"), "it failed"],
];
for (const [error, reason] of reasons) {
  test(`where stdout cannot be written as ${reason}, it is said what that means`, () => {
    const { text, details } = describeWriteError(error);
    assert.equal(text, `Cannot write to stdout (${reason}): stopping.`);
    assert.match(details?.join() ?? "", /^Okta got no acknowledgement for users /);
  });
}
