/** The Express application: its routes, and the order of the checks. */
import express from "express";
import type { ErrorRequestHandler, Express, Request, RequestHandler } from "express";
import type { Message, Output } from "../output.js";
import { HOOK_PATH } from "../settings.js";
import { fieldsOf } from "../values.js";
import { announce, ANNOUNCEMENTS, type Announcements } from "./announcements.js";
import {
  createMistakeFinder,
  type Credentials,
  type Mistake,
  type MistakeFinder,
} from "./basic-auth.js";
import { readDelivery } from "./event-hook.js";
import { createRepeatDetector } from "./repeats.js";
import {
  fail,
  JSON_TYPE,
  NO_CHALLENGE,
  REFUSALS,
  refuse,
  sendReply,
  type Reply,
} from "./replies.js";
import { requestLog } from "./request-log.js";
import { summarize } from "./summary.js";

/** 10 MB, in bytes: an event takes 1 to 5 kB, and Okta documents no limit for their number. */
const BODY_LIMIT = 10 * 1024 * 1024;

/** How many deliveries are remembered, to tell a repeat. */
const REMEMBERED_DELIVERIES = 10_000;

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

/** A check or a handler: replies to a request, or passes it on with undefined. */
type Handler = (req: Request) => Reply | undefined | Promise<Reply>;

/** Creates the application, which answers Okta's verification and takes its deliveries. */
export function createApp(options: AppOptions): Express {
  const { log, showPayload = false } = options;
  const findMistake = createMistakeFinder(options);
  const readBody = express.raw({ limit: BODY_LIMIT, type: () => true });
  const app = express();
  app.disable("x-powered-by");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  // ngrok's agent connects from the loopback, and names the client in X-Forwarded-For.
  app.set("trust proxy", "loopback");

  app.use(requestLog(log, showPayload));
  // Without a handler of its own, Express answers HEAD as it does GET. refuseBody hears of the
  // errors of what stands before it, and so of none in an entry.
  app
    .route(HOOK_PATH)
    .head(answer(refuseMethod))
    .get(answer(verify(findMistake)))
    .post(answer(authorize(findMistake), admitBody), askForBody, readBody, refuseBody)
    .post(answer(deliver(options)))
    .all(answer(refuseMethod));
  app.get("/", answer(welcome));
  app.use(answer(refusePath), handleMistake);
  return app;
}

/** Sends the first reply that the handlers give; without one the request is passed on. */
function answer(...handlers: Handler[]): RequestHandler {
  return (req, res, next) => {
    for (const handle of handlers) {
      const reply = handle(req);
      // To wait for every reply would cost more than most checks. Express takes some values that
      // may be thrown for its own, such as "route": it does not see them.
      if (reply instanceof Promise) {
        return reply.catch(fail).then((awaited) => sendReply(res, awaited));
      }
      if (reply !== undefined) return sendReply(res, reply);
    }
    next();
  };
}

/**
 * Answers Okta's one-time verification, for which credentials are not needed:
 * https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request
 */
function verify(findMistake: MistakeFinder): Handler {
  let isNextStepTold = false;

  return (req) => {
    const verification = challengeOf(req);
    if (verification === undefined) return NO_CHALLENGE;
    const mistake = findMistake(req.headers.authorization);
    const details = isNextStepTold ? [] : [AFTER_VERIFICATION];
    isNextStepTold ||= mistake === undefined;
    return {
      status: 200,
      headers: JSON_TYPE,
      body: JSON.stringify({ verification }),
      message: mistake === undefined ? { text: "verified", details } : warnOf(mistake),
    };
  };
}

const AFTER_VERIFICATION =
  "Now create a user in Okta. Its event comes within seconds, sometimes minutes.";

function warnOf({ problem, remedy }: Mistake): Message {
  const text = "verified, but deliveries will get a 401";
  return { text, details: [`${problem}. ${remedy}`], color: "yellow" };
}

