/** One line for each request, what to do about it, and the delivery's body where that is wanted. */
import { isIP } from "node:net";
import type { Request, RequestHandler, Response } from "express";
import morgan from "morgan";
import type { Message, Output } from "../output.js";
import { cut } from "../text.js";

/** What a response carries for its line, in Express's own place for such things. */
export interface Locals {
  /** What the request means. Without it there was no answer. */
  message?: Message;
  /** The body of a delivery as it came. */
  payload?: Uint8Array;
}

/** Creates the middleware that prints a request's line once it is answered, or gone. */
export function logRequests(log: Output, showPayload: boolean): RequestHandler {
  return morgan<Request, Response<unknown, Locals>>((tokens, req, res) => {
    const { message, payload } = res.locals;
    const request = `${tokens.method?.(req, res)} ${cut(req.path, 200)}`;
    if (message === undefined) {
      log.say({ text: `${request}: no answer, the connection closed`, color: "yellow" });
      return undefined;
    }
    const answer = `${tokens.status?.(req, res)} ${tokens["response-time"]?.(req, res, 1)} ms`;
    const from = res.statusCode < 400 ? [] : [`from ${addressOf(req)}`];
    log.say({
      ...message,
      text: `${request} ${answer}: ${message.text}`,
      details: [...from, ...(message.details ?? [])],
      body: showPayload && payload?.length ? formatPayload(payload) : undefined,
    });
    // Nothing is left for morgan to print.
    return undefined;
  });
}

/** The client's address: the forwarded one, unless a stranger wrote something else there. */
function addressOf({ ip = "", socket }: Request): string {
  return isIP(ip) ? ip : (socket.remoteAddress ?? "an unknown address");
}

/** How much of a body is shown, in characters. */
const SHOWN_LENGTH = 64 * 1024;

/** The body as indented JSON, or as it came where it is large, too deep, or no JSON. */
function formatPayload(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload);
  const shown = text.length > SHOWN_LENGTH ? text : indentJson(text);
  if (shown.length <= SHOWN_LENGTH) return shown;
  return `${shown.slice(0, SHOWN_LENGTH)}\n… cut here: the body has ${payload.length} bytes`;
}

function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
