/** The settings: what an environment says, or everything that is wrong with it. */
import { printable } from "./text.js";

/** Where the event hook is; Okta's guide fixes it, so it is no setting. */
export const HOOK_PATH = "/userCreated";

export type Settings = ReturnType<typeof readSettings>["settings"];

/** Takes an environment, in which empty is as good as missing. Returns settings and all problems. */
export function readSettings(env: Record<string, string | undefined>) {
  const problems: string[] = [];
  const read = (name: string, fallback: string, valid: (value: string) => boolean, form: string) => {
    const value = env[name] || fallback;
    if (!valid(value)) problems.push(`${name} must be ${form}, not "${printable(value, 80)}".`);
    return value;
  };
  const settings = {
    port: Number(read("PORT", "8082", isPort, "a whole number from 0 to 65535")),
    host: env.HOST || "127.0.0.1",
    username: env.BASIC_AUTH_USERNAME ?? "",
    password: env.BASIC_AUTH_PASSWORD ?? "",
    ngrokWebAddr: read("NGROK_WEB_ADDR", "127.0.0.1:4040", isAddress, "host:port"),
  };
  // Without its value: what follows the colon may be the password.
  if (settings.username.includes(":")) problems.push("BASIC_AUTH_USERNAME must hold no colon (RFC 7617).");
  const missing = ["BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD"].filter((name) => !env[name]);
  if (missing[0]) problems.push(`${missing.join(" and ")} must be set: copy .env.example to .env.`);
  return { settings, problems };
}

/** Returns a host as URLs have it: an IPv6 address in brackets (RFC 3986, 3.2.2). */
export const urlHost = (host: string) => (host.includes(":") ? `[${host}]` : host);

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
const isAddress = (text: string) => isPort(/^(?:[^\s:/@[\]]+|\[[\da-f:.]+\]):(\d+)$/i.exec(text)?.[1] ?? "");
