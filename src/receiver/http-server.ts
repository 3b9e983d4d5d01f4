/** Connections: their time limits, what is not valid HTTP, and how all of them end. */
import { once } from "node:events";
import http from "node:http";
import type { Server, Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Express } from "express";
import type { Message, Output } from "../output.js";
import { fieldsOf } from "../values.js";
import { note } from "./request-log.js";

/** A server for the application, which does not listen yet. */
export interface HookServer {
  /** Node's HTTP server. */
  server: Server;
  /**
   * Accepts no more connections, drops those that are idle, and resolves when the others have ended.
   *
   * @param graceMs after how many milliseconds the others are cut off; default: GRACE_MS
   */
  stop(graceMs?: number): Promise<void>;
}

/** How long requests under way may take to finish at a stop, in milliseconds. */
export const GRACE_MS = 3_000;

/** Node's options. Times are in milliseconds. */
const OPTIONS = {
  // For the whole request, headers and body.
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // ngrok's agent and load balancers reuse one for 60 to 90 seconds.
  keepAliveTimeout: 120_000,
};

/** Creates the application's server. What does not become a request has its line in the log. */
export function createHookServer(app: Express, log: Output): HookServer {
  const { AppRequest, AppResponse } = createClasses(app);
  type ExpressResponse = InstanceType<typeof AppResponse>;
  /** All connections, each with its latest response while that is under way. */
  const connections = new Map<Socket, ExpressResponse | undefined>();

  function admit(socket: Socket): void {
    connections.set(socket, undefined);
    socket.on("close", () => connections.delete(socket));
    // From its first moment: Node takes its own listener away from a socket that it hands over, and
    // an error that nobody listens for ends the process.
    socket.on("error", () => {});
  }

  function handle(req: http.IncomingMessage, res: ExpressResponse): void {
    const { socket } = req;
    connections.set(socket, res);
    res.on("close", () => {
      // What a response refers to would stay in memory as long as its connection.
      if (connections.get(socket) === res) connections.set(socket, undefined);
      // A stop that began meanwhile has not seen this connection idle.
      if (!server.listening) server.closeIdleConnections();
    });
    req.url = toPathAndQuery(req.url ?? "");
    app(req, res);
  }

  function handleFault(error: Error, socket: Socket): void {
    const res = connections.get(socket);
    const fault = describeFault(error);
    // Browsers open connections in advance, and may never send anything on them.
    if (!socket.writable || socket.bytesRead === 0) socket.destroy();
    else if (res === undefined) refuseConnection(socket, fault, log);
    else endFaultyRequest(res, fault);
  }

  async function stop(graceMs = GRACE_MS): Promise<void> {
    server.close();
    for (const socket of connections.keys()) {
      if (socket.bytesRead === 0) socket.destroy();
    }
    await Promise.race([once(server, "close"), sleep(graceMs, undefined, { ref: false })]);
    server.closeAllConnections();
    // The requests that were cut off print their lines first.
    await nextTurn();
  }

  const options = { ...OPTIONS, IncomingMessage: AppRequest, ServerResponse: AppResponse };
  const server = http.createServer(options, handle);
  server.on("connection", admit);
  // Without these two, Node would ask for a body before the credentials are checked, and refuse
  // other expectations without a line.
  server.on("checkContinue", handle).on("checkExpectation", handle);
  server.on("clientError", handleFault);
  return { server, stop };
}

/**
 * Express changes the prototype of each request and response, which V8 cannot optimise: a delivery
 * would take four times the processor time. Those born with Express's prototypes need no change.
 */
function createClasses(app: Express) {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse extends http.ServerResponse {
    /** Express's own, which it leaves alone when it is there. */
    locals: { message?: Message } = {};
  }
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { AppRequest, AppResponse };
}

// A client may send a whole URL (RFC 9112, 3.2.2); a fragment (#) is not part of a request target.
const AROUND_PATH = /^https?:\/\/[^/?#]*|#.*/gi;

/** Reduces a request target to what Express expects: it fails on some other forms. */
function toPathAndQuery(target: string): string {
  const rest = target.replace(AROUND_PATH, "");
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** What Node's parser refuses: the status of the answer, and what it probably was. */
interface Fault {
  status: number;
  problem: string;
  remedy?: string;
}

const FAULTS = new Map<unknown, Fault>([
  ["HPE_HEADER_OVERFLOW", { status: 431, problem: "the headers are over 16 KB" }],
  ["ERR_HTTP_REQUEST_TIMEOUT", { status: 408, problem: "not whole after 10 seconds" }],
  ["HPE_INVALID_EOF_STATE", { status: 400, problem: "the request was cut off" }],
]);

/** Other protocols, by how they begin: RFC 8446, 5.1; RFC 9113, 3.4; haproxy.org's PROXY protocol. */
const PROTOCOLS: { beginning: RegExp; problem: string; remedy: string }[] = [
  {
    beginning: /^\x16/,
    problem: "https came to this http port",
    remedy: "Use http:// here. ngrok: ngrok http, without https:// before the port.",
  },
  {
    beginning: /^PRI \* HTTP\/2/,
    problem: "HTTP/2 came to this HTTP/1.1 port",
    remedy: "Leave upstream.protocol http2 out of ngrok's configuration.",
  },
  {
    beginning: /^(PROXY (TCP|UNKNOWN)|\r\n\r\n\0\r\nQUIT)/,
    problem: "the PROXY protocol came to this http port",
    remedy: "Leave proxy_protocol out of ngrok's configuration.",
  },
];

function describeFault(error: Error): Fault {
  const { code, reason, rawPacket } = fieldsOf(error);
  const bytes = rawPacket instanceof Uint8Array ? rawPacket.subarray(0, 20) : [];
  const beginning = String.fromCharCode(...bytes);
  const protocol = PROTOCOLS.find((each) => each.beginning.test(beginning));
  if (protocol !== undefined) return { status: 400, ...protocol };
  const problem = `not valid HTTP (${reason ?? code})`;
  return FAULTS.get(code) ?? { status: 400, problem };
}

/** Ends a request whose rest is faulty, or that something faulty follows. */
function endFaultyRequest(res: http.ServerResponse & { locals: object }, fault: Fault): void {
  // Headers may have promised to keep the connection: it is closed all the same, after the answer.
  if (res.shouldKeepAlive) res.on("close", () => res.req.socket.destroySoon());
  res.shouldKeepAlive = false;
  // A complete request still gets its answer; what follows it gets none.
  if (res.req.complete) return;
  // Headers that were sent are a refusal's: only its end is missing.
  if (!res.headersSent) {
    note(res, { text: fault.problem, color: "red" });
    res.writeHead(fault.status, { "Content-Length": 0 });
  }
  res.end();
}

/** Refuses what did not become a request. */
function refuseConnection(socket: Socket, { status, problem, remedy }: Fault, log: Output): void {
  const details = [`from ${socket.remoteAddress}`, ...(remedy === undefined ? [] : [remedy])];
  log.say({ text: `No request, ${status}: ${problem}`, details, color: "red" });
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}
