/** The Express application: its routes, its handlers, and one error handler. */
import express from "express";
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from "express";
import { explainError } from "../errors.js";
import type { Message, Output } from "../output.js";
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../values.js";
import { ANNOUNCEMENTS, type Announcements } from "./announcements.js";
import {
  createAuthorizer,
  explainAuthorization,
  type Authorizer,
  type Credentials,
} from "./basic-auth.js";
import { readDelivery } from "./event-hook.js";
import { createRepeatDetector } from "./repeats.js";
import { logRequests } from "./request-log.js";
import { review } from "./review.js";

/** The credentials to ask for, what to announce, and where the output goes. */
export interface AppOptions extends Credentials {
  /** Prints lines on stdout. A delivery is acknowledged only once this has resolved. */
  print(lines: string[]): Promise<void>;
  /** Where the line for each request goes. */
  log: Output;
  /** Whether the body of each delivery is shown. Default: false. */
  showPayload?: boolean;
  /** Default: the table of `announcements.ts`. */
  announcements?: Announcements;
}

/** Creates the application, which answers Okta's verification and takes its deliveries. */
export function createApp(options: AppOptions): Express {
  const { log, showPayload = false } = options;
  const isAuthorized = createAuthorizer(options);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  // ngrok's agent connects from the loopback, and names the client in X-Forwarded-For.
  app.set("trust proxy", "loopback");

  app.use(logRequests(log, showPayload));
  app.get(HOOK_PATH, verify(isAuthorized));
  app.post(HOOK_PATH, authorize(isAuthorized), requireJson, readJson, deliver(options));
  app.all(HOOK_PATH, refuseMethod);
  app.get("/", welcome);
  app.use(refusePath, handleError);
  return app;
}

/** Answers with an error that the console shows, too: problem and remedy together are a sentence. */
function refuse(res: Response, status: number, problem: string, remedy: string): void {
  note(res, { text: problem, details: [remedy], color: "red" });
  sendError(res, status, `${problem.charAt(0).toUpperCase()}${problem.slice(1)}: ${remedy}.`);
}

function sendError(res: Response, status: number, error: string): void {
  if (!res.shouldKeepAlive) closeAfterBody(res);
  res.status(status).json({ error });
}

/**
 * Keeps the connection open until the body has come, which Node reads and drops: closed before, it
 * would be reset, and the answer get lost (RFC 9112, 9.6). nginx asks for a close by default.
 */
function closeAfterBody(res: Response): void {
  const { req } = res;
  const hasBody = req.is("*/*") !== null;
  if (req.complete || !hasBody) return;
  res.shouldKeepAlive = true;
  req.on("end", () => req.socket.end());
}

/** Notes what a request means, for its line. */
function note(res: Response, message: Message): void {
  res.locals.message = message;
}

/**
 * Answers Okta's one-time verification, for which credentials are not needed:
 * https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request
 */
function verify(isAuthorized: Authorizer): RequestHandler {
  const nextStep = once(
    "Now create a user in Okta. Its event comes within seconds, sometimes minutes.",
  );

  return (req, res) => {
    const verification = challengeOf(req);
    if (verification === undefined) return refuseBrowser(res);
    const { authorization } = req.headers;
    if (isAuthorized(authorization)) {
      note(res, { text: "verified", details: nextStep() });
    } else {
      const { problem, remedy } = explainAuthorization(authorization);
      const details = [`${problem}. ${remedy}`];
      note(res, { text: "verified, but deliveries will get a 401", details, color: "yellow" });
    }
    res.json({ verification });
  };
}

/** Gives a text the first time, and nothing from then on. */
function once(text: string): () => string[] {
  let isFirst = true;
  return () => {
    const texts = isFirst ? [text] : [];
    isFirst = false;
    return texts;
  };
}

/** A person looks whether the receiver is there: no reason to be alarmed. */
function refuseBrowser(res: Response): void {
  const problem = "no x-okta-verification-challenge header";
  const remedy = "Okta sends it to verify the event hook";
  note(res, { text: problem, details: [`${remedy}; a browser does not.`] });
  sendError(res, 400, `The receiver runs, but ${problem} came: ${remedy}.`);
}

const challengeOf = (req: Request) => req.get("x-okta-verification-challenge");

