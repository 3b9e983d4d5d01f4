/** Load: a delivery that is held under way, and more log than a pipe and the log's limit hold. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import { connect, send } from "./http.js";
import { delivery, post, SECRET } from "./okta.js";

/** Begins a delivery whose body is asked for: the receiver is known to wait for it. */
export async function begin(url: string, length: number): Promise<net.Socket> {
  const socket = await connect(Number(new URL(url).port));
  socket.write(
    "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n" +
      `Authorization: ${SECRET}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
  );
  await once(socket, "data");
  return socket;
}

const refused = {
  eventType: "user.lifecycle.create",
  outcome: { result: "x".repeat(80), reason: "x".repeat(80) },
  target: [{ alternateId: "x".repeat(200) }],
};
const REMARKED = post(delivery(...Array.from({ length: 20 }, () => refused)));

/** Delivers what announces nothing, but takes some 8 kB of the log each time. */
export async function flood(url: string, deliveries: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  for (let sent = 0; sent < deliveries; sent += 1) {
    assert.equal((await send(url, { ...REMARKED, agent })).status, 200);
  }
  agent.destroy();
}
