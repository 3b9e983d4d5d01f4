/** A stand-in for the ngrok agent's local API, as ngrok documents it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Ends } from "./process.js";

export interface Agent {
  address: string;
  /** What each path answers: a value as JSON, or a function that answers in its own way; else a 404. */
  answers: Record<string, unknown>;
  /** Resolves once this many more look-ups have been answered whole. */
  asked(times: number): Promise<void>;
  stop(): Promise<void>;
  /** Listens again at the same address. */
  start(): Promise<void>;
}

export async function startAgent(t: Ends, answers: Record<string, unknown> = {}): Promise<Agent> {
  const asks = new Set<(req: IncomingMessage) => void>();
  const sockets = new Set<Socket>();
  let port = 0;
  const answer: RequestListener = (req, res) => {
    for (const ask of [...asks]) ask(req);
    const found = agent.answers[req.url ?? ""];
    if (typeof found === "function") return void found(res);
    res.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    res.end(
      JSON.stringify(found ?? { error_code: 100, status_code: 404, msg: "The requested URL was not found" }),
    );
  };
  const server = createServer(answer).on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  const agent: Agent = {
    address: "",
    answers,
    asked: (times) =>
      new Promise((resolve) => {
        let left = times;
        const ask = (req: IncomingMessage) => {
          if (req.url !== "/api/endpoints") return;
          left -= 1;
          if (left > 0) return;
          asks.delete(ask);
          resolve();
        };
        asks.add(ask);
      }),
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, "close");
    },
    start: async () => {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (typeof address === "object" && address) port = address.port;
      agent.address = `127.0.0.1:${port}`;
    },
  };
  t.after(() => agent.stop());
  await agent.start();
  return agent;
}

/** Returns what GET /api/endpoints lists. */
export function endpoints(...list: [url: string, upstream: string][]) {
  return {
    endpoints: list.map(([url, upstream], index) => ({
      id: `ep_${index}`,
      name: "command_line",
      url,
      upstream: { url: upstream, protocol: "http1" },
      pooling_enabled: false,
    })),
    uri: "/api/endpoints",
  };
}

/** Returns what GET /api/tunnels lists. */
export function tunnels(...list: [url: string, addr: string][]) {
  return {
    tunnels: list.map(([public_url, addr]) => ({
      name: "command_line",
      uri: "/api/tunnels/command_line",
      public_url,
      proto: public_url.split(":")[0],
      config: { addr, inspect: true },
      metrics: { conns: { count: 0, gauge: 0 } },
    })),
    uri: "/api/tunnels",
  };
}

export type Answering = (res: ServerResponse) => void;
