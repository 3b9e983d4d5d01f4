/** The tunnel: which of ngrok's endpoints leads here, and when that changes. */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isWildcard, urlHost } from "../settings.js";
import { fetchEndpoints, type Endpoint } from "./agent.js";

/** Where a receiver listens; a host name only where no more is known of another's receiver. */
export type Address = Pick<AddressInfo, "address" | "port">;

/** What is known of the tunnel. */
export interface Tunnel {
  /** Whether one leads here, did so before, or leads elsewhere; none before the first. */
  state: "none" | "open" | "closed" | "elsewhere";
  /** The origin that leads here, or that did so last. */
  url: string | undefined;
  /** Where it leads instead. */
  upstream: string | undefined;
}

/** What is known before the agent answers. */
export const NO_TUNNEL: Tunnel = { state: "none", url: undefined, upstream: undefined };

/** The command that opens a tunnel to a receiver. */
export function tunnelCommand({ address, port }: Address): string {
  // ngrok connects to localhost unless it is told another host, and that may be 127.0.0.1 only.
  const isDefault = isWildcard(address) || ["127.0.0.1", "localhost"].includes(address);
  return isDefault ? `ngrok http ${port}` : `ngrok http ${urlHost(address)}:${port}`;
}

/** Names of the loopback: RFC 6761, 6.3. */
const LOOPBACK_NAME = /^(.+\.)?localhost$/;

/** What else reaches 127.0.0.1, the last from a container. */
const LOOPBACK_ALIASES = ["0.0.0.0", "[::ffff:7f00:1]", "host.docker.internal"];

/** Whether an upstream is this address. No name is looked up. */
export function leadsTo({ protocol, hostname, port }: URL, receiver: Address): boolean {
  if (protocol !== "http:" || Number(port || 80) !== receiver.port) return false;
  const { address } = receiver;
  // In a container the receiver listens on all addresses, and the upstream is a service's name.
  if (isWildcard(address)) return true;
  const name = hostname.replace(/\.$/, "");
  if (name === urlHost(address)) return true;
  if (LOOPBACK_NAME.test(name)) return ["127.0.0.1", "::1"].includes(address);
  return address === "127.0.0.1" && LOOPBACK_ALIASES.includes(name);
}

/** What the agent's endpoints come to, after what was known before. */
export function findTunnel(endpoints: Endpoint[], address: Address, before: Tunnel): Tunnel {
  const secure = endpoints.filter(({ url }) => url.protocol === "https:");
  const ours = secure.filter(({ upstream }) => leadsTo(upstream, address));
  const origins = ours.map(({ url }) => url.origin);
  const origin = origins.find((each) => each === before.url) ?? origins[0];
  if (origin !== undefined) return { state: "open", url: origin, upstream: undefined };
  // Sorted, as the agent's order may change.
  const [other] = secure.map(({ upstream }) => describeUpstream(upstream)).sort();
  if (other !== undefined) return { state: "elsewhere", url: before.url, upstream: other };
  const state = before.url === undefined ? "none" : "closed";
  return { state, url: before.url, upstream: undefined };
}

const describeUpstream = ({ protocol, hostname, port }: URL) =>
  `${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;

/** Whether nothing has changed from one state to the other. */
const isSame = (one: Tunnel, other: Tunnel) =>
  one.state === other.state && one.url === other.url && one.upstream === other.upstream;

/** How often the agent is asked, in milliseconds: each time writes two lines to its own log. */
export interface Pace {
  /** Until a tunnel is found. */
  searchMs: number;
  /** From then on. */
  watchMs: number;
}

/** What following the tunnel takes. */
export interface Following {
  /** Where the receiver listens. */
  address: Address;
  /** The agent's host:port. */
  agent: string;
  /** Hears of each change. */
  onChange(before: Tunnel, after: Tunnel): void;
  /** Ends it. */
  signal: AbortSignal;
  /** Default: every second, and every 5 seconds once a tunnel was found. */
  pace?: Pace;
}

/** Asks the agent from time to time, and tells of each change, until the signal ends it. */
export async function followTunnel(following: Following): Promise<void> {
  const { address, agent, onChange, signal } = following;
  const { searchMs, watchMs } = following.pace ?? { searchMs: 1_000, watchMs: 5_000 };
  let tunnel = NO_TUNNEL;
  while (!signal.aborted) {
    const endpoints = await fetchEndpoints(agent);
    if (signal.aborted) return;
    // Without an answer of use nothing is known to have changed.
    const next = endpoints === undefined ? tunnel : findTunnel(endpoints, address, tunnel);
    if (!isSame(tunnel, next)) onChange(tunnel, next);
    tunnel = next;
    const pauseMs = tunnel.url === undefined ? searchMs : watchMs;
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
