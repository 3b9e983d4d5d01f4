/** What is said at the start, and what a failed listen means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  credentialWarnings,
  describeListenError,
  listeningText,
  nextSteps,
} from "../src/instructions.js";
import { SECRET } from "./support/okta.js";
import { GUIDE_SETTINGS } from "./support/process.js";

const HERE = { address: "127.0.0.1", port: 8082 };
const CREATED = "user.lifecycle.create";

/** The text's lines, none of which a terminal breaks. */
function fitting(text: string): string {
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  return text;
}

test("where it listens is a URL, also with an IPv6 address", () => {
  const text = listeningText({ address: "::1", port: 8082 });
  assert.equal(text, "Listening on http://[::1]:8082/userCreated\n");
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
const OTHER_TYPE = "application.user_membership.change_username";
const LISTED = `
     Subscribe to events    user.lifecycle.create
                            ${OTHER_TYPE}
`;
const LONG_SECRET = `Basic ${"x".repeat(64)}`;
const LONG = `
     Authentication secret
       ${LONG_SECRET}
     Subscribe to events    ${OTHER_TYPE}
`;

const forms: [what: string, secret: string, eventTypes: string[], part: string][] = [
  ["stand in their order", SECRET, [CREATED], STEPS],
  ["list all event types, where there are more", SECRET, [CREATED, OTHER_TYPE], LISTED],
  ["give a long secret a line of its own", LONG_SECRET, [OTHER_TYPE], LONG],
];
for (const [what, secret, eventTypes, part] of forms) {
  test(`the next steps ${what}, within 80 columns`, () => {
    const text = fitting(nextSteps(HERE, { secret, eventTypes }));
    assert.ok(text.includes(part), text);
  });
}

const PUBLISHED = /^Warning: BASIC_AUTH_PASSWORD is the one published in Okta's guide\./;
const quoted = (name: string) => new RegExp(`^Warning: the quotes around ${name} count `);
const warned: [username: string, password: string, warnings: RegExp[]][] = [
  ["admin", "supersecret", [PUBLISHED]],
  ["'admin'", '"hunter2"', [quoted("BASIC_AUTH_USERNAME"), quoted("BASIC_AUTH_PASSWORD")]],
  ["admin", "supersecret2", []],
  ["admin", '"', []],
  ["admin", `"hunter2'`, []],
  ["admin", 'hunter"2"', []],
];
for (const [username, password, expected] of warned) {
  test(`of ${username} and ${password} there are ${expected.length} warnings`, () => {
    const warnings = credentialWarnings({ ...GUIDE_SETTINGS, username, password });
    assert.equal(warnings.length, expected.length);
    for (const [index, pattern] of expected.entries()) assert.match(`${warnings[index]}`, pattern);
    // No value is shown, and none is known to come from .env.
    assert.doesNotMatch(fitting(warnings.join("")), /admin|hunter2|\.env/);
  });
}

const OTHER_PORT = /^Set another PORT, such as (?!8082)\d{4}: .*Windows .*Hyper-V\.$/;
const NOT_HERE = /^LISTEN_HOST "127\.0\.0\.1" is not /;
const failures: [code: string, text: RegExp, remedy: RegExp][] = [
  ["EACCES", /^Port 8082 is not permitted /, OTHER_PORT],
  ["EADDRNOTAVAIL", NOT_HERE, /127\.0\.0\.1\.$/],
  ["ENOTFOUND", NOT_HERE, /127\.0\.0\.1\.$/],
  ["EAI_AGAIN", NOT_HERE, /127\.0\.0\.1\.$/],
];
for (const [code, expected, remedy] of failures) {
  test(`where listening fails with ${code}, it is said what to change`, () => {
    const error = Object.assign(new Error("it failed"), { code });
    const { text, details = [] } = describeListenError(error, GUIDE_SETTINGS);
    assert.match(text, expected);
    assert.match(details.join("\n"), remedy);
  });
}
