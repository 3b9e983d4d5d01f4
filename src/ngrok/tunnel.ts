/** The tunnel: which of ngrok's endpoints leads here, and what to say when that changes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../output.js";
import { HOOK_PATH, isWildcard, urlHost, type Settings } from "../settings.js";
import { fetchEndpoints, type Endpoint } from "./agent.js";

/** Where the receiver listens. */
export type Address = Pick<Settings, "host" | "port">;

/** What is known of the tunnel, and the origin that last led here. */
export type Tunnel = { lastUrl: string | undefined } & TunnelState;

type TunnelState =
  /** None leads here, and none did. */
  | { state: "none" }
  | { state: "open"; url: string }
  /** None leads here any more. */
  | { state: "closed" }
  /** One leads to another address. */
  | { state: "elsewhere"; upstream: string }
  /** One leads here, but Okta takes https only. */
  | { state: "not https" }
  /** The agent answers nothing, or nothing of use. */
  | { state: "no answer" };

/** What is known before the agent answers. */
export const NO_TUNNEL: Tunnel = { state: "none", lastUrl: undefined };

/** How often the agent is asked, in milliseconds: each time writes two lines to its own log. */
export interface Pace {
  /** Until a tunnel is found. */
  searchMs: number;
  /** From then on. */
  watchMs: number;
  /** How long it may fail to answer until that is said. */
  patienceMs: number;
}

const PACE: Pace = { searchMs: 1_000, watchMs: 5_000, patienceMs: 15_000 };

/** The command that opens a tunnel to a receiver. */
export function tunnelCommand(address: Address): string {
  const { host, port } = address;
  // ngrok connects to localhost unless it is told another host.
  const isDefault = leadsTo(new URL(`http://localhost:${port}`), address);
  return isDefault ? `ngrok http ${port}` : `ngrok http ${urlHost(host)}:${port}`;
}

/** Other names under which 127.0.0.1 is reached: RFC 6761, 6.3, and Docker's for its host. */
const LOOPBACK_NAMES =
  /^(.+\.)?localhost$|^0\.0\.0\.0$|^\[::ffff:7f00:1\]$|^host\.docker\.internal$/;

/** Whether an upstream is this address. No name is looked up. */
export function leadsTo({ protocol, hostname, port }: URL, address: Address): boolean {
  if (protocol !== "http:" || Number(port || 80) !== address.port) return false;
  // In a container the receiver listens on all addresses, and the upstream is a service's name.
  if (isWildcard(address.host)) return true;
  const name = hostname.replace(/\.$/, "");
  if (name === urlHost(address.host)) return true;
  return address.host === "127.0.0.1" && LOOPBACK_NAMES.test(name);
}

/** What the agent's endpoints come to, after what was known before. */
export function findTunnel(endpoints: Endpoint[], address: Address, before: Tunnel): Tunnel {
  const { lastUrl } = before;
  const ours = endpoints.filter(({ upstream }) => leadsTo(upstream, address));
  const origins = ours.filter(({ url }) => url.protocol === "https:").map(({ url }) => url.origin);
  const url = origins.find((origin) => origin === lastUrl) ?? origins[0];
  if (url !== undefined) return { state: "open", url, lastUrl: url };
  if (ours.some(({ url }) => url.protocol === "http:")) return { state: "not https", lastUrl };
  const others = endpoints.filter(({ url, upstream }) => isHttp(url) && isHttp(upstream));
  // Sorted, as the agent's order may change.
  const [upstream] = others.map((endpoint) => describeUpstream(endpoint.upstream)).sort();
  if (upstream !== undefined) return { state: "elsewhere", upstream, lastUrl };
  return { state: lastUrl === undefined ? "none" : "closed", lastUrl };
}

const isHttp = ({ protocol }: URL) => protocol === "http:" || protocol === "https:";

const describeUpstream = ({ protocol, hostname, port }: URL) =>
  `${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;

/**
 * What there is to say when one state follows another, or nothing.
 *
 * @param describeOpening what there is to say of a first tunnel, by the event hook's URL
 */
export function describeChange(
  before: Tunnel,
  after: Tunnel,
  address: Address,
  describeOpening: (url: string) => Message,
): Message | undefined {
  if (isSame(before, after)) return undefined;
  const command = tunnelCommand(address);
  switch (after.state) {
    case "open":
      return describeOpen(before, after.url, describeOpening);
    case "elsewhere": {
      const text = `ngrok forwards to ${after.upstream}, not here. A free account has one URL: stop that tunnel, and run:`;
      return { text, details: [command], color: "yellow" };
    }
    case "not https": {
      const text = "The tunnel is http only, and Okta needs https. Stop it, and run:";
      return { text, details: [command], color: "yellow" };
    }
    case "no answer": {
      const text = "ngrok's agent does not answer: look whether the tunnel is still open.";
      return { text, color: "yellow" };
    }
    case "closed": {
      const text = "The tunnel closed: events are lost until it is open again:";
      return { text, details: [command], color: "red" };
    }
    case "none":
      return undefined;
  }
}

function describeOpen(
  { lastUrl }: Tunnel,
  url: string,
  describeOpening: (url: string) => Message,
): Message {
  const hookUrl = `${url}${HOOK_PATH}`;
  if (lastUrl === undefined) return describeOpening(hookUrl);
  if (lastUrl === url) {
    return { text: "The tunnel is open again, at the same URL: nothing to change in Okta." };
  }
  const text = "The tunnel has a new URL. Edit the hook in Okta, and verify it again:";
  return { text, details: [hookUrl], color: "yellow" };
}

const isSame = (one: Tunnel, other: Tunnel) => JSON.stringify(one) === JSON.stringify(other);

/** What following the tunnel takes. */
export interface Following {
  /** Where the receiver listens. */
  address: Address;
  /** The agent's host:port. */
  agent: string;
  /** What there is to say of a first tunnel, by the event hook's URL. */
  describeOpening(url: string): Message;
  /** Hears of each change. */
  say(message: Message): void;
  /** Ends it. */
  signal: AbortSignal;
}

/** Asks the agent from time to time, and tells of each change, until the signal ends it. */
export async function followTunnel(following: Following, pace = PACE): Promise<void> {
  const { address, agent, describeOpening, say, signal } = following;
  let tunnel = NO_TUNNEL;
  let answeredAt = performance.now();
  while (!signal.aborted) {
    const endpoints = await fetchEndpoints(agent);
    let next = tunnel;
    if (endpoints !== undefined) {
      answeredAt = performance.now();
      next = findTunnel(endpoints, address, tunnel);
    } else if (performance.now() - answeredAt >= pace.patienceMs) {
      next = { state: "no answer", lastUrl: tunnel.lastUrl };
    }
    const message = describeChange(tunnel, next, address, describeOpening);
    if (message !== undefined && !signal.aborted) say(message);
    tunnel = next;
    const pauseMs = tunnel.lastUrl === undefined ? pace.searchMs : pace.watchMs;
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
