/** Connections: how long each may take, what one without HTTP hears, and how all of them end. */
import { createServer, IncomingMessage, ServerResponse, STATUS_CODES } from "node:http";
import type { RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import type { Express } from "express";
import { logLine, refuse } from "./answers.js";
import type { Write } from "./output.js";

const NO_HTTP: [status: number, error: string] = [400, "This is no HTTP request: send plain HTTP."];
const FAULTS: Record<string, typeof NO_HTTP> = {
  HPE_HEADER_OVERFLOW: [431, "The headers are over 16 KB: send less."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request took over 10 seconds to arrive: send it faster."],
  HPE_INVALID_EOF_STATE: [400, "The request broke off: send it whole."],
};

/** Takes what answers requests and where lines go. Returns a server that does not listen yet. */
export function createHttpServer(app: Express, log: Write) {
  // Express changes the prototype of each request and response, which V8 then cannot optimise.
  // Born with the prototypes that Express would give them, they take a third of the time.
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });

  const latest = new Map<Duplex, ServerResponse | undefined>();
  const handle: RequestListener = (req, res) => {
    latest.set(req.socket, res);
    // A whole URL is as good as a path (RFC 9112, 3.2.2), but a malformed one trips Express.
    if (!req.url?.startsWith("/")) {
      req.url = /^https?:\/\/[^/]+(\/.*)$/i.exec(req.url ?? "")?.[1] ?? "/*";
    }
    app(req, res);
  };
  const options = {
    IncomingMessage: AppRequest,
    ServerResponse: AppResponse,
    headersTimeout: 10_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 120_000, // ngrok's agent and balancers reuse a connection for 60 to 90 seconds.
    requireHostHeader: false, // The application asks for it, and says so.
  };
  const server = createServer(options, handle);
  // Without these, Node asks strangers for their body, and refuses what it does not expect itself.
  server.on("checkContinue", handle).on("checkExpectation", handle);
  server.on("connection", (socket) => {
    latest.set(socket, undefined);
    socket.on("close", () => latest.delete(socket));
  });
  server.on("clientError", (fault: NodeJS.ErrnoException, socket) => {
    const [status, error] = FAULTS[fault.code ?? ""] ?? NO_HTTP;
    const res = latest.get(socket);
    if (!socket.writable) {
      socket.destroy();
    } else if (res && !res.writableEnded) {
      // A request that did arrive whole gets its answer, and what follows it gets none.
      res.shouldKeepAlive = false;
      if (!res.req.complete) refuse(res, status, error);
    } else {
      const body = JSON.stringify({ error });
      const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close`;
      const type = `Content-Type: application/json\r\nContent-Length: ${body.length}`;
      socket.end(`${head}\r\n${type}\r\n\r\n${body}`, () => socket.destroy());
      log(`${logLine(`- - ${status}`, error)}\n`);
    }
  });

  /** Accepts no more, drops what idles, and gives the rest `grace` milliseconds to finish. */
  const stop = (grace: number) =>
    new Promise<void>((resolve) => {
      const sweep = setInterval(() => {
        for (const [socket, res] of latest) if (!res || res.writableFinished) socket.destroy();
      }, 20);
      const cutOff = setTimeout(() => server.closeAllConnections(), grace);
      server.close(() => resolve([sweep, cutOff].forEach(clearTimeout)));
    });
  return { server, stop };
}
