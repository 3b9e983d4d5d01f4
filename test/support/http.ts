/** HTTP as a client speaks it: whole requests, and raw bytes for those that no client would send. */
import { once } from "node:events";
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import net from "node:net";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Request {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  agent?: http.Agent;
}

/** Sends a request, on a connection of its own unless an agent is given; resolves to the whole answer. */
export async function send(
  url: string,
  { method = "GET", headers, body, agent }: Request = {},
): Promise<Answer> {
  const request = http.request(url, { method, headers: headers ?? {}, agent: agent ?? false });
  request.end(body);
  const [response] = await new Promise<[http.IncomingMessage]>((resolve, reject) => {
    request.on("response", (...args) => resolve(args)).on("error", reject);
  });
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

/** Opens a connection; its errors are the receiver's right, and so no test's failure. */
export async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {}).on("end", () => socket.end());
  await once(socket, "connect");
  return socket;
}

/** Resolves to everything that arrives until the connection closes. Rejects when it stays open. */
export async function drain(socket: net.Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(120_000) });
  return text;
}

/** Sends bytes and resolves to everything that comes back until the receiver closes. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await connect(port);
  socket.write(bytes);
  return drain(socket);
}
