/** The ngrok tunnel: asks the agent which one leads here, and says when that changes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "./output.js";
import { HOOK_PATH, kindOf, tunnelCommand, urlHost, type Settings } from "./settings.js";
import { fieldsOf } from "./text.js";

/** What is known of the tunnel. */
export interface Tunnel {
  /** The origin that leads to the receiver, or the latest one that did. */
  url: string | undefined;
  /** "open", "closed", or where another tunnel leads while none leads here. */
  status: string;
}

/** What is known before the agent answers. */
export const NO_TUNNEL: Tunnel = { url: undefined, status: "closed" };

/** How long each of the agent's lists may take. */
const TIMEOUT_MS = 2_000;

/**
 * Asks the agent for its tunnels (https://ngrok.com/docs/agent/api/).
 *
 * @param before the latest known state; kept where the answers are late or malformed
 */
export async function askAgent(settings: Settings, before = NO_TUNNEL): Promise<Tunnel> {
  const endpoints = await fetchList(settings, "endpoints");
  // The second list is deprecated, but agents before 3.30 have no other.
  const list = endpoints?.length === 0 ? await fetchList(settings, "tunnels") : endpoints;
  if (list === undefined) return before;
  const tunnels = list.flatMap(readTunnel);
  const ours = tunnels.filter(({ to }) => leadsHere(to, settings));
  const urls = ours.map(({ from }) => from.origin);
  const url = urls.find((each) => each === before.url) ?? urls[0];
  if (url !== undefined) return { url, status: "open" };
  // Sorted, as the agent's order may change.
  const [elsewhere] = tunnels.map(({ to }) => describeUpstream(to)).sort();
  return { ...before, status: elsewhere ?? "closed" };
}

/** Fetches a list of the agent's; empty where it has none, undefined where that is not known. */
async function fetchList(settings: Settings, name: string): Promise<unknown[] | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url = `http://${settings.ngrokWebAddr}/api/${name}`;
    const response = await fetch(url, { redirect: "manual", signal });
    if (!response.ok) return response.status === 404 ? [] : undefined;
    const list = fieldsOf(await response.json())[name];
    return Array.isArray(list) ? list : [];
  } catch (error) {
    const { code } = fieldsOf(fieldsOf(error).cause);
    return code === "ECONNREFUSED" || code === "ENOTFOUND" ? [] : undefined;
  }
}

/** Reads an item of either list; nothing when Okta cannot reach it. */
function readTunnel(item: unknown): { from: URL; to: URL }[] {
  const { url, public_url: publicUrl, upstream, config, bindings } = fieldsOf(item);
  const from = readUrl(url ?? publicUrl);
  const to = readUrl(fieldsOf(upstream).url ?? fieldsOf(config).addr);
  if (from?.protocol !== "https:" || !to?.protocol.startsWith("http")) return [];
  // A host under .internal is for other endpoints only, and one with a * is a pattern.
  if (/\.internal\.?$|\*/.test(from.hostname)) return [];
  const isPrivate = Array.isArray(bindings) && !bindings.includes("public");
  return isPrivate ? [] : [{ from, to }];
}

function leadsHere({ protocol, hostname, port }: URL, settings: Settings): boolean {
  if (protocol !== "http:" || Number(port || 80) !== settings.port) return false;
  const kind = kindOf(settings.host);
  if (kind === "other") return hostname === urlHost(settings.host);
  // In a container the receiver listens on all addresses, and the upstream is a service's name.
  return kind === "wildcard" || kindOf(hostname) !== "other";
}

/** Reads an address in each form that ngrok writes: a URL, http:// alone, a host, or a port. */
function readUrl(address: unknown): URL | undefined {
  if (typeof address !== "string" || address === "") return undefined;
  const host = /^\d+$/.test(address) ? `localhost:${address}` : address;
  const url = host.includes("://") ? host : `http://${host}`;
  const whole = url.endsWith("://") ? `${url}localhost` : url;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

const describeUpstream = ({ protocol, hostname, port }: URL) =>
  `${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;

/** What there is to say when one state follows another: a message, or none. */
export function describeChange(before: Tunnel, after: Tunnel, command: string): Message[] {
  const { url, status } = after;
  if (before.url === url && before.status === status) return [];
  const hook = [`${url}${HOOK_PATH}`];
  const isOther = before.url !== undefined && before.url !== url;
  if (status === "open" && isOther) {
    const text = "The tunnel has a new URL. Edit the hook in Okta, and verify it again:";
    return [{ text, details: hook, color: "yellow" }];
  }
  if (status === "open") {
    return [{ text: "The tunnel is open. The event hook's URL:", details: hook }];
  }
  if (before.status === "open") {
    const text = "The tunnel closed: events are lost until you reopen it. Run:";
    return [{ text, details: [command], color: "red" }];
  }
  if (status === "closed") return [];
  const text = `ngrok forwards to ${status}. Stop it, and run:`;
  return [{ text, details: [command], color: "yellow" }];
}

/** Asks each second until a tunnel is found, and every five seconds from then on. */
export async function* followTunnel(settings: Settings, first: Tunnel): AsyncGenerator<Message> {
  // The start-up text has told of a tunnel that is open already, and of nothing else.
  let state = first.status === "open" ? first : NO_TUNNEL;
  for (;;) {
    await sleep(state.url === undefined ? 1_000 : 5_000);
    const next = await askAgent(settings, state);
    yield* describeChange(state, next, tunnelCommand(settings));
    state = next;
  }
}
