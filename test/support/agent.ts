/** A stand-in for the ngrok agent's local API, as ngrok documents it. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type net from "node:net";
import type { Ends } from "./transcript.js";

/** Answers a request, or fails to. */
export type Answer = (res: ServerResponse) => void;

/** How each of the two lists is answered: with a 404 when it is missing here. */
export interface Answers {
  endpoints?: Answer;
  tunnels?: Answer;
}

export interface Agent {
  /** Its host:port. */
  address: string;
  /** May be replaced at any time. */
  answers: Answers;
  /** How many look-ups have begun. Each begins with the list of endpoints. */
  asks: number;
  /** Resolves when this many more look-ups have begun, before the last of them is answered. */
  asked(times: number): Promise<void>;
  /** Stops listening, and hangs up on everybody. */
  stop(): Promise<void>;
}

/** Starts one that ends with the test, on the first of these ports that is free. */
export async function startAgent(t: Ends, answers: Answers = {}, ports = [0]): Promise<Agent> {
  const server = createServer((req, res) => {
    let answer: Answer | undefined;
    if (req.url === "/api/endpoints") {
      agent.asks += 1;
      server.emit("ask");
      answer = agent.answers.endpoints;
    }
    if (req.url === "/api/tunnels") answer = agent.answers.tunnels;
    if (answer === undefined) notFound(res);
    else answer(res);
  });
  const agent: Agent = {
    address: `127.0.0.1:${await listen(server, ...ports)}`,
    answers,
    asks: 0,
    asked: async (times) => {
      for (let left = times; left > 0; left -= 1) await once(server, "ask");
    },
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  t.after(() => agent.stop());
  return agent;
}

/** Some of the ports that `fetch` refuses: one of them is free, also beside other suites. */
export const REFUSED_BY_FETCH = [6000, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 5060, 10080];

/** Listens on the first of these ports that is free; resolves to it. */
export async function listen(server: net.Server, ...ports: number[]): Promise<number> {
  const [first = 0, ...others] = ports;
  const listening = once(server, "listening");
  server.listen(first, "127.0.0.1");
  try {
    await listening;
  } catch (error) {
    if (others.length === 0) throw error;
    return listen(server, ...others);
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Returns an item of GET /api/endpoints. */
export function endpoint(url: string, upstream: string, bindings = ["public"]) {
  return {
    id: "ep_2kFyXqKjVqIvz3RyDmDBHMmeTnW",
    name: "command_line",
    uri: "/api/endpoints/command_line",
    url,
    bindings,
    upstream: { url: upstream, protocol: "http1" },
    inspect: true,
    pooling_enabled: false,
  };
}

/** Returns an item of GET /api/tunnels. */
export function tunnel(publicUrl: string, addr: string) {
  return {
    name: "command_line",
    uri: "/api/tunnels/command_line",
    public_url: publicUrl,
    proto: publicUrl.split(":")[0],
    config: { addr, inspect: true },
    metrics: { conns: { count: 0, gauge: 0 }, http: { count: 0 } },
  };
}

/** Answers with a list of endpoints. */
export const endpoints = (...items: unknown[]): Answer =>
  json({ endpoints: items, uri: "/api/endpoints" });

/** Answers with a list of tunnels. */
export const tunnels = (...items: unknown[]): Answer =>
  json({ tunnels: items, uri: "/api/tunnels" });

export function json(value: unknown, status = 200): Answer {
  return (res) => {
    res.writeHead(status, { "content-type": "application/json" });
    res.end(JSON.stringify(value));
  };
}

/** Answers without an end. */
export const endless: Answer = (res) => {
  const more = () => {
    while (!res.destroyed && res.write(" ".repeat(100_000)));
  };
  res.on("error", () => {}).on("drain", more);
  more();
};

const notFound = json({ error_code: 100, status_code: 404, msg: "Resource not found" }, 404);
