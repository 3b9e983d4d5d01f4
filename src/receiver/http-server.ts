/** Connections: their time limits, what is not valid HTTP, and how all of them end. */
import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Express } from "express";
import type { Output } from "../output.js";
import { fieldsOf, printable } from "../text.js";
import { note } from "./request-log.js";

const OPTIONS = {
  requestTimeout: 10_000, // In milliseconds, with the headers and the body.
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 120_000, // ngrok's agent and load balancers reuse one for 60 to 90 seconds.
  requireHostHeader: false, // The application asks for it, and leaves a line.
};

/** Creates the application's server, which does not listen yet. */
export function createHttpServer(app: Express, log: Output): http.Server {
  const latest = new WeakMap<Socket, http.ServerResponse>();

  function handle(req: http.IncomingMessage, res: http.ServerResponse): void {
    latest.set(req.socket, res);
    req.url = toPathAndQuery(req.url ?? "");
    app(req, res);
  }

  const server = http.createServer({ ...OPTIONS, ...classesOf(app) }, handle);
  // Without these two, Node would ask for a body before the credentials are checked, and refuse
  // other expectations without a line.
  server.on("checkContinue", handle).on("checkExpectation", handle);
  server.on("connect", ({ socket }) => {
    socket.on("error", () => {}); // Node no longer listens for its errors.
    refuseConnection(socket, { status: 405, text: "CONNECT is for proxies" }, log);
  });
  server.on("clientError", (error, socket: Socket) => {
    if (fieldsOf(error).code === "HPE_CLOSED_CONNECTION") return; // It comes after the last request.
    const fault = describeFault(error);
    const res = latest.get(socket);
    // Browsers open connections in advance, and may never send anything on them.
    if (!socket.writable || socket.bytesRead === 0) socket.destroy();
    else if (res === undefined || res.writableEnded) refuseConnection(socket, fault, log);
    else endFaultyRequest(res, fault);
  });
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
const TARGET = /^(?:https?:\/\/[^/?#]*)?(?<pathAndQuery>[^#]*)/i;

/** Reduces a request target to what Express expects: it fails on some other forms. */
function toPathAndQuery(target: string): string {
  const { pathAndQuery = "" } = TARGET.exec(target)?.groups ?? {};
  return pathAndQuery.startsWith("/") ? pathAndQuery : `/${pathAndQuery}`;
}

/** Why Node's parser refused what arrived. */
interface Fault {
  status: number;
  text: string;
}

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
  const text = `not valid HTTP (${printable(String(reason ?? code), 80)})`;
  return FAULTS.get(code) ?? { status: 400, text };
}

/** Ends a request whose rest is faulty, or that something faulty follows. */
function endFaultyRequest(res: http.ServerResponse, { status, text }: Fault): void {
  res.shouldKeepAlive = false;
  if (res.req.complete) return; // It gets its answer; what follows it gets none.
  if (res.headersSent) {
    res.end(() => res.req.socket.destroySoon()); // It is refused already.
  } else {
    note(res, { text });
    res.writeHead(status, { "Content-Length": 0 }).end();
  }
}

/** Refuses what did not become a request. */
function refuseConnection(socket: Socket, { status, text }: Fault, log: Output): void {
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
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close();
  await once(server, "close");
  await nextTurn(); // The requests that were cut off print their lines first.
  clearInterval(sweep);
  clearTimeout(cutOff);
}
