/** Connections: their time limits, what is not valid HTTP, and how all of them end. */
import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Express } from "express";
import type { Output } from "../output.js";
import { fieldsOf } from "../text.js";
import { note } from "./request-log.js";

/** Node's options. Times are in milliseconds. */
const OPTIONS = {
  // For the whole request, headers and body.
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // ngrok's agent and load balancers reuse one for 60 to 90 seconds.
  keepAliveTimeout: 120_000,
  // The application checks it itself, so that a refusal has a line.
  requireHostHeader: false,
};

/** Creates the application's server, which does not listen yet. */
export function createHttpServer(app: Express, log: Output): http.Server {
  const latest = new WeakMap<Socket, http.ServerResponse>();

  function handle(req: http.IncomingMessage, res: http.ServerResponse) {
    latest.set(req.socket, res);
    req.url = toPathAndQuery(req.url ?? "");
    app(req, res);
  }

  function refuseFault(socket: Socket, fault: Fault) {
    const res = latest.get(socket);
    // Browsers open connections in advance, and may never send anything on them.
    if (!socket.writable || socket.bytesRead === 0) socket.destroy();
    else if (res === undefined || res.closed) refuseConnection(socket, fault, log);
    else endFaultyRequest(res, fault);
  }

  const server = http.createServer({ ...OPTIONS, ...classesOf(app) }, handle);
  // From its first moment: Node takes its own listener away from a socket that it hands over, and
  // an error that nobody listens for ends the process.
  server.on("connection", (socket) => socket.on("error", () => {}));
  // Without these two, Node would ask for a body before the credentials are checked, and refuse
  // other expectations without a line.
  server.on("checkContinue", handle).on("checkExpectation", handle);
  server.on("clientError", (error, socket: Socket) => refuseFault(socket, describeFault(error)));
  return server;
}

/**
 * Express changes the prototype of each request and response, which V8 cannot optimise: the
 * benchmark shows it. Those that are born with Express's prototypes need no change.
 */
function classesOf(app: Express) {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse extends http.ServerResponse {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

// A client may send a whole URL (RFC 9112, 3.2.2); a fragment (#) is not part of a request target.
const AROUND_PATH = /^https?:\/\/[^/?#]*|#.*/gi;

/** Reduces a request target to what Express expects: it fails on some other forms. */
function toPathAndQuery(target: string): string {
  const rest = target.replace(AROUND_PATH, "");
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** A refusal by the server itself, of what the application cannot answer. */
type Fault = { status: number; text: string };

const FAULTS = new Map<unknown, Fault>([
  ["HPE_HEADER_OVERFLOW", { status: 431, text: "the headers are over 16 KB" }],
  ["ERR_HTTP_REQUEST_TIMEOUT", { status: 408, text: "the request timed out after 10 seconds" }],
  ["HPE_INVALID_EOF_STATE", { status: 400, text: "the request was cut off" }],
]);

/** How a TLS connection begins (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;

function describeFault(error: Error): Fault {
  const { code, reason, rawPacket } = fieldsOf(error);
  const isTls = rawPacket instanceof Uint8Array && rawPacket[0] === TLS_HANDSHAKE;
  if (isTls) return { status: 400, text: "https was sent to an http port: use http://" };
  const text = `not valid HTTP (${reason ?? code})`;
  return FAULTS.get(code) ?? { status: 400, text };
}

/** Ends a request whose rest is faulty, or that something faulty follows. */
function endFaultyRequest(res: http.ServerResponse, { status, text }: Fault) {
  // Headers may have promised to keep the connection: it is closed all the same, after the answer.
  if (res.shouldKeepAlive) res.on("close", () => res.req.socket.destroySoon());
  res.shouldKeepAlive = false;
  // A complete request still gets its answer; what follows it gets none.
  if (res.req.complete) return;
  // Headers that were sent are a refusal's: only its end is missing.
  if (!res.headersSent) {
    note(res, { text });
    res.writeHead(status, { "Content-Length": 0 });
  }
  res.end();
}

/** Refuses what did not become a request. */
function refuseConnection(socket: Socket, { status, text }: Fault, log: Output) {
  const details = [`from ${socket.remoteAddress}`];
  void log.write(log.format({ text: `- - ${status}: ${text}`, details, color: "red" }));
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

/**
 * Accepts no more connections, drops those that are idle, and resolves when the others have ended.
 *
 * @param graceMs after how many milliseconds the others are cut off
 */
export async function stopServer(server: http.Server, graceMs: number): Promise<void> {
  // Node drops a connection whose answer was under way only when asked again.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  server.close();
  await Promise.race([once(server, "close"), sleep(graceMs)]);
  server.closeAllConnections();
  // The requests that were cut off print their lines first.
  await nextTurn();
  clearInterval(sweep);
}
