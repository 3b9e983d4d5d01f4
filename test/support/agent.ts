/** A stand-in for the ngrok agent's local API, as ngrok documents it. */
import assert from "node:assert/strict";
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
  /** Resolves when this many more look-ups have begun, each with the list of endpoints. */
  asked(times: number): Promise<void>;
  /** Stops listening, and hangs up on everybody. */
  stop(): Promise<void>;
}

/** Starts one that ends with the test. */
export async function startAgent(t: Ends, answers: Answers = {}): Promise<Agent> {
  const server = createServer((req, res) => {
    const { endpoints: first, tunnels: second } = agent.answers;
    const isFirst = req.url === "/api/endpoints";
    if (isFirst) server.emit("ask");
    const answer = (isFirst ? first : second) ?? notFound;
    answer(res);
  });
  const agent: Agent = {
    address: `127.0.0.1:${await listen(server)}`,
    answers,
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

/** Makes a server listen on a free port; resolves to it. */
export async function listen(server: net.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** Returns an item of GET /api/endpoints. */
export function endpoint(url: string, upstream: string, bindings = ["public"]) {
  return { name: "command_line", url, bindings, upstream: { url: upstream, protocol: "http1" } };
}

/** Returns an item of GET /api/tunnels. */
export function tunnel(publicUrl: string, addr: string) {
  return { name: "command_line", public_url: publicUrl, config: { addr, inspect: true } };
}

/** Answers with a list of endpoints. */
export const endpoints = (...items: unknown[]): Answer => json({ endpoints: items });

/** Answers with a list of tunnels. */
export const tunnels = (...items: unknown[]): Answer => json({ tunnels: items });

export const json = (value: unknown, status = 200): Answer =>
  text(JSON.stringify(value), status, { "content-type": "application/json" });

/** Answers with any text, as another program may. */
export const text =
  (body: string, status = 200, headers: Record<string, string> = {}): Answer =>
  (res) =>
    void res.writeHead(status, headers).end(body);

const notFound = json({ error_code: 100, status_code: 404, msg: "Resource not found" }, 404);
