/** The verdict on an answer: whether it is the one that Okta needs, and every remark on it, word by word. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TOO_LARGE } from "../../src/http-client.js";
import type { Step } from "../../src/simulate/steps.js";
import { ANSWER_LIMIT_MS, judge, type StepAnswer } from "../../src/simulate/verdict.js";

type Expected = Step["expected"];

const CHALLENGE = "2f1c9d3e-Challenge";
const echoOf = (challenge: string) => JSON.stringify({ verification: challenge });

const post = { method: "POST", headers: {}, body: "{}" } as const;
const STEPS: Record<Expected, Step> = {
  echo: {
    name: "verification",
    method: "GET",
    headers: { "x-okta-verification-challenge": CHALLENGE },
    expected: "echo",
  },
  acknowledgement: { ...post, name: "delivery", expected: "acknowledgement" },
  refusal: { ...post, name: "delivery without credentials", expected: "refusal" },
};

const UNVERIFIED = "Okta marks the hook unverified and delivers nothing to it.";
const RETRIED = "Okta retries once; then the events are lost.";
const LOST = "Okta does not retry: the events are lost.";
const OPEN = "Anybody who knows the URL can deliver.";
const WARNING = "Warning: Okta expects an empty body.";

const ECHO = 'Fix: answer 200 with {"verification": "<the challenge>"}.';
const ACKNOWLEDGE = "Fix: answer with an empty 200 or 204.";
const REFUSE = "Fix: answer 401 to wrong or missing credentials.";
const LOOK_UP = "Fix: look up ERR_NGROK_3004: ngrok answered.";
const BODY = "Fix: correct the body: the receiver's console says what is wrong.";
const PATH = "Fix: end the URL in /userCreated.";
const CODE = "Fix: correct the receiver's code: its console says where.";
const REDIRECT = "Fix: use the URL that it redirects to: Okta does not follow.";
const CLOSED = "Fix: the tunnel is closed: start ngrok again.";
const NO_UPSTREAM = "Fix: start the receiver, on the port that ngrok forwards to.";
const LATE = "Fix: answer completely within 3 seconds, Okta's limit.";
const failedWith = (code: string) => `Fix: check the URL: the connection failed (${code}).`;

/** What is said first of a 401. */
const ENV = "The receiver may still run with the .env of before: start it again.";

type Row = [what: string, answer: StepAnswer, remarks: string[]];

/** The answers that pass. */
const RIGHT: Record<Expected, Row[]> = {
  echo: [
    ["the challenge", { status: 200, body: echoOf(CHALLENGE) }, []],
    [
      "the challenge among other fields",
      { status: 200, body: ` {"a": 1, "verification" : "${CHALLENGE}"}\n` },
      [],
    ],
  ],
  acknowledgement: [
    ["an empty 200", { status: 200, body: "" }, []],
    ["an empty 204", { status: 204, body: "" }, []],
    ["a 200 with a body", { status: 200, body: "ok" }, [WARNING]],
    ["a 200 with no more than a line break", { status: 200, body: "\n" }, [WARNING]],
  ],
  refusal: [
    ["an empty 401", { status: 401, body: "" }, []],
    ["a 401 with a body", { status: 401, body: '{"error":"no"}' }, []],
  ],
};

/** The answers that fail for one kind of step alone. */
const WRONG: Record<Expected, Row[]> = {
  echo: [
    ["an empty 200", { status: 200, body: "" }, [UNVERIFIED, ECHO]],
    ["an empty 204", { status: 204, body: "" }, [UNVERIFIED, ECHO]],
    ["no verification", { status: 200, body: "{}" }, [UNVERIFIED, ECHO]],
    ["another challenge", { status: 200, body: echoOf("another") }, [UNVERIFIED, ECHO]],
    [
      "the challenge in another case",
      { status: 200, body: echoOf(CHALLENGE.toLowerCase()) },
      [UNVERIFIED, ECHO],
    ],
    [
      "the challenge in a list",
      { status: 200, body: `{"verification":["${CHALLENGE}"]}` },
      [UNVERIFIED, ECHO],
    ],
    ["the challenge alone", { status: 200, body: JSON.stringify(CHALLENGE) }, [UNVERIFIED, ECHO]],
    ["null", { status: 200, body: "null" }, [UNVERIFIED, ECHO]],
    [
      "the challenge in what is not JSON",
      { status: 200, body: `{"verification":${CHALLENGE}}` },
      [UNVERIFIED, ECHO],
    ],
    [
      "the challenge with another status",
      { status: 201, body: echoOf(CHALLENGE) },
      [UNVERIFIED, ECHO],
    ],
    ["a 401", { status: 401, body: "" }, [ENV, UNVERIFIED]],
    ["a 400", { status: 400, body: "" }, [UNVERIFIED, ECHO]],
  ],
  acknowledgement: [
    ["a 401", { status: 401, body: "" }, [ENV, LOST]],
    ["a 201", { status: 201, body: "" }, [LOST, ACKNOWLEDGE]],
    ["a 400", { status: 400, body: "" }, [LOST, BODY]],
  ],
  refusal: [
    ["an empty 200", { status: 200, body: "" }, [OPEN, REFUSE]],
    ["an empty 204", { status: 204, body: "" }, [OPEN, REFUSE]],
    ["a 400", { status: 400, body: "" }, [REFUSE]],
  ],
};

