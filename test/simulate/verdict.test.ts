/** The verdict on an answer: whether it is the one that Okta needs, and what is said of a wrong one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Step } from "../../src/simulate/steps.js";
import { judge, type StepAnswer } from "../../src/simulate/verdict.js";

type Expected = Step["expected"];

const CHALLENGE = "2f1c9d3e-Challenge";
const echoOf = (challenge: unknown) => JSON.stringify({ verification: challenge });

/** The verdict on an answer to the step that expects this. */
function verdictOn(expected: Expected, answer: StepAnswer) {
  const headers = { "x-okta-verification-challenge": CHALLENGE };
  const method = expected === "echo" ? "GET" : "POST";
  const { isPassed, remarks } = judge({ name: expected, method, headers, expected }, answer);
  return { isPassed, said: remarks.join("\n") };
}

const answer = (status: number, body = "", headers: Record<string, string> = {}): StepAnswer => ({
  status,
  body,
  headers: new Headers(headers),
});

test("what Okta takes passes, in each form", () => {
  const passed = { isPassed: true, said: "" };
  const amongOthers = ` {"a":1, "verification" : "${CHALLENGE}"}\n`;
  assert.deepEqual(verdictOn("echo", answer(200, amongOthers)), passed);
  assert.deepEqual(verdictOn("acknowledgement", answer(204)), passed);
});

const ECHO = /^Okta marks the hook unverified .*\n.* 200 with {"verification"/;
const wrong: [expected: Expected, what: string, answer: StepAnswer, said: RegExp][] = [
  ["echo", "no JSON", answer(200, CHALLENGE), ECHO],
  ["echo", "null", answer(200, "null"), ECHO],
  ["echo", "another case", answer(200, echoOf(CHALLENGE.toLowerCase())), ECHO],
  ["echo", "another status", answer(201, echoOf(CHALLENGE)), ECHO],
  ["acknowledgement", "a 202", answer(202), /does not retry[^]* an empty 200 or 204\.$/],
  ["acknowledgement", "a 400", answer(400), /does not retry[^]* the body/],
  ["refusal", "a 200", answer(200), /^Anybody who knows the URL can deliver\.\n.* 401/],
  ["refusal", "a 400", answer(400), /^Fix: answer 401 /],
];
for (const [expected, what, given, said] of wrong) {
  test(`${what} fails for the ${expected}`, () => {
    const verdict = verdictOn(expected, given);
    assert.equal(verdict.isPassed, false);
    assert.match(verdict.said, said);
  });
}

const OURS = '{"error":"Nothing is here: the event hook is at /userCreated."}';
const PAGE = "<html>Bad gateway</html>";
const ngrok = (code: string) => ({ "ngrok-error-code": code });
const LOGIN = /Something in front asks for a login/;
const UNREACHED = /The tunnel does not reach the receiver/;

/** Whether Okta retries a delivery that is answered so, and what is said of it. */
const anywhere: [what: string, answer: StepAnswer, retry: "once" | "never", said: RegExp][] = [
  ["a 404", answer(404, OURS), "never", /end the URL in \/userCreated/],
  ["a 500", answer(500, OURS), "once", /correct the receiver's code/],
  ["our own 503", answer(503, OURS), "once", /cannot write/],
  // What answers in the receiver's place.
  ["ngrok's closed tunnel", answer(404, PAGE, ngrok("ERR_NGROK_3200")), "never", /3200\. .*closed/],
  ["ngrok's page", answer(502, "<p>(ERR_NGROK_8012)</p>"), "once", /8012\. Start the receiver/],
  ["another code", answer(503, OURS, ngrok("ERR_NGROK_15013")), "once", /ERR_NGROK_15013\. Look/],
  // To the steps that want a refusal a 401 is right, whoever gives it.
  ["ngrok's own Basic", answer(401, "", ngrok("ERR_NGROK_3006")), "never", /3006\. .*Basic/],
  ["a dev tunnel", answer(401, "", { "www-authenticate": "tunnel" }), "never", LOGIN],
  ["a redirect", answer(308, "", { location: "/in" }), "never", /for a login.* redirect to \/in/],
  ["a redirect to nowhere", answer(307), "never", LOGIN],
  ["a 502 of localtunnel's", answer(502, PAGE), "once", UNREACHED],
  ["a 503 of localtunnel's", answer(503), "once", UNREACHED],
  ["a 530 of cloudflared's", answer(530, "error code: 1033"), "once", UNREACHED],
];
const RETRY = { once: /Okta retries once/, never: /Okta does not retry/ };
for (const [what, given, retry, said] of anywhere) {
  test(`${what} is told as that, and Okta retries ${retry}`, () => {
    const echo = verdictOn("echo", given);
    const acknowledgement = verdictOn("acknowledgement", given);
    for (const verdict of [echo, acknowledgement]) {
      assert.equal(verdict.isPassed, false);
      assert.match(verdict.said, said);
      assert.doesNotMatch(verdict.said, /\.env/);
    }
    assert.match(echo.said, /Okta marks the hook unverified/);
    assert.match(acknowledgement.said, RETRY[retry]);
  });
}

const NOT_TRUSTED = /not trusted: .*NODE_EXTRA_CA_CERTS/;
const failures: [failure: string, said: RegExp][] = [
  ["ENOTFOUND", /^The host is not found: .*NODE_USE_ENV_PROXY=1/],
  ["EAI_AGAIN", /^The host is not found: .*NODE_USE_ENV_PROXY=1/],
  ["EPROTO", /^No https is spoken there/],
  ["ERR_SSL_WRONG_VERSION_NUMBER", /^No https is spoken there/],
  ["CERT_HAS_EXPIRED", NOT_TRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", NOT_TRUSTED],
  ["TimeoutError", /^Okta retries once[^]*within 3 seconds/],
  ["ECONNRESET", /^Okta retries once[^]*check the URL: .*\(ECONNRESET\)/],
];
for (const [failure, said] of failures) {
  test(`no answer, for ${failure}, is told with its remedy`, () => {
    const verdict = verdictOn("acknowledgement", { failure });
    assert.equal(verdict.isPassed, false);
    assert.match(verdict.said, said);
  });
}
