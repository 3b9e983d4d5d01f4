/** One line for each request, what to do about it, and the delivery's body where that is wanted. */
import { isIP } from "node:net";
import type { Request, RequestHandler, Response } from "express";
import morgan from "morgan";
import type { Message, Output } from "../output.js";
import { cut } from "../text.js";
import { formatPayload } from "./payload.js";

/** A response that carries what its line says, in Express's own place for such things. */
interface Noted {
  locals: { message?: Message };
}

/** Notes what a request means, for its line. */
export function note({ locals }: Noted, message: Message): void {
  locals.message = message;
}

const messageOf = ({ locals }: Noted) => locals.message;

/**
 * Creates the middleware that prints a request's line once it is answered, or gone.
 *
 * @param showPayload whether the body follows, where it was read
 */
export function requestLog(log: Output, showPayload: boolean): RequestHandler {
  return morgan<Request, Response>((tokens, req, res) => {
    const duration = tokens["response-time"]?.(req, res, 1);
    const bytes: unknown = showPayload ? req.body : undefined;
    const body = bytes instanceof Uint8Array ? formatPayload(bytes) : undefined;
    log.say({ ...describe(req, res, duration), body });
    // Nothing is left for morgan to print.
    return undefined;
  });
}

/** @param duration in milliseconds */
function describe(req: Request, res: Response, duration?: string): Message {
  const request = `${req.method} ${cut(req.path, 200)}`;
  const message = messageOf(res);
  if (message === undefined) {
    return { text: `${request}: no answer, the connection closed`, color: "yellow" };
  }
  const text = `${request} ${res.statusCode} ${duration} ms: ${message.text}`;
  if (res.statusCode < 400) return { ...message, text };
  return { ...message, text, details: [`from ${addressOf(req)}`, ...(message.details ?? [])] };
}

/** The client's address: the forwarded one, unless a stranger wrote something else there. */
function addressOf({ ip = "", socket }: Request): string {
  return isIP(ip) ? ip : (socket.remoteAddress ?? "an unknown address");
}
