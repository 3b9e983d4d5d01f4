/** One HTTP exchange with a server that may be absent, slow, broken or hostile. */
import http, { type IncomingHttpHeaders } from "node:http";
import https, { type RequestOptions } from "node:https";

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string };

/** Resolves to the answer, a redirect included. Rejects when none comes in time, or one over 1 MB. */
export function exchange(url: URL, options: RequestOptions, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const sent = request(url, options, (response) => {
      const { statusCode: status = 0, headers } = response;
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.length <= 1024 * 1024) return;
        reject(new Error("the answer is over 1 MB"));
        sent.destroy();
      });
      response.on("error", reject).on("end", () => resolve({ status, headers, text }));
    });
    sent.on("error", reject).end(body);
  });
}
