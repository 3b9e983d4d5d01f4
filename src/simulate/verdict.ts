/** What Okta makes of an answer, and what to change when it is the wrong one. */
import { TOO_LARGE } from "../http-client.js";
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../values.js";
import type { Step } from "./steps.js";

// The rules are those of https://developer.okta.com/docs/concepts/event-hooks/

/** How long Okta waits for a complete answer, in milliseconds. */
export const ANSWER_LIMIT_MS = 3_000;

/** Okta takes an empty 200 or 204 for an acknowledgement. */
const ACKNOWLEDGEMENTS = [200, 204];

/** Okta retries a delivery once, after a 5xx or without an answer in time; after a 4xx never. */
const isRetried = ({ status }: StepAnswer) => status === undefined || status >= 500;

/** Okta does not follow redirects. */
const isRedirect = ({ status = 0 }: StepAnswer) => status >= 300 && status < 400;

/** The answer to a step; without a status when none came whole and in time. */
export interface StepAnswer {
  /** The HTTP status. */
  status?: number;
  /** The body, decoded as UTF-8. */
  body?: string;
  /** What went wrong: ngrok's code of an error page, Node's of a connection, or TimeoutError. */
  code?: string | undefined;
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
  if (!isExpected(step, answer)) return { isPassed: false, remarks: describeFailure(step, answer) };
  const hasBody = step.expected === "acknowledgement" && answer.body !== "";
  return { isPassed: true, remarks: hasBody ? ["Warning: Okta expects an empty body."] : [] };
}

function isExpected({ expected, headers }: Step, answer: StepAnswer): boolean {
  const { status = 0, body = "" } = answer;
  if (expected === "refusal") return status === 401;
  if (expected === "acknowledgement") return ACKNOWLEDGEMENTS.includes(status);
  const challenge = headers["x-okta-verification-challenge"];
  try {
    return status === 200 && fieldsOf(JSON.parse(body)).verification === challenge;
  } catch {
    return false;
  }
}

/** Where nothing was reached, by Node's code: what Okta would make of it does not matter yet. */
const UNREACHED = new Map<string | undefined, string>([
  ["ECONNREFUSED", "Nothing listens there: run npm start, or use the URL that it printed."],
  ["ENOTFOUND", "There is no such host: check the URL."],
  ["EAI_AGAIN", "The host cannot be looked up: check the URL and the network."],
]);

function describeFailure(step: Step, answer: StepAnswer): string[] {
  const { status, code } = answer;
  const unreached = UNREACHED.get(code);
  if (unreached !== undefined) return [unreached];
  if (/^(ERR_SSL|EPROTO)/.test(`${code}`)) {
    return ["No https is spoken there: use http:// for the receiver on this machine."];
  }
  if (/CERT|SIGNATURE|ISSUER/.test(`${code}`)) {
    const remedy = "behind a proxy that inspects https, set NODE_EXTRA_CA_CERTS to its certificate";
    return [`The certificate is not trusted (${code}): ${remedy}.`];
  }
  const fate = describeFate(step, answer);
  if (status === 401) {
    return ["The receiver may still run with the .env of before: start it again.", ...fate];
  }
  return [...fate, `Fix: ${findFix(step, answer)}.`];
}

/** What becomes of the hook or the delivery; of one that must be refused, only what matters. */
function describeFate({ expected }: Step, answer: StepAnswer): string[] {
  const { status = 0 } = answer;
  if (expected === "echo") return ["Okta marks the hook unverified and delivers nothing to it."];
  if (expected === "refusal") {
    return ACKNOWLEDGEMENTS.includes(status) ? ["Anybody who knows the URL can deliver."] : [];
  }
  if (isRetried(answer)) return ["Okta retries once; then the events are lost."];
  return ["Okta does not retry: the events are lost."];
}

const FIXES = new Map<string | number | undefined, string>([
  ["ERR_NGROK_3200", "the tunnel is closed: start ngrok again"],
  ["ERR_NGROK_8012", "start the receiver, on the port that ngrok forwards to"],
  [TOO_LARGE, "answer with less: this is over 1 MB"],
  ["TimeoutError", "answer completely within 3 seconds, Okta's limit"],
  [404, `end the URL in ${HOOK_PATH}`],
  [500, "correct the receiver's code: its console says where"],
]);

const EXPECTATIONS = {
  echo: 'answer 200 with {"verification": "<the challenge>"}',
  acknowledgement: "answer with an empty 200 or 204",
  refusal: "answer 401 to wrong or missing credentials",
};

function findFix({ expected }: Step, answer: StepAnswer): string {
  const { status, code } = answer;
  const fix = FIXES.get(code ?? status);
  if (fix !== undefined) return fix;
  if (code?.startsWith("ERR_NGROK_")) return `look up ${code}: ngrok answered`;
  if (isRedirect(answer)) return "use the URL that it redirects to: Okta does not follow";
  if (status === 400 && expected === "acknowledgement") {
    return "correct the body: the receiver's console says what is wrong";
  }
  if (status !== undefined) return EXPECTATIONS[expected];
  return `check the URL: the connection failed (${code})`;
}
