/** One line for each request, and under it what to do about it. */
import type { ServerResponse } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import morgan from "morgan";
import type { Message, Output } from "../output.js";
import { printable } from "../text.js";

const meanings = new WeakMap<ServerResponse, Message>();

/** Notes what a request means, for its line. */
export function note(res: ServerResponse, meaning: Message): void {
  meanings.set(res, meaning);
}

/** Creates the middleware that prints a request's line once it is answered, or gone. */
export function requestLog(log: Output): RequestHandler {
  const format: morgan.FormatFn<Request, Response> = (tokens, req, res) => {
    const ms = tokens["response-time"]?.(req, res, 1);
    // Without the last line break, which morgan adds.
    return log.format(describe(req, res, ms)).trimEnd();
  };
  return morgan(format, { stream: { write: (text) => void log.write(text) } });
}

function describe(req: Request, res: Response, ms?: string): Message {
  const request = `${req.method} ${printable(req.path, 200)}`;
  const meaning = meanings.get(res);
  // Otherwise a kept-alive connection keeps it in memory.
  meanings.delete(res);
  if (meaning === undefined) {
    return { text: `${request}: no answer, the connection closed`, color: "yellow" };
  }
  const { details = [] } = meaning;
  const text = `${request} ${res.statusCode} ${ms} ms: ${meaning.text}`;
  if (res.statusCode < 400) return { ...meaning, text };
  return { text, details: [`from ${req.ip ?? "an unknown address"}`, ...details], color: "red" };
}