/** The answers that fail for each kind: what becomes of a delivery, and the fix where it is one for all. */
const WRONG_ANYWHERE: [what: string, answer: StepAnswer, fate: string, fix?: string][] = [
  ["a 202", { status: 202, body: "" }, LOST],
  ["a status just below the redirects", { status: 299, body: "" }, LOST],
  ["the first redirect", { status: 300, body: "" }, LOST, REDIRECT],
  ["a temporary redirect", { status: 302, body: "" }, LOST, REDIRECT],
  ["a permanent redirect", { status: 308, body: "" }, LOST, REDIRECT],
  ["the last redirect", { status: 399, body: "" }, LOST, REDIRECT],
  ["a 403", { status: 403, body: "" }, LOST],
  ["a 404", { status: 404, body: "" }, LOST, PATH],
  ["the last status of a client's mistake", { status: 499, body: "" }, LOST],
  ["a 500", { status: 500, body: "" }, RETRIED, CODE],
  ["a 503 with a body", { status: 503, body: "later" }, RETRIED],
  ["ngrok's 404", { status: 404, body: "", code: "ERR_NGROK_3200" }, LOST, CLOSED],
  ["ngrok's 502", { status: 502, body: "", code: "ERR_NGROK_8012" }, RETRIED, NO_UPSTREAM],
  ["another code of ngrok's", { status: 502, code: "ERR_NGROK_3004" }, RETRIED, LOOK_UP],
  ["that code with a 404", { status: 404, code: "ERR_NGROK_3004" }, LOST, LOOK_UP],
  ["no whole answer in time", { code: "TimeoutError" }, RETRIED, LATE],
  [
    "an answer without end",
    { code: TOO_LARGE },
    RETRIED,
    "Fix: answer with less: this is over 1 MB.",
  ],
  ["a hang-up", { code: "ECONNRESET" }, RETRIED, failedWith("ECONNRESET")],
];

/** Where no receiver was reached: what to do, and nothing of what Okta would make of it. */
const UNREACHED: [what: string, code: string, remark: string][] = [
  [
    "nobody listens",
    "ECONNREFUSED",
    "Nothing listens there: run npm start, or use the URL that it printed.",
  ],
  ["the host is unknown", "ENOTFOUND", "There is no such host: check the URL."],
  [
    "the host cannot be looked up",
    "EAI_AGAIN",
    "The host cannot be looked up: check the URL and the network.",
  ],
  ...["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER"].map((code): [string, string, string] => [
    "no TLS is spoken",
    code,
    "No https is spoken there: use http:// for the receiver on this machine.",
  ]),
  ...[
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ].map((code): [string, string, string] => [
    "the certificate is nobody's",
    code,
    `The certificate is not trusted (${code}): behind a proxy that inspects https, set NODE_EXTRA_CA_CERTS to its certificate.`,
  ]),
];

const EXPECTATION: Record<Expected, string> = {
  echo: ECHO,
  acknowledgement: ACKNOWLEDGE,
  refusal: REFUSE,
};

const KINDS: Expected[] = ["echo", "acknowledgement", "refusal"];
for (const expected of KINDS) {
  const step = STEPS[expected];

  describe(`where the ${expected} is expected`, () => {
    for (const [what, answer, remarks] of RIGHT[expected]) {
      test(`${what} passes`, () => {
        assert.deepEqual(judge(step, answer), { isPassed: true, remarks });
      });
    }

    for (const [what, answer, remarks] of WRONG[expected]) {
      test(`${what} fails`, () => {
        assert.deepEqual(judge(step, answer), { isPassed: false, remarks });
      });
    }

    for (const [what, answer, fateOfDelivery, fix = EXPECTATION[expected]] of WRONG_ANYWHERE) {
      test(`${what} fails, as everywhere`, () => {
        const fates = { echo: [UNVERIFIED], acknowledgement: [fateOfDelivery], refusal: [] };
        const remarks = [...fates[expected], fix];
        assert.deepEqual(judge(step, answer), { isPassed: false, remarks });
      });
    }

    for (const [what, code, remark] of UNREACHED) {
      test(`it fails where ${what} (${code})`, () => {
        assert.deepEqual(judge(step, { code }), { isPassed: false, remarks: [remark] });
      });
    }
  });
}

test("the limit is Okta's: 3 seconds", () => {
  assert.equal(ANSWER_LIMIT_MS, 3_000);
});
