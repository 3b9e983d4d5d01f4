/** Error answers: which there are, and how one is sent so that it arrives. */
import { finished } from "node:stream";
import type { Response } from "express";
import { HOOK_PATH } from "../settings.js";
import { note } from "./request-log.js";

/** An error answer: what is wrong and what to do about it are together a sentence. */
export interface Refusal {
  /** The HTTP status, 4xx or 5xx. */
  status: number;
  /** What is wrong, as the beginning of the sentence. */
  problem: string;
  /** What to do about it, as its end. */
  remedy: string;
}

/** The refusals whose words are always the same. */
export const REFUSALS = {
  noHost: refusal(400, "no Host header", "HTTP/1.1 requires one"),
  noChallenge: refusal(400, "no x-okta-verification-challenge header", "Okta sends it to verify"),
  noEvents: refusal(400, "the body has no data.events list", "send an event hook's delivery"),
  unauthorized: refusal(401, "not authorized", "send this receiver's credentials (Basic)"),
  notFound: refusal(404, "not found", `end the event hook's URL in ${HOOK_PATH} (case-sensitive)`),
  wrongMethod: refusal(405, "wrong method", "GET verifies the event hook, POST delivers to it"),
  tooLarge: refusal(413, "the body is over 10 MB", "send fewer events at once"),
  notJson: refusal(415, "the body is not JSON", "send it with Content-Type: application/json"),
  fault: refusal(500, "the receiver failed", "its console says why"),
  unwritten: refusal(503, "the receiver cannot write its log", "it is stopping"),
};

function refusal(status: number, problem: string, remedy: string): Refusal {
  return { status, problem, remedy };
}

/**
 * Answers with a refusal at once, unless there is an answer already.
 *
 * @param shown what the console says instead, where it may tell more than the client
 */
export function refuse(res: Response, answer: Refusal, shown: Partial<Refusal> = {}): void {
  if (res.headersSent) return;
  const { status, problem, remedy } = answer;
  note(res, { text: shown.problem ?? problem, details: [shown.remedy ?? remedy] });
  const error = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}: ${remedy}.`;
  const body = JSON.stringify({ error });
  res.status(status).type("json");
  res.set("Content-Length", `${Buffer.byteLength(body)}`);
  res.write(body);
  // A connection that is closed while the client still sends is reset, and the answer may get lost:
  // the rest of the request is read and dropped first (RFC 9112, 9.6).
  finished(res.req.resume(), () => res.end());
}
