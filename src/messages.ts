/** What the receiver says at its start, and what a failed listen or write means. */
import { tunnelCommand } from "./ngrok/tunnel.js";
import type { Message } from "./output.js";
import { HOOK_PATH, urlHost, type Settings } from "./settings.js";
import { fieldsOf } from "./values.js";

/** The password of Okta's guide. */
const PUBLISHED_PASSWORD = "supersecret";

/** What to do with the form in Okta's Admin Console once it is filled in. */
const SAVE = "Then click Save & Continue, and Verify.";

/** Where the receiver listens. */
export function listeningText({ host, port }: Settings): string {
  return `Listening on http://${urlHost(host)}:${port}${HOOK_PATH}\n`;
}

/**
 * What to do next, in order.
 *
 * @param secret the Authentication secret, where it may be shown
 */
export function nextSteps(settings: Settings, secret: string | undefined): string {
  const fields = formFields("shown below when the tunnel opens", secret);
  return `
1. Open a tunnel in another terminal:  ${tunnelCommand(settings)}
2. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:
${fields.map((field) => `     ${field}\n`).join("")}   ${SAVE}

No Okta org at hand? In another terminal:  npm run simulate

`;
}

/** A first tunnel: what to enter in Okta's form, and what to do then. */
export function tunnelOpened(url: string, secret: string | undefined): Message {
  const text =
    "The tunnel is open. In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:";
  return { text, details: [...formFields(url, secret), SAVE] };
}

/** The same where a receiver before this one has told all of that. */
export function tunnelIsOpen(url: string): Message {
  return { text: "The tunnel is open. The event hook's URL:", details: [url] };
}

function formFields(
  url: string,
  secret = "hidden: start the receiver in a terminal to see it",
): string[] {
  return [
    ...formField("URL", url),
    ...formField("Authentication field", "authorization"),
    ...formField("Authentication secret", secret),
    ...formField("Subscribe to events", "User created"),
  ];
}

/** A value to copy has a line of its own when it is a URL, or long. */
function formField(name: string, value: string): string[] {
  const isAlone = value.startsWith("https://") || value.length > 50;
  return isAlone ? [name, `  ${value}`] : [`${name.padEnd(23)}${value}`];
}

/** What is odd about the credentials, though they work. */
export function credentialWarnings({ username, password }: Settings): string[] {
  const warnings: string[] = [];
  if (password === PUBLISHED_PASSWORD) {
    warnings.push(`Warning: the password in .env is published in Okta's guide. Before you leave a
tunnel open, set another BASIC_AUTH_PASSWORD there, and start again.

`);
  }
  const values = { BASIC_AUTH_USERNAME: username, BASIC_AUTH_PASSWORD: password };
  for (const [name, value] of Object.entries(values)) {
    if (!/^(["']).*\1$/s.test(value)) continue;
    warnings.push(`Warning: the quotes around ${name} count as part of it. Docker's
--env-file keeps them: leave them out there.

`);
  }
  return warnings;
}

/** Why the receiver cannot listen, and what to do about it. */
export function describeListenError(error: unknown, { host, port }: Settings): Message {
  const { code, message } = fieldsOf(error);
  if (code === "EADDRINUSE") {
    const text = `Port ${port} is in use: perhaps the receiver already runs.`;
    return { text, details: ["Stop that program, or set another PORT in .env."], color: "red" };
  }
  if (code === "EACCES") {
    const text = `Port ${port} is not permitted to this user.`;
    return { text, details: ["Set another PORT in .env, such as 8082."], color: "red" };
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    const text = `LISTEN_HOST "${host}" is not an address of this machine.`;
    return { text, details: ["Leave it out, or set it to 127.0.0.1."], color: "red" };
  }
  const text = `Cannot listen: ${message}.`;
  return { text, details: ["Check LISTEN_HOST and PORT."], color: "red" };
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
