/** The receiver: an Express application that verifies event hooks and takes in their deliveries. */
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { note, refuse, requestLog } from "./answers.js";
import { basicAuthenticator } from "./basic-auth.js";
import { readDelivery } from "./event-hook.js";
import type { Done, Write } from "./output.js";
import { HOOK_PATH } from "./settings.js";
import { at, printable } from "./text.js";

const BODY_LIMIT = 10 * 1024 * 1024;
const TOO_LARGE = "The body is over 10 MB: send fewer events in one delivery.";
const CHECK_SECRET = "compare the hook's Authentication field and secret with the start-up text";

export interface ReceiverOptions {
  username: string;
  password: string;
  /** Logs created users by their logins; a delivery is acknowledged once that has succeeded. */
  logUsers(logins: string[], done: Done): void;
  log: Write;
}

/** Takes the credentials to let in and where lines go. Returns the application. */
export function createReceiver({ username, password, logUsers, log }: ReceiverOptions) {
  const whyUnauthorized = basicAuthenticator(username, password);
  const isRepeat = repeatDetector(10_000);

  const verify: RequestHandler = (req, res) => {
    const verification = req.get("x-okta-verification-challenge");
    const reason = whyUnauthorized(req.headers.authorization);
    if (verification === undefined) {
      return refuse(res, 400, "No x-okta-verification-challenge header: Okta sends one to verify.");
    }
    const warning = reason && `, but every delivery will get a 401: ${reason}; ${CHECK_SECRET}`;
    note(res, `verified${warning ?? ""}`);
    res.json({ verification });
  };

  const authorize: RequestHandler = (req, res, next) => {
    const reason = whyUnauthorized(req.headers.authorization);
    if (reason === undefined) return next();
    res.setHeader("WWW-Authenticate", 'Basic realm="Okta event hooks", charset="UTF-8"');
    const error = "Not authorized: send this receiver's credentials by Basic authentication.";
    refuse(res, 401, error, `${reason}, and Okta will not retry; ${CHECK_SECRET}`);
  };

  const deliver: RequestHandler = (req, res) => {
    const delivery = readDelivery(req.body);
    if (delivery === undefined) {
      return refuse(res, 400, "The body has no data.events list: send an event hook's delivery.");
    }
    const { eventId, users, summary } = delivery;
    const repeat = eventId !== undefined && isRepeat(eventId);
    note(res, repeat ? `${summary}, a repeat of ${printable(eventId, 40)}` : summary);
    const acknowledge: Done = (error) => {
      if (error) refuse(res, 503, "The receiver cannot write its log and stops: start it again.");
      else res.writeHead(200, { "Content-Length": 0 }).end();
    };
    if (users.length > 0) logUsers(users, acknowledge);
    else acknowledge();
  };

  const app = express();
  app.disable("x-powered-by").disable("etag").set("trust proxy", "loopback");
  app.enable("case sensitive routing").enable("strict routing");
  app.use(requestLog(log), requireHost);
  const parse = express.json({ limit: BODY_LIMIT, strict: false, type: () => true });
  const hook = app.route(HOOK_PATH).head(refuseMethod).get(verify);
  hook.post(authorize, requireJson, parse, deliver).all(refuseMethod);
  app.get("/", (_req, res) => {
    note(res, "it runs");
    res.type("text/plain").send(`The receiver runs: point the event hook at ${HOOK_PATH} here.\n`);
  });
  return app.use(refusePath, refuseError);
}

const requireHost: RequestHandler = (req, res, next) => {
  if (req.headers.host !== undefined || req.httpVersion === "1.0") next();
  else refuse(res, 400, "No Host header: HTTP/1.1 requires one (RFC 9112, 3.2).");
};

const requireJson: RequestHandler = (req, res, next) => {
  const { "content-type": type = "", expect = "" } = req.headers;
  if (!/^application\/([\w.+-]+\+)?json *(;|$)/i.test(type)) {
    return refuse(res, 415, "The body is not JSON: send it with Content-Type: application/json.");
  }
  if (/100-continue/i.test(expect) && req.httpVersion !== "1.0") res.writeContinue();
  next();
};

const refuseMethod: RequestHandler = (_req, res) => {
  res.setHeader("Allow", "GET, POST");
  refuse(res, 405, "Use GET to verify the event hook and POST to deliver its events.");
};

const refusePath: RequestHandler = (_req, res) => {
  refuse(res, 404, `Nothing is here: end the event hook's URL in ${HOOK_PATH}, letter for letter.`);
};

/** Turns the JSON parser's errors into answers; any other is a fault of the receiver. */
const refuseError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const status = at(error, "status");
  const reason = printable(String(at(error, "message")), 200);
  if (at(error, "type") === "request.aborted") return; // Nobody is left to hear it.
  if (status === 413) refuse(res, 413, TOO_LARGE);
  else if (status === 415) refuse(res, 415, `The body cannot be read (${reason}): send UTF-8.`);
  else if (status === 400) refuse(res, 400, `The body is not valid JSON (${reason}): correct it.`);
  else refuse(res, 500, "The receiver failed: see its console.", `a fault in it: ${reason}`);
};

/** Returns a check whether an id is among the last `limit` that it was asked for. */
function repeatDetector(limit: number): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return true;
    if (id.length <= 200) seen.add(id); // Okta's have 36 characters; memory is for those.
    const [oldest = id] = seen;
    if (seen.size > limit) seen.delete(oldest);
    return false;
  };
}
