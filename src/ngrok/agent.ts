/** The ngrok agent's local API: what it answers, as typed endpoints. */
import { fieldsOf } from "../values.js";

/** An endpoint, or a tunnel as older agents call it: https://ngrok.com/docs/agent/api/ */
export interface Endpoint {
  /** Where clients reach it; the protocol may be any. */
  url: URL;
  /** Where it leads to. */
  upstream: URL;
}

/** How long each of the agent's lists may take, in milliseconds. */
const LIMIT_MS = 2_000;

/**
 * Asks the agent for its endpoints that Okta could reach; none where no agent runs. Undefined
 * where that is not known: the agent is slow, or it is another program.
 *
 * @param address the agent's host:port
 */
export async function fetchEndpoints(address: string): Promise<Endpoint[] | undefined> {
  try {
    // The second list is deprecated, but agents before 3.30 have no other.
    const endpoints = await fetchList(address, "endpoints");
    const list = endpoints ?? (await fetchList(address, "tunnels"));
    return list?.flatMap(readEndpoint);
  } catch (error) {
    const { code } = fieldsOf(fieldsOf(error).cause);
    return code === "ECONNREFUSED" ? [] : undefined;
  }
}

/** Fetches a list of the agent's; undefined where it has none. Throws what `fetch` does. */
async function fetchList(address: string, name: string): Promise<unknown[] | undefined> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(`http://${address}/api/${name}`, { redirect: "manual", signal });
  const text = await response.text();
  if (response.status !== 200) return undefined;
  const list = fieldsOf(JSON.parse(text))[name];
  return Array.isArray(list) ? list : undefined;
}

/** Reads an item of either list; nothing when Okta cannot reach it. */
function readEndpoint(item: unknown): Endpoint[] {
  const { url, public_url: publicUrl, upstream, config, bindings } = fieldsOf(item);
  const from = readUrl(url ?? publicUrl);
  const to = readUrl(fieldsOf(upstream).url ?? fieldsOf(config).addr);
  if (from === undefined || to === undefined) return [];
  // A host under .internal is for other endpoints only, and one with a * is a pattern.
  if (/\.internal\.?$|\*/.test(from.hostname)) return [];
  const isPrivate = Array.isArray(bindings) && !bindings.includes("public");
  return isPrivate ? [] : [{ url: from, upstream: to }];
}

/** Reads an address in each form that ngrok writes: a URL, http:// alone, a host, or a port. */
function readUrl(address: unknown): URL | undefined {
  if (typeof address !== "string" || address === "") return undefined;
  const host = /^\d+$/.test(address) ? `localhost:${address}` : address;
  const url = host.includes("://") ? host : `http://${host}`;
  const whole = url.endsWith("://") ? `${url}localhost` : url;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}
