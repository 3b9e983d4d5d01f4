/** The tunnel: which command opens it, which URL the ngrok agent gave it, and when that changes. */
import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "./exchange.js";
import type { Write } from "./output.js";
import { HOOK_PATH, urlHost, type Settings } from "./settings.js";
import { at, parseJson } from "./text.js";

// Where the agent lists its endpoints; agents older than the first list have the second.
const LISTS = [
  { path: "/api/endpoints", items: "endpoints", url: ["url"], upstream: ["upstream", "url"] },
  { path: "/api/tunnels", items: "tunnels", url: ["public_url"], upstream: ["config", "addr"] },
];
const LOCAL = ["localhost", "127.0.0.1", "[::1]", "host.docker.internal"];

/** Takes settings with the port really listened on. Returns the command that opens a tunnel. */
export function tunnelCommand({ host, port }: Settings): string {
  return `ngrok http ${/^(127\.|localhost$|::1?$|0\.0\.0\.0$)/.test(host) ? "" : `${urlHost(host)}:`}${port}`;
}

/** Returns the https URLs that lead to the receiver; undefined when the agent's answer is late or odd. */
export async function findTunnels({ ngrokWebAddr, host, port }: Settings, timeout: number) {
  try {
    for (const { path, items, url, upstream } of LISTS) {
      const signal = AbortSignal.timeout(timeout);
      const { text } = await exchange(new URL(`http://${ngrokWebAddr}${path}`), { signal });
      const list = at(parseJson(text), items);
      if (!Array.isArray(list)) continue;
      const ours = list.filter((item) => {
        const target = readUrl(at(item, ...upstream));
        if (target?.protocol !== "http:" || Number(target.port || 80) !== port) return false;
        return [...LOCAL, urlHost(host)].includes(target.hostname);
      });
      const urls = ours.map((item) => readUrl(at(item, ...url)));
      return urls.flatMap((found) => (found?.protocol === "https:" ? [found.origin] : []));
    }
  } catch (error) {
    if (at(error, "code") === "ECONNREFUSED") return [];
  }
  return undefined;
}

/** Takes the URL that is known, if any. Says, for ever, what becomes of the tunnel. */
export async function followTunnel(settings: Settings, known: string | undefined, say: Write) {
  for (let open = known !== undefined; ; await sleep(1_000)) {
    const urls = await findTunnels(settings, 2_000);
    if (urls === undefined) continue;
    const url = urls.find((each) => each === known) ?? urls[0];
    if (url === undefined) {
      if (open) say(`The tunnel is gone. Events are lost until it is back: ${tunnelCommand(settings)}\n`);
    } else if (known === undefined) {
      say(`The tunnel is open. URL for Okta: ${url}${HOOK_PATH}\n`);
    } else if (url !== known) {
      say(`The tunnel's URL is new: edit the event hook in Okta, and verify it again: ${url}${HOOK_PATH}\n`);
    } else if (!open) {
      say(`The tunnel is back at the same URL.\n`);
    }
    open = url !== undefined;
    known = url ?? known;
  }
}

/** Reads an address in each form that the agent writes: http://localhost:8082, localhost:8082, 8082. */
function readUrl(address: unknown): URL | undefined {
  const text = typeof address === "string" ? address.replace(/^\d+$/, "localhost:$&") : "";
  const url = text.includes("://") ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}
