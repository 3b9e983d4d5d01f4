/** What Okta makes of an answer, and what to change when it is the wrong one. */
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../text.js";
import type { Step } from "./steps.js";

// The rules are those of https://developer.okta.com/docs/concepts/event-hooks/

/** Okta waits for a complete answer for 3 seconds. */
export const ANSWER_LIMIT_MS = 3_000;

/** Okta takes an empty 200 or 204 for an acknowledgement. */
const ACKNOWLEDGEMENTS = [200, 204];

/** Okta retries a delivery once, after a 5xx or without an answer in time; after a 4xx never. */
const isRetried = ({ status }: Answer) => status === undefined || status >= 500;

/** Okta does not follow redirects. */
const isRedirect = ({ status = 0 }: Answer) => status >= 300 && status < 400;

/** An answer; without a status when none came whole and in time. */
export interface Answer {
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
export function judge(step: Step, answer: Answer): Verdict {
  if (!isExpected(step, answer)) {
    const remarks = [describeFate(step, answer), `Fix: ${findFix(step, answer)}.`];
    return { isPassed: false, remarks };
  }
  const hasBody = step.expected === "acknowledgement" && answer.body !== "";
  return { isPassed: true, remarks: hasBody ? ["Warning: Okta expects an empty body."] : [] };
}

function isExpected({ expected, headers }: Step, answer: Answer): boolean {
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

function describeFate({ expected }: Step, answer: Answer): string {
  if (expected === "echo") return "Okta marks the hook unverified and delivers nothing to it.";
  if (expected === "refusal") return "Anybody who knows the URL can deliver.";
  if (isRetried(answer)) return "Okta retries once; then the events are lost.";
  return "Okta does not retry: the events are lost.";
}

const FIXES = new Map<string | number | undefined, string>([
  ["ERR_NGROK_3200", "the tunnel is closed: start ngrok again"],
  ["ERR_NGROK_8012", "start the receiver, on the port that ngrok forwards to"],
  ["TimeoutError", "answer completely within 3 seconds, Okta's limit"],
  ["ECONNREFUSED", "nothing listens there: run npm start, or use the URL that it printed"],
  ["ENOTFOUND", "check the URL: unknown host"],
  ["EAI_AGAIN", "check the URL: unknown host"],
  [401, "give the receiver the .env of this command, and restart it"],
  [404, `end the URL in ${HOOK_PATH}`],
]);

const EXPECTATIONS = {
  echo: 'answer 200 with {"verification": "<the challenge>"}',
  acknowledgement: "answer with an empty 200 or 204",
  refusal: "answer 401 to wrong or missing credentials",
};

function findFix({ expected }: Step, answer: Answer): string {
  const fix = FIXES.get(answer.code ?? answer.status);
  if (fix !== undefined) return fix;
  if (answer.code?.startsWith("ERR_NGROK_")) return `look up ${answer.code}: ngrok answered`;
  if (isRedirect(answer)) return "use the URL that it redirects to: Okta does not follow";
  if (answer.status === 400 && expected === "acknowledgement") {
    return "correct the body: the receiver's console says what is wrong";
  }
  if (answer.status !== undefined) return EXPECTATIONS[expected];
  const isPlainHttp = /^(ERR_SSL|EPROTO)/.test(`${answer.code}`);
  if (isPlainHttp) return "use http:// for the receiver on this machine: it has no https";
  return `check the URL: the connection failed (${answer.code})`;
}
