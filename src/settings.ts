/** The settings, from .env and the environment, and the URLs that follow from them. */
import { constants, copyFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "dotenv";
import { cut, printable } from "./text.js";
import { describeFileError, readTextFile } from "./text-file.js";
import type { Result } from "./values.js";

/** Where the event hook is. Okta's guide fixes this path, so it is not a setting. */
export const HOOK_PATH = "/userCreated";

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

const CREDENTIALS = ["BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD"];

/**
 * Whether nothing is set yet, and `.env` can be made from the example. Not where LISTEN_HOST is set:
 * others may reach the receiver then, and the example's password is published.
 */
export function isFirstStart(env: NodeJS.ProcessEnv): boolean {
  const isUnset = !env.LISTEN_HOST && CREDENTIALS.every((name) => !env[name]);
  return isUnset && existsSync(".env.example") && !existsSync(".env");
}

/** Copies `.env.example` to `.env`, never over a file that is there; returns why it cannot. */
export function makeEnvFile(): string[] {
  try {
    copyFileSync(".env.example", ".env", constants.COPYFILE_EXCL);
    return [];
  } catch (error) {
    const why = describeFileError(".env", error);
    return [why, "It is made from .env.example at the first start."];
  }
}

/**
 * Reads `.env` in the working directory into the environment, which wins, and the settings from
 * there. An empty variable counts as missing: compose files and CI pass unset ones so.
 */
export function readSettings(env: NodeJS.ProcessEnv): Result<Settings> {
  const unreadable = loadEnvFile(env);
  if (unreadable.length > 0) return { problems: unreadable };
  const port = env.PORT || "8082";
  const host = env.LISTEN_HOST || "127.0.0.1";
  const agent = env.NGROK_WEB_ADDR || "127.0.0.1:4040";
  const flag = env.SHOW_PAYLOAD || "0";

  const problems: string[] = [];
  if (!isPort(port)) problems.push(invalid("PORT", "a whole number from 0 to 65535", port));
  if (!isAuthority(urlHost(host))) {
    problems.push(invalid("LISTEN_HOST", "an IP address or a host name", host));
  }
  if (!isAddress(agent)) problems.push(invalid("NGROK_WEB_ADDR", "host:port", agent));
  if (!isFlag(flag)) problems.push(invalid("SHOW_PAYLOAD", "1 or true, 0 or false", flag));
  problems.push(...findCredentialProblems(env));
  if (problems.length > 0) return { problems };
  return {
    value: {
      port: Number(port),
      host,
      username: env.BASIC_AUTH_USERNAME ?? "",
      password: env.BASIC_AUTH_PASSWORD ?? "",
      ngrokWebAddr: agent,
      showPayload: flag === "1" || flag === "true",
    },
  };
}

/** Reads `.env` into the environment, if there is one; returns why it cannot be read. */
function loadEnvFile(env: NodeJS.ProcessEnv): string[] {
  if (!existsSync(".env")) return [];
  const file = readTextFile(".env");
  if ("problems" in file) return file.problems;
  for (const [name, value] of Object.entries(parse(file.value))) {
    env[name] ||= value;
  }
  return [];
}

/** What to do about a setting that is missing. */
function describeRemedy(): string[] {
  if (existsSync(".env")) return ["  Set it in .env, in single quotes, as a # starts a comment."];
  const remedy = "  Copy .env.example to .env in the project's folder.";
  return [`  There is no .env in ${resolve()}.`, remedy];
}

const invalid = (name: string, form: string, value: string) =>
  `${name} must be ${form}, not "${printable(cut(value, 80))}".`;

/** A credential's value is never shown. */
function findCredentialProblems(env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  // The password may follow the colon (RFC 7617, 2).
  if (env.BASIC_AUTH_USERNAME?.includes(":")) {
    problems.push("BASIC_AUTH_USERNAME must not contain a colon.");
  }
  for (const name of CREDENTIALS) {
    if (!/\p{Cc}/u.test(env[name] ?? "")) continue;
    problems.push(
      `${name} must not contain a control character.`,
      "  In .env, double quotes make a line break of \\n: use single quotes.",
    );
  }
  const missing = CREDENTIALS.filter((name) => !env[name]);
  if (missing.length > 0) {
    problems.push(`${missing.join(" and ")} must be set, and not empty.`, ...describeRemedy());
  }
  return problems;
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

const isAddress = (text: string) => isAuthority(text) && /:[1-9]\d*$/.test(text);

const isFlag = (text: string) => ["1", "true", "0", "false"].includes(text);

/** Whether a text is what URLs have between their slashes, a host and maybe a port, and no more. */
const isAuthority = (text: string) => /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`http://${text}`);

/** The host as URLs have it: an IPv6 address is in brackets (RFC 3986, 3.2.2). */
export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** Whether an address stands for all addresses of this machine. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** The event hook's URL on this machine. */
export function localUrl({ host, port }: Pick<Settings, "host" | "port">): string {
  const reachable = isWildcard(host) ? "127.0.0.1" : host;
  return `http://${urlHost(reachable)}:${port}${HOOK_PATH}`;
}

/**
 * Keeps what is asked of this machine away from a proxy, which `fetch` uses where
 * NODE_USE_ENV_PROXY is set. It has to be called before the first `fetch`.
 */
export function bypassProxy(env: NodeJS.ProcessEnv, settings: Settings): void {
  const { hostname } = new URL(`http://${settings.ngrokWebAddr}`);
  const own = ["localhost", "127.0.0.1", "[::1]", urlHost(settings.host), hostname];
  const given = env.no_proxy || env.NO_PROXY;
  const all = given ? [given, ...own] : own;
  env.NO_PROXY = all.join(",");
  env.no_proxy = env.NO_PROXY;
}
