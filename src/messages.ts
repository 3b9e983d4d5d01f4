/** What the receiver says at its start, and what a failed listen or write means. */
import { randomBytes } from "node:crypto";
import type { Message } from "./output.js";
import { HOOK_PATH, tunnelCommand, urlHost, type Settings } from "./settings.js";
import { fieldsOf, indent } from "./text.js";

/** The password of Okta's guide. */
const PUBLISHED_PASSWORD = "supersecret";

/**
 * Where the receiver listens, and what to do next, in order.
 *
 * @param tunnelUrl the tunnel's origin, when it is open already
 * @param secret the Authentication secret, where it may be shown
 */
export function startText(settings: Settings, tunnelUrl?: string, secret?: string): string {
  const url = tunnelUrl && `${tunnelUrl}${HOOK_PATH}`;
  const hook = `In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
${describeField("URL", url ?? "printed here when the tunnel is open")}
${describeField("Authentication field", "authorization")}
${describeField("Authentication secret", secret ?? "hidden: stderr is not a terminal")}
${describeField("Subscribe to events", "User created")}
Then click Save & Continue, and Verify.`;
  const tunnel = `1. Open a tunnel in another terminal:  ${tunnelCommand(settings)}`;
  const steps = url ? hook : `${tunnel}\n2. ${hook.replaceAll("\n", "\n   ")}`;
  return `Listening on http://${urlHost(settings.host)}:${settings.port}${HOOK_PATH}

${steps}

No Okta org at hand? In another terminal:  npm run simulate

`;
}

/** A value to copy has a line of its own when it is a URL, or long. */
function describeField(name: string, value: string): string {
  const isAlone = value.startsWith("https://") || value.length > 50;
  return isAlone ? `  ${name}\n    ${value}` : `  ${name.padEnd(23)}${value}`;
}

/**
 * The warning of a password that everybody knows, if it is one.
 *
 * @param isPrivate whether another password may be shown
 */
export function passwordWarning(settings: Settings, isPrivate: boolean): string | undefined {
  if (settings.password !== PUBLISHED_PASSWORD) return undefined;
  const suggestion = isPrivate ? randomBytes(12).toString("base64url") : "...";
  return `Warning: this password is published in Okta's guide. Before you leave a tunnel
open, set another one in .env, and start again. For example:
  BASIC_AUTH_PASSWORD=${suggestion}`;
}

/** Why the receiver cannot listen, and what to do about it. */
export function describeListenError(error: unknown, { host, port }: Settings): string {
  const { code, message } = fieldsOf(error);
  if (code === "EADDRINUSE") {
    return `Port ${port} is in use: stop that program, or set another PORT.\n`;
  }
  if (code === "EACCES") return `Port ${port} is not permitted here: set another PORT.\n`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `HOST "${host}" is not an address of this machine: use 127.0.0.1.\n`;
  }
  return `Cannot listen: check HOST and PORT.\n${indent(`${message}`)}\n`;
}

/** Why users cannot be written to stdout, and what that means. */
export function describeWriteError(error: unknown): Message {
  const { code, message } = fieldsOf(error);
  let reason = `${message}`;
  if (code === "EPIPE") reason = "the pipe was closed";
  if (code === "ENOSPC") reason = "the disk is full";
  const text = `Cannot write to stdout (${reason}): stopping.`;
  const details = ["Okta got no acknowledgement for users that are not printed."];
  return { text, details, color: "red" };
}
