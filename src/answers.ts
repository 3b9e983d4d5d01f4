/** Answers and their trace: refusals for the client, a line for each request for the console. */
import type { ServerResponse } from "node:http";
import type { Request, Response } from "express";
import morgan from "morgan";
import type { Write } from "./output.js";
import { printable } from "./text.js";

const outcomes = new WeakMap<ServerResponse, string>();

/** Notes what came of a request, for its line. */
export function note(res: ServerResponse, outcome: string): void {
  outcomes.set(res, outcome);
}

/** Answers with an error that tells the client what to change; the line may tell more than it. */
export function refuse(res: ServerResponse, status: number, error: string, outcome = error): void {
  if (res.headersSent) return;
  note(res, outcome);
  // Node reads the rest of a refused body: not worth it when that is large or without end.
  const { "transfer-encoding": coding, "content-length": length = 0 } = res.req.headers;
  const large = coding !== undefined || Number(length) > 1024 * 1024;
  if (large && !res.req.complete) res.setHeader("Connection", "close");
  res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.statusCode = status; // Not writeHead, after which Node no longer sends the length.
  res.end(JSON.stringify({ error }));
}

/** Returns the middleware that logs a line for each request. */
export function requestLog(log: Write) {
  const line: morgan.FormatFn<Request, Response> = (tokens, req, res) => {
    const duration = tokens["response-time"]?.(req, res, 1);
    const answer = duration ? `${res.statusCode} ${duration} ms` : "unanswered: the client hung up";
    const request = `${req.method} ${printable(req.path, 200)} ${answer} from ${printable(req.ip ?? "", 50)}`;
    return logLine(request, outcomes.get(res) ?? "it did not arrive whole");
  };
  return morgan(line, { stream: { write: log } });
}

/** Returns a line that opens with the time of day. */
export const logLine = (request: string, outcome: string) =>
  `${new Date().toTimeString().slice(0, 8)} ${request}: ${outcome}`;
