/** The Express application: its routes, and the order of the checks. */
import express from "express";
import type { ErrorRequestHandler, Express, Request, RequestHandler } from "express";
import type { Message, Output } from "../output.js";
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../text.js";
import { announce, summarize } from "./announcements.js";
import { createAuthenticator, type Authenticator, type Credentials } from "./basic-auth.js";
import { readDelivery } from "./event-hook.js";
import { refuse, REFUSALS } from "./refusals.js";
import { createRepeatDetector } from "./repeats.js";
import { note, requestLog } from "./request-log.js";

/** 10 MB, in bytes: an event takes 1 to 5 kB, and Okta documents no limit for their number. */
const BODY_LIMIT = 10 * 1024 * 1024;

/** What to do in Okta's form when the credentials are not right. */
const HOOK_REMEDY = "paste the Authentication values printed at the start";

/** The credentials to ask for, and where the output goes. */
export interface AppOptions extends Credentials {
  /** Prints lines for created users. A delivery is acknowledged only once this has resolved. */
  print(lines: string[]): Promise<void>;
  /** Where the line for each request goes. */
  log: Output;
}

/** Creates the application, which answers Okta's verification and takes its deliveries. */
export function createApp({ print, log, ...credentials }: AppOptions): Express {
  const authenticate = createAuthenticator(credentials);
  const readBody = express.raw({ limit: BODY_LIMIT, type: () => true });
  const app = express();
  app.disable("x-powered-by");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  // ngrok's agent connects from the loopback, and names the client in X-Forwarded-For.
  app.set("trust proxy", "loopback");

  app.use(requestLog(log), requireHost);
  // Without a handler of its own, Express answers HEAD as it does GET.
  app
    .route(HOOK_PATH)
    .head(refuseMethod)
    .get(verify(authenticate))
    .post(authorize(authenticate), admitBody, readBody, parseJson, deliver(print))
    .all(refuseMethod);
  app.get("/", welcome);
  app.use(refusePath, refuseError);
  return app;
}

/** Refuses HTTP/1.1 without a Host header (RFC 9112, 3.2): Node's own answer leaves no line. */
const requireHost: RequestHandler = (req, res, next) => {
  if (req.headers.host !== undefined || req.httpVersion === "1.0") next();
  else refuse(res, REFUSALS.noHost);
};

/**
 * Answers Okta's one-time verification, for which credentials are not needed:
 * https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request
 */
function verify(authenticate: Authenticator): RequestHandler {
  return (req, res) => {
    const verification = challengeOf(req);
    if (verification === undefined) return refuse(res, REFUSALS.noChallenge);
    note(res, describeVerification(authenticate(req.headers.authorization)));
    // Not by res.json, which may answer 304 to a conditional request.
    res.type("json").end(JSON.stringify({ verification }));
  };
}

/** Credentials are not needed yet: what is wrong with them is a warning. */
function describeVerification(problem: string | undefined): Message {
  if (problem === undefined) return { text: "verified" };
  const text = "verified, but deliveries will get a 401";
  return { text, details: [`${problem}: ${HOOK_REMEDY}`], color: "yellow" };
}

function authorize(authenticate: Authenticator): RequestHandler {
  return (req, res, next) => {
    const problem = authenticate(req.headers.authorization);
    if (problem === undefined) return next();
    res.set("WWW-Authenticate", 'Basic realm="Okta", charset="UTF-8"');
    const remedy = `Okta does not retry: ${HOOK_REMEDY}`;
    refuse(res, REFUSALS.unauthorized, { problem, remedy });
  };
}

/** application/json, or a type that ends in +json (RFC 6839, 3.1). */
const JSON_TYPE = /^application\/([\w.+-]+\+)?json[ \t]*(;|$)/i;

/** Before a body is read: refuses all but JSON of at most 10 MB; answers 100-continue. */
const admitBody: RequestHandler = (req, res, next) => {
  const { "content-type": type = "", "content-length": length = 0, expect = "" } = req.headers;
  if (!JSON_TYPE.test(type)) return refuse(res, REFUSALS.notJson);
  if (Number(length) > BODY_LIMIT) return refuse(res, REFUSALS.tooLarge);
  if (/100-continue/i.test(expect) && req.httpVersion !== "1.0") res.writeContinue();
  next();
};

const utf8 = new TextDecoder();

/** JSON is UTF-8, whatever a charset says (RFC 8259, 8.1). */
const parseJson: RequestHandler = (req, res, next) => {
  const bytes: unknown = req.body;
  // Otherwise a kept-alive connection keeps the body in memory.
  req.body = undefined;
  try {
    req.body = JSON.parse(bytes instanceof Uint8Array ? utf8.decode(bytes) : "");
  } catch (error) {
    // A copy: V8's error and its message refer to the whole body.
    const remedy = structuredClone(`${fieldsOf(error).message}`);
    return refuse(res, { status: 400, problem: "the body is not valid JSON", remedy });
  }
  next();
};

/** Announces a delivery's events, and only then acknowledges it. */
function deliver(print: AppOptions["print"]): RequestHandler {
  const isRepeat = createRepeatDetector(10_000);

  return async (req, res) => {
    const delivery = readDelivery(req.body);
    // The events are read: the body is not needed any more, as in parseJson.
    req.body = undefined;
    if (delivery === undefined) return refuse(res, REFUSALS.noEvents);
    const { eventId, events } = delivery;
    const isRepeated = eventId !== undefined && isRepeat(eventId);
    const lines = announce(events);
    try {
      if (lines.length > 0) await print(lines);
    } catch {
      return refuse(res, REFUSALS.unwritten);
    }
    note(res, summarize(events, isRepeated));
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
  refuse(res, REFUSALS.notFound, { problem });
};

const challengeOf = (req: Request) => req.get("x-okta-verification-challenge");

/** Answers what reading a body throws; anything else is a fault of the receiver. */
const refuseError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { status, type, message } = fieldsOf(error);
  const remedy = `${message}`;
  // Nobody is left to answer.
  if (type === "request.aborted") return;
  if (status === 413) return refuse(res, REFUSALS.tooLarge);
  if (status !== 400 && status !== 415) return refuse(res, REFUSALS.fault, { remedy });
  refuse(res, { status, problem: "the body cannot be read", remedy });
};