function authorize(isAuthorized: Authorizer): RequestHandler {
  return (req, res, next) => {
    const { authorization } = req.headers;
    if (isAuthorized(authorization)) return next();
    const { problem, remedy } = explainAuthorization(authorization);
    note(res, { text: problem, details: [`Okta does not retry. ${remedy}`], color: "red" });
    res.set("WWW-Authenticate", 'Basic realm="Okta event hook", charset="UTF-8"');
    sendError(res, 401, "Not authorized: send this receiver's credentials (Basic).");
  };
}

const JSON_TYPES = ["application/json", "application/*+json"];

const requireJson: RequestHandler = (req, res, next) => {
  if (req.is(JSON_TYPES) !== false) return next();
  refuse(res, 415, "the body is not JSON", "send it with Content-Type: application/json");
};

const readJson = express.json({
  type: JSON_TYPES,
  // An event takes 1 to 5 kB, and Okta documents no limit for their number.
  limit: "10mb",
  strict: false,
  verify: (_req, res: Response, bytes) => {
    res.locals.payload = bytes;
  },
});

/** How many deliveries are remembered, to tell a repeat. */
const REMEMBERED_DELIVERIES = 10_000;

/** Announces a delivery's events, and only then acknowledges it. */
function deliver({ print, announcements = ANNOUNCEMENTS }: AppOptions): RequestHandler {
  const isRepeat = createRepeatDetector(REMEMBERED_DELIVERIES);
  const whatRepeatsAre = once(
    "It came before: Okta's retry, or a replay by ngrok. It is announced again.",
  );

  return async (req, res) => {
    const delivery = readDelivery(req.body);
    if (delivery === undefined) {
      return refuse(res, 400, "the body has no data.events list", "send an event hook's delivery");
    }
    const { eventId, events } = delivery;
    // Not for the error handler: what an entry throws may look like a client's fault.
    const reviewed = await review(events, announcements).catch((error: unknown) => {
      sendFailure(res, [...explainError(error), "Okta retries this delivery once."]);
    });
    if (!reviewed) return;
    const { lines, message } = reviewed;
    try {
      if (lines.length > 0) await print(lines);
    } catch {
      return refuse(res, 503, "the receiver cannot write to its stdout", "it is stopping");
    }
    if (eventId !== undefined && isRepeat(eventId)) {
      message.text += ", a repeat";
      message.details.push(...whatRepeatsAre());
    }
    note(res, message);
    res.status(200).end();
  };
}

const refuseMethod: RequestHandler = (_req, res) => {
  res.set("Allow", "GET, POST");
  refuse(res, 405, "wrong method", "GET verifies the event hook, POST delivers to it");
};

/** For a person with a browser. A verification that comes here lacks the path of the hook. */
const welcome: RequestHandler = (req, res, next) => {
  if (challengeOf(req) !== undefined) return next();
  note(res, { text: "running" });
  res.type("text").send(`The receiver is running: point the event hook at ${HOOK_PATH}.\n`);
};

const refusePath: RequestHandler = (req, res) => {
  const remedy = `end the event hook's URL in ${HOOK_PATH}`;
  const isVerification = challengeOf(req) !== undefined;
  const text = isVerification ? "Okta's verification came to the wrong path" : "not found";
  // Browsers ask for icons and the like by themselves.
  const isAlarm = isVerification || req.method === "POST";
  note(res, isAlarm ? { text, details: [remedy], color: "red" } : { text });
  sendError(res, 404, `Not found: ${remedy}.`);
};

/** Answers what reading a body throws, and mistakes in our own code. */
const handleError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { type, status, message } = fieldsOf(error);
  // Nobody is left to answer.
  if (res.headersSent || type === "request.aborted") return;
  if (type === "entity.too.large") {
    return refuse(res, 413, "the body is over 10 MB", "send fewer events at once");
  }
  if (type === "entity.parse.failed") {
    return refuse(res, 400, "the body is not valid JSON", `${message}`);
  }
  if (status === 400 || status === 415) {
    return refuse(res, status, "the body cannot be read", `${message}`);
  }
  sendFailure(res, explainError(error));
};

/** Only the console hears why. */
function sendFailure(res: Response, details: string[]): void {
  note(res, { text: "the receiver failed", details, color: "red" });
  sendError(res, 500, "The receiver failed: its console says why.");
}
