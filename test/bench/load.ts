/** The load: what is sent, and the connections that send it and check every answer. */
import { once } from "node:events";
import net from "node:net";
import { created, delivery, DELIVERY_HEADERS } from "../support/okta.js";
import type { Program } from "./program.js";

/** One kind of request. */
export interface Workload {
  /** What is sent, for a table's head. */
  name: string;
  /** The headers, without Host and Content-Length. */
  headers: Record<string, string>;
  /** The body, in which each NUMBER is filled in. */
  body: string;
  /** The status of the only right answer. */
  status: number;
}

/** Open connections to a program, idle until they are told to send. */
export interface Load {
  /**
   * Sends on all connections, on each one request after the other, for as long as it may. Resolves
   * to how many were sent, once all are answered; rejects when an answer is wrong or missing.
   */
  send(mayContinue: () => boolean): Promise<number>;
  /** Closes the connections. */
  close(): void;
}

interface Connection {
  socket: net.Socket;
  /** What comes back on it. */
  chunks: AsyncIterator<string>;
}

const CONNECTIONS = 20;

/** Stands for the number of a request, which gets as many digits. */
const NUMBER = "#######";

/** The login of every user that is created. */
export const LOGIN = `user-${NUMBER}@example.com`;

const WRONG_PASSWORD = "Basic YWRtaW46b3RoZXI=";

/** One user in each delivery, another one each time. */
export const ONE_EVENT: Workload = deliver("one event", 1);

/** What is compared. */
export const WORKLOADS: Workload[] = [
  ONE_EVENT,
  deliver("a batch of 100 events", 100),
  {
    name: "wrong credentials",
    headers: { ...DELIVERY_HEADERS, authorization: WRONG_PASSWORD },
    body: " ".repeat(500_000),
    status: 401,
  },
];

function deliver(name: string, count: number): Workload {
  const events = Array.from({ length: count }, () => created(LOGIN));
  const body = JSON.stringify({ ...delivery(...events), eventId: `event-${NUMBER}` });
  return { name, headers: DELIVERY_HEADERS, body, status: 200 };
}

/** Fills in the number of a request, counted from 1. */
export function fill(text: string, number: number): string {
  return text.replaceAll(NUMBER, String(number).padStart(NUMBER.length, "0"));
}

/** Opens connections to a program. */
export async function openLoad({ path, port }: Program, workload: Workload): Promise<Load> {
  const request = createRequest(workload);
  const expected = `HTTP/1.1 ${workload.status} `;
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  let count = 0;

  async function sendOn(connection: Connection, mayContinue: () => boolean): Promise<void> {
    while (mayContinue()) {
      count += 1;
      const answer = await exchange(connection, fill(request, count));
      if (!answer.startsWith(expected)) throw new Error(`${path} answered: ${answer}`);
    }
  }

  return {
    async send(mayContinue) {
      const before = count;
      await Promise.all(connections.map((connection) => sendOn(connection, mayContinue)));
      return count - before;
    },
    close: () => connections.forEach(({ socket }) => socket.destroy()),
  };
}

function createRequest({ headers, body }: Workload): string {
  const fields = { host: "127.0.0.1", ...headers, "content-length": body.length };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return ["POST /userCreated HTTP/1.1", ...lines, "", body].join("\r\n");
}

async function open(port: number): Promise<Connection> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.setEncoding("latin1");
  socket.setTimeout(10_000, () => socket.destroy(new Error("No answer came in 10 seconds")));
  return { socket, chunks: socket[Symbol.asyncIterator]() };
}

/** Resolves to the answer, once the whole request is written and the whole answer has come. */
async function exchange({ socket, chunks }: Connection, request: string): Promise<string> {
  const writing = new Promise((resolve) => socket.write(request, "latin1", resolve));
  let answer = "";
  while (!isWhole(answer)) {
    const { value, done } = await chunks.next();
    if (done) throw new Error(`The connection closed after ${JSON.stringify(answer)}`);
    answer += value;
  }
  // A refusal comes before the whole body is written.
  await writing;
  return answer;
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const [, length] = /^content-length: (\d+)/im.exec(answer) ?? [];
  if (length === undefined) throw new Error(`No Content-Length: ${answer}`);
  return answer.length >= end + 4 + Number(length);
}
