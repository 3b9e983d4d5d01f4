/** The report of what was played: what comes next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNext } from "../../src/simulate/report.js";

const next: [url: string, what: string][] = [
  ["http://localhost:3000/userCreated", "open a tunnel: ngrok http 3000"],
  ["http://127.0.0.2/userCreated", "open a tunnel: ngrok http 127.0.0.2:80"],
  ["http://[2001:db8::7]:8082/userCreated", "open a tunnel: ngrok http [2001:db8::7]:8082"],
  ["https://example.ngrok-free.dev/userCreated", "in Okta: Save & Continue, and Verify."],
];
for (const [url, what] of next) {
  test(`what comes next after ${url}`, () => {
    assert.equal(describeNext(new URL(url)), `Next, ${what}`);
  });
}
