/** What is said at the start and of the tunnel, and what a failed listen or write means. */
import { tunnelCommand, type Address, type Tunnel } from "./ngrok/tunnel.js";
import type { Message } from "./output.js";
import { HOOK_PATH, urlHost, type Settings } from "./settings.js";
import { fieldsOf } from "./values.js";

/** What to enter in Okta's form, beside the URL. */
export interface HookForm {
  /** The Authentication secret; undefined where stderr is no terminal, as a log would keep it. */
  secret: string | undefined;
  /** The event types to subscribe to. */
  eventTypes: string[];
}

/** The password of Okta's guide. */
const PUBLISHED_PASSWORD = "supersecret";

const OPEN_FORM = "In Okta's Admin Console, Workflow > Event Hooks > Create Event Hook:";
const SAVE_FORM = "Then click Save & Continue, and Verify.";

/** Where the receiver listens. */
export function listeningText({ address, port }: Address): string {
  return `Listening on http://${urlHost(address)}:${port}${HOOK_PATH}\n`;
}

/** What to do next, in order. */
export function nextSteps(address: Address, form: HookForm): string {
  const url = formField("URL", ["shown below when the tunnel opens"]);
  const fields = [...url, ...formFields(form)];
  return `
1. Open a tunnel in another terminal:  ${tunnelCommand(address)}
2. ${OPEN_FORM}
${fields.map((field) => `     ${field}\n`).join("")}   ${SAVE_FORM}

No Okta org at hand? In another terminal:  npm run simulate

`;
}

/**
 * What there is to say when one state of the tunnel follows another, or nothing.
 *
 * @param form undefined where it is not to be shown
 */
export function describeTunnel(
  before: Tunnel,
  after: Tunnel,
  address: Address,
  form: HookForm | undefined,
): Message | undefined {
  const details = [tunnelCommand(address)];
  if (after.state === "elsewhere") {
    const text = `ngrok forwards to ${after.upstream}, not here. A free account has one URL: stop that tunnel, and run:`;
    return { text, details, color: "yellow" };
  }
  if (after.state === "closed") {
    const text = "The tunnel closed: events are lost until it is open again:";
    return { text, details, color: "red" };
  }
  return after.url === undefined ? undefined : describeOpening(before, after.url, form);
}

function describeOpening(before: Tunnel, url: string, form: HookForm | undefined): Message {
  const hookUrl = `${url}${HOOK_PATH}`;
  if (before.url === url) {
    return { text: "The tunnel is open again, at the same URL: nothing to change in Okta." };
  }
  if (before.url !== undefined) {
    const text = "The tunnel has a new URL. Edit the hook in Okta, and verify it again:";
    return { text, details: [hookUrl], color: "yellow" };
  }
  if (form === undefined) {
    return { text: "The tunnel is open. The event hook's URL:", details: [hookUrl] };
  }
  const body = [...formFields(form), SAVE_FORM].join("\n");
  return { text: `The tunnel is open. ${OPEN_FORM}`, details: ["URL", `  ${hookUrl}`], body };
}

/** The fields but for the URL. A long secret must not be broken, so they are no details. */
function formFields({ secret, eventTypes }: HookForm): string[] {
  const isOnlyCreation = eventTypes.join() === "user.lifecycle.create";
  return [
    ...formField("Authentication field", ["authorization"]),
    ...formField("Authentication secret", secret === undefined ? HIDDEN_SECRET : [secret]),
    ...formField("Subscribe to events", isOnlyCreation ? ["User created"] : eventTypes),
  ];
}

/** For stderr that is no terminal: a log, but to Node also a window of Git Bash or of an IDE. */
const HIDDEN_SECRET = ["hidden here; to see it:", `node -p "'Basic ' + btoa('USERNAME:PASSWORD')"`];

/** Values stand beside their name, a line each, unless one is long. */
function formField(name: string, values: string[]): string[] {
  const isAlone = values.some((value) => value.length > 50);
  if (isAlone) return [name, ...values.map((value) => `  ${value}`)];
  return values.map((value, index) => {
    const label = index === 0 ? name : "";
    return `${label.padEnd(23)}${value}`;
  });
}

/** What is odd about the credentials, though they work. */
export function credentialWarnings({ username, password }: Settings): string[] {
  const warnings: string[] = [];
  if (password === PUBLISHED_PASSWORD) {
    warnings.push(`Warning: BASIC_AUTH_PASSWORD is the one published in Okta's guide. Before you
leave a tunnel open, set another one, and start again.

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
    return { text, details: ["Stop that program, or set another PORT."], color: "red" };
  }
  if (code === "EACCES") {
    const text = `Port ${port} is not permitted to this user.`;
    const details = [
      "Set another PORT, such as 8765: those below 1024 take privileges, and Windows reserves some for Hyper-V.",
    ];
    return { text, details, color: "red" };
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    const text = `LISTEN_HOST "${host}" is not an address of this machine.`;
    return { text, details: ["Leave it out, or set it to 127.0.0.1."], color: "red" };
  }
  const text = `Cannot listen: ${message}.`;
  return { text, details: ["Check LISTEN_HOST and PORT."], color: "red" };
}

/** Why nothing can be written to stdout, and what that means. */
export function describeWriteError(error: unknown): Message {
  const { code, message } = fieldsOf(error);
  let reason = `${message}`;
  if (code === "EPIPE") reason = "the pipe was closed";
  if (code === "ENOSPC") reason = "the disk is full";
  const text = `Cannot write to stdout (${reason}): stopping.`;
  const details = ["Okta got no acknowledgement for users that are not printed."];
  return { text, details, color: "red" };
}
