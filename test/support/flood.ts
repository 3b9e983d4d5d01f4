/** Many requests at once: their lines are more than a pipe and the log's limit hold. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "./http.js";

/** Asks over one connection for what is not there, each time with a long path. */
export async function flood(url: string, requests: number): Promise<void> {
  const socket = await connect(Number(new URL(url).port));
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  const closed = once(socket, "close");
  socket.end(`GET /${"x".repeat(190)} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(requests));
  await closed;
  assert.equal(text.match(/HTTP\/1\.1 404 /g)?.length, requests);
}
