/** The settings: what the environment says, or everything that is wrong with it. */
import { isIP, isIPv4 } from "node:net";
import { fieldsOf, printable } from "./text.js";

/** Where the event hook is. Okta's guide fixes this path, so it is not a setting. */
export const HOOK_PATH = "/userCreated";

export interface Settings {
  /** TCP port to listen on; 0 picks a free one. Default: 8082, as in Okta's guide. */
  port: number;
  /** IP address or host name to listen on. Default: 127.0.0.1. */
  host: string;
  /** User name that Okta must send. Without a colon (RFC 7617, 2). */
  username: string;
  /** Password that Okta must send. */
  password: string;
  /** The ngrok agent's local API, as host:port. Default: 127.0.0.1:4040. */
  ngrokWebAddr: string;
}

/** The user name and password that Okta must send. */
export type Credentials = Pick<Settings, "username" | "password">;

/** Environment variables by their names; an empty one counts as missing. */
export type Environment = Record<string, string | undefined>;

/** The settings, or everything that is wrong with them, each with what to do about it. */
export type Reading = { settings: Settings } | { problems: string[] };

/**
 * Reads the settings from the environment.
 *
 * @param envFileError why `.env` could not be read, if it could not
 */
export function readSettings(env: Environment, envFileError?: unknown): Reading {
  const port = env.PORT || "8082";
  const host = env.HOST || "127.0.0.1";
  const ngrokWebAddr = env.NGROK_WEB_ADDR || "127.0.0.1:4040";
  const { BASIC_AUTH_USERNAME: username = "", BASIC_AUTH_PASSWORD: password = "" } = env;

  const problems: string[] = [];
  if (!isPort(port)) problems.push(invalid("PORT", "a whole number from 0 to 65535", port));
  if (!isHost(host)) problems.push(invalid("HOST", "an IP address or a host name", host));
  if (!isAddress(ngrokWebAddr)) {
    problems.push(invalid("NGROK_WEB_ADDR", "host:port", ngrokWebAddr));
  }
  if (username.includes(":")) {
    // The value is not shown: the password may follow the colon.
    problems.push("BASIC_AUTH_USERNAME must not contain a colon (RFC 7617).");
  }
  const missing = ["BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD"].filter((name) => !env[name]);
  if (missing.length > 0) {
    const problem = `${missing.join(" and ")} must be set, and not empty.`;
    problems.push(`${problem}\n  ${describeRemedy(envFileError)}`);
  }
  if (problems.length > 0) return { problems };
  const settings = { port: Number(port), host: normalize(host), username, password, ngrokWebAddr };
  return { settings };
}

function invalid(name: string, form: string, value: string): string {
  return `${name} must be ${form}, not "${printable(value, 80)}".`;
}

/** What to do about missing credentials depends on what is in place of `.env`. */
function describeRemedy(envFileError: unknown): string {
  if (envFileError === undefined) return "Quote the value in .env: an unquoted # starts a comment.";
  const { code, message } = fieldsOf(envFileError);
  if (code === "ENOENT") return "Copy .env.example to .env in this folder.";
  if (code === "EISDIR") return "But .env is a folder: it must be a file.";
  return `But .env cannot be read: ${printable(String(message), 200)}`;
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** Whether it is an IP address, or a host name that `new URL` accepts, and nothing more. */
function isHost(text: string): boolean {
  const isName = /^[^\s/?#@:\\[\]]+$/.test(text) && URL.canParse(`http://${text}`);
  return isName || isIP(text) !== 0;
}

function isAddress(text: string): boolean {
  return /^[^\s/?#@\\]+:[1-9]\d*$/.test(text) && URL.canParse(`http://${text}`);
}

/** The host in the one form that URLs have of it: 127.1 is 127.0.0.1. */
function normalize(host: string): string {
  const url = `http://${urlHost(host)}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/[[\]]/g, "") : host;
}

/** The host as URLs have it: an IPv6 address is in brackets (RFC 3986, 3.2.2). */
export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** Whether a host, as it is listened on or in a URL, is the loopback, all addresses, or another. */
export function kindOf(host: string): "loopback" | "wildcard" | "other" {
  if (["0.0.0.0", "::", "[::]"].includes(host)) return "wildcard";
  const isLoopback = isIPv4(host) && host.startsWith("127.");
  return isLoopback || ["localhost", "::1", "[::1]"].includes(host) ? "loopback" : "other";
}

/** The event hook's URL on this machine. */
export function localUrl({ host, port }: Settings): string {
  const reachable = kindOf(host) === "wildcard" ? "127.0.0.1" : host;
  return `http://${urlHost(reachable)}:${port}${HOOK_PATH}`;
}

/** The command that opens a tunnel to a receiver. */
export function tunnelCommand({ host, port }: Pick<Settings, "host" | "port">): string {
  const isLocalhost = ["127.0.0.1", "localhost", "::1"].includes(host);
  if (isLocalhost || kindOf(host) === "wildcard") return `ngrok http ${port}`;
  return `ngrok http ${urlHost(host)}:${port}`;
}
