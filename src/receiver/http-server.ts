/** Connections: their time limits, what is not valid HTTP, and how all of them end. */
import http from "node:http";
import type { Server, Socket } from "node:net";
import type { Express } from "express";
import type { Output } from "../output.js";
import { fieldsOf } from "../values.js";
import { createExpressClasses } from "./fast-express.js";
import type { Locals } from "./request-log.js";

/** A server for the application, which does not listen yet. */
export interface HookServer {
  /** Node's HTTP server. */
  server: Server;
  /**
   * Accepts no more connections, drops those that are idle, and resolves when all have ended and
   * their requests have had their lines.
   *
   * @param graceMs how long what is under way may take, in milliseconds; default: 3,000
   */
  stop(graceMs?: number): Promise<void>;
}

/** Node's options. Times are in milliseconds. */
const LIMITS = {
  // For the whole request, headers and body.
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // ngrok's agent and load balancers reuse one for 60 to 90 seconds.
  keepAliveTimeout: 120_000,
};

/** A response with what its request's line says. */
type HookResponse = http.ServerResponse & { locals: Locals };

/** Creates the application's server. What does not become a request has its line in the log. */
export function createHookServer(app: Express, log: Output): HookServer {
  /** All connections, each with its latest response until that is over. */
  const connections = new Map<Socket, HookResponse | undefined>();

  const server = http.createServer({ ...LIMITS, ...createExpressClasses(app) }, (req, res) => {
    const { socket } = req;
    connections.set(socket, res);
    res.on("close", settle);
    req.on("close", settle);

    /** A request that was refused before its body had come is over when that has come, too. */
    function settle(): void {
      if (!req.complete || !res.writableFinished) return;
      if (connections.get(socket) === res) connections.set(socket, undefined);
      if (!server.listening) server.closeIdleConnections();
    }

    req.url = toPathAndQuery(req.url ?? "");
    app(req, res);
  });

  server.on("connection", (socket) => {
    connections.set(socket, undefined);
    socket.on("close", () => connections.delete(socket));
    // From its first moment: an error that nobody listens for ends the process.
    socket.on("error", () => {});
  });

  server.on("clientError", (error, socket: Socket) => {
    const res = connections.get(socket);
    // Browsers open connections in advance, and may never send anything on them.
    if (!socket.writable || socket.bytesRead === 0) socket.destroy();
    else if (res === undefined) refuseConnection(socket, describeClientError(error), log);
    else endFaultyRequest(res, describeClientError(error));
  });

  async function stop(graceMs = 3_000): Promise<void> {
    server.close();
    const sockets = [...connections.keys()];
    const ended = sockets.map((socket) => new Promise((resolve) => socket.on("close", resolve)));
    for (const socket of sockets) {
      if (socket.bytesRead === 0) socket.destroy();
    }
    const cutOff = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
    await Promise.all(ended);
    clearTimeout(cutOff);
  }

  return { server, stop };
}

// A client may send a whole URL (RFC 9112, 3.2.2). Where Express cannot parse a target, such as one
// with a fragment or a character beyond ASCII, it calls no handler.
const NOT_IN_TARGET = /^https?:\/\/[^/?#]*|#.*|[^!-~]/gi;

function toPathAndQuery(target: string): string {
  const rest = target.replace(NOT_IN_TARGET, "");
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** What Node's parser refuses: the status of the answer, and what it probably was. */
interface ClientError {
  status: number;
  problem: string;
  remedy?: string;
}

function describeClientError(error: Error): ClientError {
  const { code, reason, rawPacket } = fieldsOf(error);
  if (code === "HPE_HEADER_OVERFLOW") return { status: 431, problem: "the headers are over 16 KB" };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { status: 408, problem: "not whole after 10 seconds" };
  }
  if (code === "HPE_INVALID_EOF_STATE") return { status: 400, problem: "the request was cut off" };
  // How TLS begins: RFC 8446, 5.1.
  if (rawPacket instanceof Uint8Array && rawPacket[0] === 0x16) {
    const remedy = "Use http:// here. ngrok: ngrok http, without https:// before the port.";
    return { status: 400, problem: "https came to this http port", remedy };
  }
  return { status: 400, problem: `not valid HTTP (${reason ?? code})` };
}

/** Refuses what did not become a request. */
function refuseConnection(socket: Socket, error: ClientError, log: Output): void {
  const { status, problem, remedy } = error;
  const details = [`from ${socket.remoteAddress}`, ...(remedy === undefined ? [] : [remedy])];
  log.say({ text: `No request, ${status}: ${problem}`, details, color: "red" });
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

/** Ends a request whose rest is missing or broken, or that something broken follows. */
function endFaultyRequest(res: HookResponse, { status, problem }: ClientError): void {
  const { req } = res;
  const isUnanswered = !res.headersSent && !req.complete;
  if (isUnanswered) {
    res.locals.message = { text: problem, color: "red" };
    res.writeHead(status, { Connection: "close", "Content-Length": 0 }).end();
  } else if (res.writableFinished) {
    // It was refused, and the rest of its body does not come.
    req.socket.destroySoon();
  } else if (res.shouldKeepAlive) {
    // A whole request still gets its answer. Then the connection closes: nothing can follow.
    res.shouldKeepAlive = false;
    res.once("close", () => req.socket.destroySoon());
  }
}
