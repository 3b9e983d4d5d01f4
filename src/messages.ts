/** What the receiver says to the person at the keyboard, apart from each request's line. */
import { basicAuthorization } from "./basic-auth.js";
import { HOOK_PATH, urlHost, type Settings } from "./settings.js";
import { at, printable } from "./text.js";
import { tunnelCommand } from "./tunnel.js";

const PUBLISHED = `
The password is the one in Okta's guide, so anybody may know it: set another
BASIC_AUTH_PASSWORD in .env before you leave a tunnel open.
`;

/** Returns the line for a created user, bold and green where colour is wanted. */
export function userLine(login: string, colour: boolean): string {
  const line = `The user ${printable(login)} has been added to the Okta org!`;
  return colour ? `\x1b[1;32m${line}\x1b[0m\n` : `${line}\n`;
}

/** Takes the error of a listen that failed. Returns what happened and what to do about it. */
export function listenProblem(error: unknown, { host, port }: Settings): string {
  const code = at(error, "code");
  if (code === "EADDRINUSE") {
    return `Port ${port} is in use: end what uses it, or set another PORT and tell ngrok the same.\n`;
  }
  if (code === "EACCES") return `Port ${port} needs privileges: set PORT to 1024 or more.\n`;
  return code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN"
    ? `HOST, ${printable(host)}, is not an address of this machine: set it to 127.0.0.1.\n`
    : `Cannot listen (${at(error, "message")}): check HOST and PORT.\n`;
}

/** Takes the error of a write to stdout. Returns what it means for Okta and what to do about it. */
export function stdoutProblem(error: unknown): string {
  const cause = at(error, "code") === "EPIPE" ? "what read it is gone" : String(at(error, "message"));
  return `Cannot write users to stdout (${cause}): ends without acknowledging them; start it again.\n`;
}

/** Takes the tunnel's URL, if one is open, and whether to show the secret. Returns what to paste. */
export function startText(settings: Settings, tunnel: string | undefined, showSecret: boolean): string {
  const { username, password, host, port, ngrokWebAddr } = settings;
  const secret = basicAuthorization(username, password);
  return `Listening on http://${urlHost(host)}:${port}${HOOK_PATH}

In Okta's Admin Console, under Workflow > Event Hooks > Create Event Hook:
  URL                    ${tunnel ? tunnel + HOOK_PATH : `comes with a tunnel: ${tunnelCommand(settings)}`}
  Authentication field   authorization
  Authentication secret  ${showSecret ? secret : "(start in a terminal, without redirecting stderr, to see it)"}
  Subscribe to events    User created
Then verify. ngrok's inspector: http://${ngrokWebAddr.replace("127.0.0.1", "localhost")}
${password === "supersecret" ? PUBLISHED : ""}
`;
}
