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

const right: [expected: Expected, what: string, answer: StepAnswer, said: string][] = [
  ["echo", "the challenge", answer(200, echoOf(CHALLENGE)), ""],
  ["echo", "it among others", answer(200, ` {"a":1, "verification" : "${CHALLENGE}"}\n`), ""],
  ["acknowledgement", "an empty 200", answer(200), ""],
  ["acknowledgement", "an empty 204", answer(204), ""],
  ["acknowledgement", "a body", answer(200, "ok"), "Warning: Okta expects an empty body."],
  ["refusal", "a 401", answer(401, '{"error":"no"}'), ""],
];
for (const [expected, what, given, said] of right) {
  test(`${what} passes for the ${expected}`, () => {
    assert.deepEqual(verdictOn(expected, given), { isPassed: true, said });
  });
}

const ECHO = /^Okta marks the hook unverified .*\n.* 200 with {"verification"/;
const ENV = /^The receiver .* \.env of before/;
const ANYBODY = /^Anybody who knows the URL can deliver\.\n.* 401/;
const wrong: [expected: Expected, what: string, answer: StepAnswer, said: RegExp][] = [
  ["echo", "an empty 200", answer(200), ECHO],
  ["echo", "no JSON", answer(200, CHALLENGE), ECHO],
  ["echo", "null", answer(200, "null"), ECHO],
  ["echo", "the challenge alone", answer(200, JSON.stringify(CHALLENGE)), ECHO],
  ["echo", "the challenge in a list", answer(200, echoOf([CHALLENGE])), ECHO],
  ["echo", "another case", answer(200, echoOf(CHALLENGE.toLowerCase())), ECHO],
  ["echo", "another status", answer(201, echoOf(CHALLENGE)), ECHO],
  ["echo", "a 401", answer(401), ENV],
  ["acknowledgement", "a 401", answer(401), ENV],
  ["acknowledgement", "a 202", answer(202), /does not retry[^]* an empty 200 or 204\.$/],
  ["acknowledgement", "a 400", answer(400), /does not retry[^]* the body/],
  ["refusal", "a 200", answer(200), ANYBODY],
  ["refusal", "a 204", answer(204), ANYBODY],
  ["refusal", "a 400", answer(400), /answer 401/],
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
const TUNNEL = { "www-authenticate": "tunnel" };
const LOGIN = /Something in front asks for a login/;
const UNREACHED = /The tunnel does not reach the receiver/;

/** Whether Okta retries a delivery that is answered so, and what is said whatever the step. */
const anywhere: [what: string, answer: StepAnswer, retry: "once" | "never", said: RegExp][] = [
  ["a 403", answer(403), "never", /Fix: answer/],
  ["a 404", answer(404, OURS), "never", /end the URL in \/userCreated/],
  ["a 500", answer(500, OURS), "once", /correct the receiver's code/],
  ["our own 503", answer(503, OURS), "once", /cannot write/],
  // What answers in the receiver's place.
  ["ngrok's closed tunnel", answer(404, PAGE, ngrok("ERR_NGROK_3200")), "never", /3200: .*closed/],
  ["ngrok's 502", answer(502, PAGE, ngrok("ERR_NGROK_8012")), "once", /8012: start the receiver/],
  ["ngrok's page", answer(502, "<p>(ERR_NGROK_8012)</p>"), "once", /8012: start the receiver/],
  ["another code", answer(503, OURS, ngrok("ERR_NGROK_15013")), "once", /ERR_NGROK_15013: look/],
  ["a redirect", answer(302, "", { location: "https://example.com/in" }), "never", LOGIN],
  ["a redirect, where to", answer(308, "", { location: "/in" }), "never", /leads to \/in/],
  ["a redirect to nowhere", answer(307), "never", LOGIN],
  ["a dev tunnel's login", answer(403, PAGE, TUNNEL), "never", LOGIN],
  ["a 502 of localtunnel's", answer(502, PAGE), "once", UNREACHED],
  ["a 503 of localtunnel's", answer(503), "once", UNREACHED],
  ["a 530 of cloudflared's", answer(530, "error code: 1033"), "once", UNREACHED],
];
const RETRY = { once: /Okta retries once/, never: /Okta does not retry/ };
for (const [what, given, retry, said] of anywhere) {
  test(`${what} is told as that, and Okta retries ${retry}`, () => {
    const [echo, acknowledgement, refusal] = [
      verdictOn("echo", given),
      verdictOn("acknowledgement", given),
      verdictOn("refusal", given),
    ];
    for (const verdict of [echo, acknowledgement, refusal]) {
      assert.equal(verdict.isPassed, false);
      assert.match(verdict.said, said);
    }
    assert.match(echo.said, /Okta marks the hook unverified/);
    assert.match(acknowledgement.said, RETRY[retry]);
    assert.doesNotMatch(refusal.said, /the events are lost/);
  });
}

// To the last two steps a 401 is right, whoever gives it.
const gates: [what: string, answer: StepAnswer, said: RegExp][] = [
  ["ngrok's own Basic authentication", answer(401, "", ngrok("ERR_NGROK_3006")), /3006: .*Basic/],
  ["a dev tunnel", answer(401, "", TUNNEL), LOGIN],
];
for (const [what, given, said] of gates) {
  test(`a 401 of ${what} is told as that, and not as a wrong .env`, () => {
    for (const verdict of [verdictOn("echo", given), verdictOn("acknowledgement", given)]) {
      assert.equal(verdict.isPassed, false);
      assert.match(verdict.said, said);
      assert.doesNotMatch(verdict.said, /\.env/);
    }
  });
}

const failures: [failures: string[], said: RegExp][] = [
  [["ECONNREFUSED"], /^Nothing listens there: run npm start/],
  [["ENOTFOUND", "EAI_AGAIN"], /^The host is not found: .*NODE_USE_ENV_PROXY=1/],
  [["bad port"], /fetch refuses this port.*PORT/],
  [["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER"], /^No https is spoken there: use http:/],
  [["DEPTH_ZERO_SELF_SIGNED_CERT", "CERT_HAS_EXPIRED"], /not trusted: .*NODE_EXTRA_CA_CERTS/],
  [["UNABLE_TO_VERIFY_LEAF_SIGNATURE"], /not trusted: .*NODE_EXTRA_CA_CERTS/],
  [["UNABLE_TO_GET_ISSUER_CERT_LOCALLY"], /not trusted: .*NODE_EXTRA_CA_CERTS/],
  [["TimeoutError"], /^Okta retries once[^]*within 3 seconds/],
  [["ECONNRESET"], /^Okta retries once[^]*check the URL: .*\(ECONNRESET\)/],
];
for (const [codes, said] of failures) {
  test(`no answer, for ${codes.join(", ")}, is told with its remedy`, () => {
    for (const failure of codes) {
      const verdict = verdictOn("acknowledgement", { failure });
      assert.equal(verdict.isPassed, false);
      assert.match(verdict.said, said);
    }
  });
}
