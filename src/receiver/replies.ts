/** Replies: what the application answers, in which words, and how one is sent so that it arrives. */
import { finished } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Response } from "express";
import type { Message } from "../output.js";
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../values.js";
import { note } from "./request-log.js";

/** An answer, and what the console says of its request. */
export interface Reply {
  /** The HTTP status. */
  status: number;
  /** Beside Content-Length. */
  headers?: Record<string, string>;
  /** Default: empty. */
  body?: string;
  /** What the request's line says behind the status, and what to do about it. */
  message: Message;
}

/** The header of a JSON body. */
export const JSON_TYPE = { "Content-Type": "application/json; charset=utf-8" };

/** The refusals whose words are always the same. */
export const REFUSALS = {
  noEvents: refuse(400, "the body has no data.events list", "send an event hook's delivery"),
  unauthorized: refuse(401, "not authorized", "send this receiver's credentials (Basic)"),
  notFound: refuse(404, "not found", `make the URL's path exactly ${HOOK_PATH}`),
  wrongMethod: refuse(405, "wrong method", "GET verifies the event hook, POST delivers to it"),
  tooLarge: refuse(413, "the body is over 10 MB", "send fewer events at once"),
  notJson: refuse(415, "the body is not JSON", "send it with Content-Type: application/json"),
  unwritten: refuse(503, "the receiver cannot write its log", "it is stopping"),
};

/** What a person sees who opens the address in a browser: no reason to be alarmed. */
export const NO_CHALLENGE: Reply = {
  ...refuse(
    400,
    "the receiver runs, but no x-okta-verification-challenge header came",
    "Okta sends it to verify the event hook",
  ),
  message: {
    text: "no x-okta-verification-challenge header",
    details: ["Okta sends it to verify the event hook; a browser does not."],
  },
};

/**
 * A refusal that says to client and console what is wrong, and what to do about it: together a
 * sentence.
 */
export function refuse(status: number, problem: string, remedy: string): Reply {
  const error = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}: ${remedy}.`;
  return {
    status,
    headers: JSON_TYPE,
    body: JSON.stringify({ error }),
    message: { text: problem, details: [remedy], color: "red" },
  };
}

/** The reply to a request on which code of ours threw: only the console hears why, and where. */
export function fail(error: unknown): Reply {
  const details = [...explainError(error), "Okta retries this delivery once."];
  return {
    ...refuse(500, "the receiver failed", "its console says why"),
    message: { text: "the receiver failed", details, color: "red" },
  };
}

/** What was thrown: any value, whose fields may throw in their turn. */
function explainError(error: unknown): string[] {
  try {
    const { name = "Error", message = error } = fieldsOf(error);
    return [`${name}: ${message}`, ...framesOf(error)];
  } catch {
    return ["what was thrown cannot be shown: throw an Error"];
  }
}

const PROJECT_URL = new URL("../..", import.meta.url);
const PROJECT = fileURLToPath(PROJECT_URL);

/** The frames of an error's stack that lie in our own code, by their path below the project. */
function framesOf(error: unknown): string[] {
  // Where it runs from source a frame has a path, and where it was built a URL.
  const stack = String(fieldsOf(error).stack).replaceAll(PROJECT_URL.href, PROJECT);
  const frames = stack.split("\n").filter(isOurFrame);
  return frames.map((frame) => `  ${frame.trim().replace(PROJECT, "")}`);
}

const isOurFrame = (line: string) =>
  /^ +at /.test(line) && line.includes(PROJECT) && !line.includes("node_modules");

/** Sends a reply at once, unless something was sent already. */
export function sendReply(res: Response, { status, headers, body = "", message }: Reply): void {
  if (res.headersSent) return;
  note(res, message);
  res.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  if (res.req.complete) {
    res.end(body);
    return;
  }
  res.write(body);
  // A connection that is closed while the client still sends is reset, and the answer may get lost:
  // the rest of the request is read and dropped first (RFC 9112, 9.6).
  finished(res.req.resume(), () => res.end());
}
