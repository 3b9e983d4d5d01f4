/** The settings: read from the environment, and the URL and command that follow from them. */
import type { Credentials } from "./receiver/basic-auth.js";
import { fieldsOf, printable } from "./text.js";

/** Where the event hook is. Okta's guide fixes this path, so it is not a setting. */
export const HOOK_PATH = "/userCreated";

/** What the receiver needs to know to start; the simulator reads the same. */
export interface Settings extends Credentials {
  /** TCP port to listen on; 0 picks a free one. Default: 8082, as in Okta's guide. */
  port: number;
  /** IP address or host name to listen on. Default: 127.0.0.1. */
  host: string;
  /** The ngrok agent's local API, as host:port. Default: 127.0.0.1:4040. */
  ngrokWebAddr: string;
}

/** The settings, or everything that is wrong with them, each with what to do about it. */
export type Reading = { settings: Settings } | { problems: string[] };

/**
 * Reads the settings from the environment. An empty variable counts as missing.
 *
 * @param envFileError why `.env` could not be read, if it could not
 */
export function readSettings(env: NodeJS.ProcessEnv, envFileError?: unknown): Reading {
  const port = env.PORT || "8082";
  const host = env.HOST || "127.0.0.1";
  const agent = env.NGROK_WEB_ADDR || "127.0.0.1:4040";
  const { BASIC_AUTH_USERNAME: username = "", BASIC_AUTH_PASSWORD: password = "" } = env;

  const problems: string[] = [];
  if (!isPort(port)) problems.push(invalid("PORT", "a whole number from 0 to 65535", port));
  if (!isHost(host)) problems.push(invalid("HOST", "an IP address or a host name", host));
  if (!isAddress(agent)) problems.push(invalid("NGROK_WEB_ADDR", "host:port", agent));
  if (username.includes(":")) {
    // The value is not shown: the password may follow the colon.
    problems.push("BASIC_AUTH_USERNAME must not contain a colon.");
  }
  const missing = ["BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD"].filter((name) => !env[name]);
  if (missing.length > 0) {
    const problem = `${missing.join(" and ")} must be set, and not empty.`;
    problems.push(`${problem}\n  ${describeRemedy(envFileError)}`);
  }
  if (problems.length > 0) return { problems };
  // As URLs normalize it: 127.1 becomes 127.0.0.1.
  const { hostname } = new URL(`http://${urlHost(host)}`);
  const normalized = { port: Number(port), host: bareHost(hostname), ngrokWebAddr: agent };
  return { settings: { username, password, ...normalized } };
}

const invalid = (name: string, form: string, value: string) =>
  `${name} must be ${form}, not "${printable(value, 80)}".`;

/** What to do about missing credentials depends on what is in place of `.env`. */
function describeRemedy(envFileError: unknown): string {
  if (envFileError === undefined) return "Set it in .env, quoted: an unquoted # starts a comment.";
  const { code, message } = fieldsOf(envFileError);
  if (code === "ENOENT") return "Copy .env.example to .env in this folder.";
  return `But .env cannot be read: ${message}`;
}

const isHost = (text: string) => isAuthority(urlHost(text));

const isAddress = (text: string) => isAuthority(text) && /:[1-9]\d*$/.test(text);

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** Whether a text is what URLs have between their slashes, a host and maybe a port, and no more. */
function isAuthority(text: string): boolean {
  return /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`http://${text}`);
}

/** The host as URLs have it: an IPv6 address is in brackets (RFC 3986, 3.2.2). */
export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** The host of a URL without those brackets. */
export const bareHost = (host: string): string => host.replace(/[[\]]/g, "");

const WILDCARD = /^(0\.0\.0\.0|\[?::\]?)$/;
const LOOPBACK = /^(localhost|host\.docker\.internal|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/**
 * Whether a host, as it is listened on or in a URL, is the loopback, all addresses, or another.
 * Docker's name for this machine leads to its loopback, too.
 */
export function kindOf(host: string): "loopback" | "wildcard" | "other" {
  if (WILDCARD.test(host)) return "wildcard";
  return LOOPBACK.test(host) ? "loopback" : "other";
}

/** The event hook's URL on this machine. */
export function localUrl({ host, port }: Settings): string {
  const reachable = kindOf(host) === "wildcard" ? "127.0.0.1" : host;
  return `http://${urlHost(reachable)}:${port}${HOOK_PATH}`;
}

/** The command that opens a tunnel to a receiver. */
export function tunnelCommand({ host, port }: Pick<Settings, "host" | "port">): string {
  // ngrok connects to localhost unless it is told another host.
  const isLocalhost = ["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"].includes(host);
  return isLocalhost ? `ngrok http ${port}` : `ngrok http ${urlHost(host)}:${port}`;
}
