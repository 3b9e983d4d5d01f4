/** What Okta makes of an answer, and what to change when it is the wrong one. */
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../values.js";
import type { Step } from "./steps.js";

// The rules are those of https://developer.okta.com/docs/concepts/event-hooks/

/** How long Okta waits for a complete answer, in milliseconds. */
export const ANSWER_LIMIT_MS = 3_000;

/** Okta takes an empty 200 or 204 for an acknowledgement. */
const ACKNOWLEDGEMENTS = [200, 204];

/** A whole answer to a step, or why there is none in time. */
export type StepAnswer = Answer | { failure: string };

/** A whole answer. */
export interface Answer {
  /** The HTTP status. */
  status: number;
  /** Its headers. */
  headers: Headers;
  /** The body, decoded as UTF-8. */
  body: string;
}

/** What an answer is worth to Okta. */
export interface Verdict {
  /** Whether it is the answer that the step must get. */
  isPassed: boolean;
  /** What it means for Okta and what to change; nothing where all is well. */
  remarks: string[];
}

/** Judges an answer by Okta's rules; a passed one may still carry a warning. */
export function judge(step: Step, answer: StepAnswer): Verdict {
  if ("failure" in answer) {
    return { isPassed: false, remarks: explainFailure(step, answer.failure) };
  }
  if (!isExpected(step, answer)) {
    return { isPassed: false, remarks: explainAnswer(step, answer) };
  }
  const hasBody = step.expected === "acknowledgement" && answer.body !== "";
  return { isPassed: true, remarks: hasBody ? ["Warning: Okta expects an empty body."] : [] };
}

function isExpected({ expected, headers }: Step, { status, body }: Answer): boolean {
  if (expected === "refusal") return status === 401;
  if (expected === "acknowledgement") return ACKNOWLEDGEMENTS.includes(status);
  const challenge = headers["x-okta-verification-challenge"];
  return status === 200 && parseFields(body).verification === challenge;
}

function parseFields(body: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(body));
  } catch {
    return {};
  }
}

/** Why no answer came, by Node's code: what Okta would make of it does not matter yet. */
const FAILURES: [failure: RegExp, explanation: string][] = [
  [/^ECONNREFUSED$/, "Nothing listens there: run npm start, or use the URL that it printed."],
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    "The host is not found: check the URL and the network. Behind a proxy, set NODE_USE_ENV_PROXY=1, which needs Node.js 22.21 or newer.",
  ],
  [/^bad port$/, "Node's fetch refuses this port, as browsers do: set another PORT."],
  [/^(ERR_SSL|EPROTO)/, "No https is spoken there: use http:// for the receiver on this machine."],
  [
    /CERT|SIGNATURE|ISSUER/,
    "The certificate is not trusted: behind a proxy that inspects https, set NODE_EXTRA_CA_CERTS to its certificate.",
  ],
];

function explainFailure(step: Step, failure: string): string[] {
  const [, explanation] = FAILURES.find(([form]) => form.test(failure)) ?? [];
  if (explanation !== undefined) return [explanation];
  const isLate = failure === "TimeoutError";
  const fix = isLate
    ? "answer completely within 3 seconds, Okta's limit"
    : `check the URL: the connection failed (${failure})`;
  return [...describeConsequence(step), `Fix: ${fix}.`];
}

function explainAnswer(step: Step, answer: Answer): string[] {
  const consequence = describeConsequence(step, answer.status);
  const intermediary = explainIntermediary(answer);
  if (intermediary !== undefined) return [...consequence, intermediary];
  if (answer.status === 401) {
    return ["The receiver may still run with older credentials: start it again.", ...consequence];
  }
  return [...consequence, `Fix: ${findFix(step, answer)}.`];
}

/** What becomes of the hook or the delivery; of one that must be refused, only what matters. */
function describeConsequence({ expected }: Step, status?: number): string[] {
  if (expected === "echo") return ["Okta marks the hook unverified and delivers nothing to it."];
  if (expected === "refusal") {
    const isTaken = status !== undefined && ACKNOWLEDGEMENTS.includes(status);
    return isTaken ? ["Anybody who knows the URL can deliver."] : [];
  }
  // Okta retries a delivery once, after a 5xx or without an answer in time; after a 4xx never.
  const isRetried = status === undefined || status >= 500;
  if (isRetried) return ["Okta retries once; then the events are lost."];
  return ["Okta does not retry: the events are lost."];
}

const NGROK_FIXES = new Map([
  ["ERR_NGROK_3200", "The tunnel is closed: start ngrok again."],
  ["ERR_NGROK_8012", "Start the receiver, on the port that ngrok forwards to."],
  ["ERR_NGROK_3006", "The tunnel asks for its own Basic authentication: open it without."],
]);

/** Explains an answer of what stands between Okta and the receiver; undefined for the receiver's. */
function explainIntermediary({ status, headers, body }: Answer): string | undefined {
  const [code] = /ERR_NGROK_\d{1,6}/.exec(`${headers.get("ngrok-error-code")} ${body}`) ?? [];
  if (code !== undefined) {
    const fix = NGROK_FIXES.get(code) ?? "Look it up in ngrok's documentation.";
    return `ngrok answered ${code}. ${fix}`;
  }
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect || headers.get("www-authenticate") === "tunnel") {
    const location = headers.get("location");
    const redirect = location === null ? "" : ` Okta does not follow its redirect to ${location}`;
    return `Something in front asks for a login: make the tunnel public.${redirect}`;
  }
  const isOurs = typeof parseFields(body).error === "string";
  if ([502, 503, 530].includes(status) && !isOurs) {
    return "The tunnel does not reach the receiver: run npm start, and check the tunnel's port.";
  }
  return undefined;
}

const FIXES = new Map([
  [404, `end the URL in ${HOOK_PATH}`],
  [500, "correct the receiver's code: its console says where"],
  [503, "look at the receiver's console: it cannot write to its stdout"],
]);

const EXPECTATIONS = {
  echo: 'answer 200 with {"verification": "<the challenge>"}',
  acknowledgement: "answer with an empty 200 or 204",
  refusal: "answer 401 to wrong or missing credentials",
};

function findFix({ expected }: Step, { status }: Answer): string {
  if (status === 400 && expected === "acknowledgement") {
    return "correct the body: the receiver's console says what is wrong";
  }
  return FIXES.get(status) ?? EXPECTATIONS[expected];
}