function authorize(findMistake: MistakeFinder): Handler {
  return (req) => {
    const mistake = findMistake(req.headers.authorization);
    if (mistake === undefined) return undefined;
    const { headers, ...reply } = REFUSALS.unauthorized;
    return {
      ...reply,
      headers: { ...headers, "WWW-Authenticate": 'Basic realm="Okta", charset="UTF-8"' },
      message: {
        text: mistake.problem,
        details: [`Okta does not retry. ${mistake.remedy}`],
        color: "red",
      },
    };
  };
}

/** application/json, or a type that ends in +json (RFC 6839, 3.1). */
const JSON_CONTENT = /^application\/([\w.+-]+\+)?json[ \t]*(;|$)/i;

/** Before a body is read: refuses all but JSON of at most 10 MB. */
const admitBody: Handler = ({ headers }) => {
  const { "content-type": type = "", "content-length": length = 0 } = headers;
  if (!JSON_CONTENT.test(type)) return REFUSALS.notJson;
  return Number(length) > BODY_LIMIT ? REFUSALS.tooLarge : undefined;
};

/** Answers an Expect: 100-continue, now that the credentials are known to be right. */
const askForBody: RequestHandler = (req, res, next) => {
  const isExpected = /100-continue/i.test(req.headers.expect ?? "");
  if (isExpected && req.httpVersion !== "1.0") res.writeContinue();
  next();
};

/** Announces a delivery's events, and only then acknowledges it. */
function deliver({ print, announcements = ANNOUNCEMENTS }: AppOptions): Handler {
  const isRepeat = createRepeatDetector(REMEMBERED_DELIVERIES);

  return async (req) => {
    const body = parseJson(req.body);
    if ("problem" in body) return refuse(400, "the body is not valid JSON", body.problem);
    const delivery = readDelivery(body.value);
    if (delivery === undefined) return REFUSALS.noEvents;
    const { eventId, events } = delivery;
    const lines = announce(events, announcements);
    const message = summarize(events, announcements);
    try {
      if (lines.length > 0) await print(lines);
    } catch {
      return REFUSALS.unwritten;
    }
    const isRepeated = eventId !== undefined && isRepeat(eventId);
    const text = isRepeated ? `${message.text}, a repeat` : message.text;
    return { status: 200, message: { ...message, text } };
  };
}

const utf8 = new TextDecoder();

/** JSON is UTF-8, whatever a charset says (RFC 8259, 8.1). */
function parseJson(bytes: unknown): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(bytes instanceof Uint8Array ? utf8.decode(bytes) : "") };
  } catch (error) {
    return { problem: `${fieldsOf(error).message}` };
  }
}

const refuseMethod: Handler = () => {
  const { headers, ...reply } = REFUSALS.wrongMethod;
  return { ...reply, headers: { ...headers, Allow: "GET, POST" } };
};

/** For a person with a browser. Okta's verification here lacks its path. */
const welcome: Handler = (req) => {
  if (challengeOf(req) !== undefined) return undefined;
  return {
    status: 200,
    headers: { "Content-Type": "text/plain; charset=utf-8" },
    body: `The receiver is running: point the event hook at ${HOOK_PATH}.\n`,
    message: { text: "running" },
  };
};

const refusePath: Handler = (req) => {
  const { message, ...reply } = REFUSALS.notFound;
  if (challengeOf(req) !== undefined) {
    return {
      ...reply,
      message: { ...message, text: "Okta's verification came to the wrong path" },
    };
  }
  // Browsers ask for it by themselves.
  if (req.path === "/favicon.ico") return { ...reply, message: { text: "not found" } };
  return { ...reply, message };
};

const challengeOf = (req: Request) => req.get("x-okta-verification-challenge");

/** Answers what reading a body throws. */
const refuseBody: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const { status, type, message } = fieldsOf(error);
  // Nobody is left to answer.
  if (type === "request.aborted") return;
  if (status === 413) sendReply(res, REFUSALS.tooLarge);
  else if (status === 400 || status === 415) {
    sendReply(res, refuse(status, "the body cannot be read", `${message}`));
  } else next(error);
};

/** Answers a mistake in our own code. */
const handleMistake: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  sendReply(res, fail(error));
};
