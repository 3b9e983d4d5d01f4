/** The settings: read from the environment, and the URLs that follow from them. */
import { cut, printable } from "./text.js";

/** Where the event hook is. Okta's guide fixes this path, so it is not a setting. */
export const HOOK_PATH = "/userCreated";

/**
 * The variable that `npm run dev` sets when it starts the receiver again: the instructions were
 * printed before.
 */
export const RESTARTED = "RECEIVER_RESTARTED";

/** What the receiver needs to know to start; the simulator reads the same. */
export interface Settings {
  /** TCP port to listen on; 0 picks a free one. Default: 8082, as in Okta's guide. */
  port: number;
  /** IP address or host name to listen on. Default: 127.0.0.1. */
  host: string;
  /** The user name that Okta must send; it has no colon. */
  username: string;
  /** The password that Okta must send. */
  password: string;
  /** The ngrok agent's local API, as host:port. Default: 127.0.0.1:4040. */
  ngrokWebAddr: string;
  /** Whether the body of each delivery is shown. Default: false. */
  showPayload: boolean;
}

/** The settings, or everything that is wrong with them, each with what to do about it. */
export type Reading = { settings: Settings } | { problems: string[] };

const CREDENTIALS = ["BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD"];

/**
 * Whether the published example may fill in what is missing: where there are no credentials, and
 * only this machine reaches the receiver.
 */
export function allowsExample(env: NodeJS.ProcessEnv): boolean {
  return !env.LISTEN_HOST && CREDENTIALS.every((name) => !env[name]);
}

/**
 * Reads the settings from the environment. An empty variable counts as missing.
 *
 * @param remedy what to do about missing credentials
 */
export function readSettings(env: NodeJS.ProcessEnv, remedy: string): Reading {
  const port = env.PORT || "8082";
  const host = env.LISTEN_HOST || "127.0.0.1";
  const agent = env.NGROK_WEB_ADDR || "127.0.0.1:4040";
  const { BASIC_AUTH_USERNAME: username = "", BASIC_AUTH_PASSWORD: password = "" } = env;

  const problems = [
    ...(isPort(port) ? [] : [invalid("PORT", "a whole number from 0 to 65535", port)]),
    ...(isHost(host) ? [] : [invalid("LISTEN_HOST", "an IP address or a host name", host)]),
    ...(isAddress(agent) ? [] : [invalid("NGROK_WEB_ADDR", "host:port", agent)]),
    ...(isFlag(env.SHOW_PAYLOAD) ? [] : [invalid("SHOW_PAYLOAD", "1 or empty", env.SHOW_PAYLOAD)]),
    ...findCredentialProblems(env, remedy),
  ];
  if (problems.length > 0) return { problems };
  // As URLs have it: 127.1 becomes 127.0.0.1.
  const { hostname } = new URL(`http://${urlHost(host)}`);
  return {
    settings: {
      port: Number(port),
      host: bareHost(hostname),
      username,
      password,
      ngrokWebAddr: agent,
      showPayload: env.SHOW_PAYLOAD === "1",
    },
  };
}

const invalid = (name: string, form: string, value = "") =>
  `${name} must be ${form}, not "${printable(cut(value, 80))}".`;

/** A credential's value is never shown. */
function findCredentialProblems(env: NodeJS.ProcessEnv, remedy: string): string[] {
  const problems: string[] = [];
  // The password may follow the colon (RFC 7617, 2).
  if (env.BASIC_AUTH_USERNAME?.includes(":")) {
    problems.push("BASIC_AUTH_USERNAME must not contain a colon.");
  }
  for (const name of CREDENTIALS) {
    if (!/\p{Cc}/u.test(env[name] ?? "")) continue;
    problems.push(`${name} must not contain a control character, such as a tab or a line break.`);
  }
  const missing = CREDENTIALS.filter((name) => !env[name]);
  if (missing.length > 0) {
    problems.push(`${missing.join(" and ")} must be set, and not empty.\n  ${remedy}`);
  }
  return problems;
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

const isHost = (text: string) => isAuthority(urlHost(text));

const isAddress = (text: string) => isAuthority(text) && /:[1-9]\d*$/.test(text);

const isFlag = (text: string | undefined) => !text || text === "1";

/** Whether a text is what URLs have between their slashes, a host and maybe a port, and no more. */
function isAuthority(text: string): boolean {
  return /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`http://${text}`);
}

/** The host as URLs have it: an IPv6 address is in brackets (RFC 3986, 3.2.2). */
export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** The host of a URL without those brackets. */
export const bareHost = (host: string): string => host.replace(/[[\]]/g, "");

/** Whether an address stands for all addresses of this machine. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** The event hook's URL on this machine. */
export function localUrl({ host, port }: Pick<Settings, "host" | "port">): string {
  const reachable = isWildcard(host) ? "127.0.0.1" : host;
  return `http://${urlHost(reachable)}:${port}${HOOK_PATH}`;
}
