/** The Express application: its routes, and the order of the checks. */
import express from "express";
import type { ErrorRequestHandler, Express, Request, RequestHandler } from "express";
import type { Output } from "../output.js";
import { HOOK_PATH, type Credentials } from "../settings.js";
import { fieldsOf, printable } from "../text.js";
import { announce, summarize } from "./announcements.js";
import { createAuthenticator, type Authenticator } from "./basic-auth.js";
import { readDelivery } from "./event-hook.js";
import { refuse, REFUSALS } from "./refusals.js";
import { createRepeatDetector } from "./repeats.js";
import { note, requestLog } from "./request-log.js";

/** 10 MB, in bytes: an event takes 1 to 5 kB, and Okta documents no limit for their number. */
const BODY_LIMIT = 10 * 1024 * 1024;

export interface AppOptions extends Credentials {
  /** Prints lines for created users. A delivery is acknowledged only once this has resolved. */
  print(lines: string[]): Promise<void>;
  /** Where the line for each request goes. */
  log: Output;
}

/** Creates the application, which answers Okta's verification and takes its deliveries. */
export function createApp({ username, password, print, log }: AppOptions): Express {
  const authenticate = createAuthenticator(username, password);
  const readBody = express.raw({ limit: BODY_LIMIT, type: () => true });
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.enable("case sensitive routing").enable("strict routing");
  app.set("trust proxy", "loopback"); // ngrok's agent connects from there.

  app.use(requestLog(log), requireHost);
  app
    .route(HOOK_PATH)
    .head(refuseMethod)
    .get(verify(authenticate))
    .post(authorize(authenticate), requireJson, admitBody, readBody, parseJson, deliver(print))
    .all(refuseMethod);
  app.get("/", welcome);
  app.use(refusePath, refuseError);
  return app;
}

/** Node's own answer would leave no line. */
const requireHost: RequestHandler = (req, res, next) => {
  if (req.headers.host !== undefined || req.httpVersion === "1.0") next();
  else refuse(res, REFUSALS.noHost);
};

const challengeOf = (req: Request): string | undefined => req.get("x-okta-verification-challenge");

/**
 * Answers Okta's one-time verification, for which credentials are not needed:
 * https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request
 */
function verify(authenticate: Authenticator): RequestHandler {
  return (req, res) => {
    const verification = challengeOf(req);
    if (verification === undefined) return refuse(res, REFUSALS.noChallenge);
    const problem = authenticate(req.headers.authorization);
    const text = "verified, but deliveries will get a 401";
    if (problem === undefined) note(res, { text: "verified" });
    else note(res, { text, details: [`${problem}: ${remedyFor(req)}`], color: "yellow" });
    // Not by res.json, which may answer 304 to a conditional request.
    res.type("json").end(JSON.stringify({ verification }));
  };
}

/** What to change in Okta's form. */
function remedyFor({ headers }: Request): string {
  return headers.authorization === undefined
    ? "set the hook's Authentication field to authorization"
    : "paste the Authentication secret printed at the start";
}

function authorize(authenticate: Authenticator): RequestHandler {
  return (req, res, next) => {
    const problem = authenticate(req.headers.authorization);
    if (problem === undefined) return next();
    res.set("WWW-Authenticate", 'Basic realm="Okta event hooks", charset="UTF-8"');
    const remedy = `Okta does not retry: ${remedyFor(req)}`;
    refuse(res, REFUSALS.unauthorized, { problem, remedy });
  };
}

const JSON_TYPE = /^application\/([\w.+-]+\+)?json[ \t]*(;|$)/i;

const requireJson: RequestHandler = (req, res, next) => {
  if (JSON_TYPE.test(req.headers["content-type"] ?? "")) next();
  else refuse(res, REFUSALS.notJson);
};

/** Refuses a body that is too long before it is read, and answers `Expect: 100-continue`. */
const admitBody: RequestHandler = (req, res, next) => {
  const { "content-length": length = 0, expect = "" } = req.headers;
  if (Number(length) > BODY_LIMIT) return refuse(res, REFUSALS.tooLarge);
  if (/100-continue/i.test(expect) && req.httpVersion !== "1.0") res.writeContinue();
  next();
};

const utf8 = new TextDecoder();

/** JSON is UTF-8, whatever a charset says (RFC 8259, 8.1). */
const parseJson: RequestHandler = (req, res, next) => {
  const bytes: unknown = req.body;
  req.body = undefined; // A kept-alive connection would hold it in memory.
  try {
    req.body = JSON.parse(bytes instanceof Uint8Array ? utf8.decode(bytes) : "");
  } catch (error) {
    // A copy: V8's error and its message refer to the whole body.
    const remedy = structuredClone(printable(String(fieldsOf(error).message), 200));
    return refuse(res, { status: 400, problem: "the body is not valid JSON", remedy });
  }
  next();
};

/** Announces a delivery's events, and only then acknowledges it. */
function deliver(print: AppOptions["print"]): RequestHandler {
  const isRepeat = createRepeatDetector(10_000);

  return async (req, res) => {
    const delivery = readDelivery(req.body);
    req.body = undefined; // As in parseJson.
    if (delivery === undefined) return refuse(res, REFUSALS.noEvents);
    const { eventId, events } = delivery;
    const suffix = eventId !== undefined && isRepeat(eventId) ? ", a repeat" : "";
    const lines = announce(events);
    const summary = summarize(events);
    try {
      if (lines.length > 0) await print(lines);
    } catch {
      return refuse(res, REFUSALS.unwritten);
    }
    note(res, { ...summary, text: `${summary.text}${suffix}` });
    res.writeHead(200, { "Content-Length": 0 }).end();
  };
}

const refuseMethod: RequestHandler = (_req, res) => {
  res.set("Allow", "GET, POST");
  refuse(res, REFUSALS.wrongMethod);
};

/** For a person with a browser. Okta's verification here lacks its path. */
const welcome: RequestHandler = (req, res, next) => {
  if (challengeOf(req) !== undefined) return next();
  note(res, { text: "running" });
  res.type("text/plain").end(`The receiver is running: point the event hook at ${HOOK_PATH}.\n`);
};

const refusePath: RequestHandler = (req, res) => {
  const isVerification = challengeOf(req) !== undefined;
  const problem = isVerification ? "Okta's verification came to the wrong path" : "not found";
  refuse(res, REFUSALS.notFound, { ...REFUSALS.notFound, problem });
};

/** Answers what reading a body throws; anything else is a fault of the receiver. */
const refuseError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { status, type, message } = fieldsOf(error);
  if (type === "request.aborted") return; // Nobody is left to answer.
  if (status === 413) return refuse(res, REFUSALS.tooLarge);
  const remedy = printable(String(message), 200);
  if (status === 400 || status === 415) {
    return refuse(res, { status, problem: "the body cannot be read", remedy });
  }
  refuse(res, REFUSALS.fault, { ...REFUSALS.fault, remedy });
};
