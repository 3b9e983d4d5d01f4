/** The ngrok tunnel: asks the agent which one leads here, and says when that changes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "./output.js";
import { HOOK_PATH, kindOf, tunnelCommand, urlHost, type Settings } from "./settings.js";
import { fieldsOf } from "./text.js";

/** What is known of the tunnel. */
export interface TunnelState {
  /** The origin that leads to the receiver, or the latest one that did. */
  url: string | undefined;
  /** "open", "closed", or where another tunnel leads while none leads here. */
  status: string;
}

/** The agent's lists of its tunnels. The second is deprecated; agents before 3.30 have no other. */
const LISTS = ["endpoints", "tunnels"];

/**
 * Asks the agent for its tunnels (https://ngrok.com/docs/agent/api/).
 *
 * @param timeoutMs how long each of the two lists may take
 * @param known the URL to prefer, where several lead to the receiver
 * @returns undefined when nothing is known, because the answers are late or of another form
 */
export async function askAgent(
  settings: Settings,
  timeoutMs: number,
  known?: string,
): Promise<TunnelState | undefined> {
  let status: string | undefined;
  for (const name of LISTS) {
    const answer = await fetchJson(`http://${settings.ngrokWebAddr}/api/${name}`, timeoutMs);
    const list = fieldsOf(answer)[name];
    if (!Array.isArray(list)) continue;
    const tunnels = list.flatMap(readTunnel);
    const ours = tunnels.filter(({ upstream }) => leadsHere(upstream, settings));
    const urls = ours.map(({ url }) => url.origin);
    const url = urls.find((each) => each === known) ?? urls[0];
    if (url !== undefined) return { url, status: "open" };
    // Sorted, as the agent's order may change.
    const [elsewhere] = tunnels.map(({ upstream }) => describeUpstream(upstream)).sort();
    status = elsewhere ?? status ?? "closed";
  }
  return status === undefined ? undefined : { url: known, status };
}

async function fetchJson(url: string, timeoutMs: number): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { redirect: "manual", signal });
    return await response.json();
  } catch (error) {
    // An agent that is not running has no tunnels, in either list.
    const { code } = fieldsOf(fieldsOf(error).cause);
    const isAbsent = code === "ECONNREFUSED" || code === "ENOTFOUND";
    return isAbsent ? { endpoints: [], tunnels: [] } : undefined;
  }
}

/** Reads an item of either list; nothing when Okta cannot reach it. */
function readTunnel(item: unknown): { url: URL; upstream: URL }[] {
  const fields = fieldsOf(item);
  const { bindings } = fields;
  const url = readUrl(fields.url ?? fields.public_url);
  const upstream = readUrl(fieldsOf(fields.upstream).url ?? fieldsOf(fields.config).addr);
  if (url?.protocol !== "https:" || !upstream?.protocol.startsWith("http")) return [];
  // A host under .internal is for other endpoints only, and one with a * is a pattern.
  if (/\.internal$|\*/.test(url.hostname)) return [];
  const isPrivate = Array.isArray(bindings) && !bindings.includes("public");
  return isPrivate ? [] : [{ url, upstream }];
}

function leadsHere({ protocol, hostname, port }: URL, settings: Settings): boolean {
  if (protocol !== "http:" || Number(port || 80) !== settings.port) return false;
  const kind = kindOf(settings.host);
  if (kind === "other") return hostname === urlHost(settings.host);
  // In a container the receiver listens on all addresses, and the upstream is a service's name.
  if (kind === "wildcard" || kindOf(hostname) !== "other") return true;
  return hostname === "host.docker.internal";
}

function describeUpstream({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** Reads an address in each form that ngrok writes: a URL, http:// alone, a host, or a port. */
function readUrl(address: unknown): URL | undefined {
  if (typeof address !== "string" || address === "") return undefined;
  const isPort = /^\d+$/.test(address);
  const host = isPort ? `localhost:${address}` : address;
  const text = host.includes("://") ? host : `http://${host}`;
  const url = text.endsWith("://") ? `${text}localhost` : text;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** What there is to say when one state follows another, if anything. */
export function describeChange(
  before: TunnelState,
  { url, status }: TunnelState,
  command: string,
): Message | undefined {
  if (before.url === url && before.status === status) return undefined;
  if (status === "open") {
    if (before.url === url) return { text: "The tunnel is open again, at the same URL." };
    const details = [`${url}${HOOK_PATH}`];
    if (before.url === undefined) {
      return { text: "The tunnel is open. The event hook's URL:", details };
    }
    const text = "The tunnel has a new URL. Edit the hook in Okta, and verify it again:";
    return { text, details, color: "yellow" };
  }
  const details = [command];
  if (before.status === "open") {
    const text = "The tunnel closed: events are lost until you reopen it. Run:";
    return { text, details, color: "red" };
  }
  if (status === "closed") return undefined;
  return { text: `ngrok forwards to ${status}. Run instead:`, details, color: "yellow" };
}

/** Asks each second until a tunnel is found, and every five seconds from then on. */
export async function followTunnel(
  settings: Settings,
  first: TunnelState | undefined,
  tell: (news: Message) => void,
): Promise<never> {
  // The start-up text has told of a tunnel that is open already.
  let state = first?.url ? first : { url: undefined, status: "closed" };
  for (let next = first; ; next = await askAgent(settings, 2_000, state.url)) {
    const news = next && describeChange(state, next, tunnelCommand(settings));
    if (news !== undefined) tell(news);
    state = next ?? state;
    await sleep(state.url === undefined ? 1_000 : 5_000);
  }
}
