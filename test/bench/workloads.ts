/** The workloads: what is sent to each program, and which status must come back. */
import { created, delivery, DELIVERY_HEADERS } from "../support/okta.js";

export interface Workload {
  name: string;
  headers: Record<string, string>;
  body: string;
  /** The status of every right answer. */
  status: number;
  /** How many events the body has. */
  events: number;
}

const WRONG_PASSWORD = "Basic YWRtaW46b3RoZXI=";

export const WORKLOADS: Workload[] = [
  deliver("one event", 1),
  deliver("a batch of 100", 100),
  {
    name: "500 kB, unauthenticated",
    headers: { ...DELIVERY_HEADERS, authorization: WRONG_PASSWORD },
    body: " ".repeat(500_000),
    status: 401,
    events: 0,
  },
];

function deliver(name: string, count: number): Workload {
  const logins = Array.from({ length: count }, (_, index) => `user-${index}@example.com`);
  const events = logins.map((login) => created(login));
  const body = JSON.stringify(delivery(...events));
  return { name, headers: DELIVERY_HEADERS, body, status: 200, events: count };
}
