/** One HTTP exchange, bounded in time and size: with ngrok's agent, and with a receiver. */
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";

// Not fetch: it refuses some 80 ports on which a receiver or an agent may well listen.

/** What to send, and how long to wait. */
export interface Exchange {
  /** Default: GET. */
  method?: string;
  /** By their names in lower case. */
  headers?: Record<string, string>;
  /** Default: none. */
  body?: string | undefined;
  /** How long the whole answer may take, in milliseconds. */
  limitMs: number;
}

/** A whole answer. */
export interface Answer {
  /** The HTTP status. */
  status: number;
  /** By their names in lower case. */
  headers: IncomingHttpHeaders;
  /** The body, decoded as UTF-8. */
  text: string;
}

/** The code of the error for an answer that is too large. */
export const TOO_LARGE = "ERR_ANSWER_TOO_LARGE";

/** How long an answer's body may be, in characters. */
const SIZE_LIMIT = 1_000_000;

/**
 * Sends a request, and resolves to its answer; a redirect is one. Rejects with Node's error, with
 * a TimeoutError when it is late, or with TOO_LARGE when the body is over 1 MB.
 */
export async function exchange(url: URL, options: Exchange): Promise<Answer> {
  const signal = AbortSignal.timeout(options.limitMs);
  try {
    const response = await request(url, options, signal);
    const text = await readText(response);
    // An answer that ends with its connection looks whole when that was cut off.
    signal.throwIfAborted();
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function request(url: URL, options: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
  const { request: send } = url.protocol === "https:" ? https : http;
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, signal, agent: false }, resolve);
    sent.on("error", reject);
    // After a 101 there is neither an error nor a response.
    sent.on("close", () => reject(Object.assign(new Error("no answer"), { code: "ECONNRESET" })));
    sent.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > SIZE_LIMIT) {
      throw Object.assign(new Error("the answer is over 1 MB"), { code: TOO_LARGE });
    }
  }
  return text;
}
