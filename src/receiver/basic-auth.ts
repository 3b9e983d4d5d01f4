/** Basic authentication (RFC 7617): writes an Authorization header, and says what is wrong with one. */
import { timingSafeEqual } from "node:crypto";

/** The user name and password that Okta must send. */
export interface Credentials {
  /** Without a colon (RFC 7617, 2). */
  username: string;
  /** Any text; UTF-8 in the header (RFC 7617, 2.1). */
  password: string;
}

/** What is wrong with an Authorization header; nothing of its value. */
export interface Mistake {
  /** What is wrong. */
  problem: string;
  /** What to do about it in Okta's form, as a sentence. */
  remedy: string;
}

/** Finds what is wrong with an Authorization header; undefined for the right one. */
export type MistakeFinder = (header: string | undefined) => Mistake | undefined;

/** The Authorization header that carries the credentials. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Creates the check of a header for these credentials. */
export function createMistakeFinder({ username, password }: Credentials): MistakeFinder {
  const expected = Buffer.from(`${username}:${password}`);
  return (header = "") => {
    const given = decode(header);
    if (given !== undefined && isEqual(given, expected)) return undefined;
    return explain(header.trim());
  };
}

/** The scheme in any case, blanks, and Base64, of which the padding may be missing. */
const BASIC = /^\s*basic\s+([A-Za-z0-9+/]+={0,2})\s*$/i;

/** The user name and password in a header. Buffer.from would take any text for Base64. */
function decode(header: string): Buffer | undefined {
  const [, token] = BASIC.exec(header) ?? [];
  return token === undefined ? undefined : Buffer.from(token, "base64");
}

/** Compares in a time that depends on nothing but the length of what was given. */
function isEqual(given: Buffer, expected: Buffer): boolean {
  const hasLength = given.length === expected.length;
  // What has another length is compared with itself, for the time that it takes.
  return timingSafeEqual(given, hasLength ? expected : given) && hasLength;
}

const PASTE = "Paste the secret that the receiver prints in a terminal.";

/** Explains a wrong header from what it looks like alone: the right credentials are not used. */
function explain(header: string): Mistake {
  const [, scheme = "", token = ""] = /^(\S*)\s*(.*)$/s.exec(header) ?? [];
  if (scheme === "") {
    const remedy = "Set the hook's Authentication field to authorization.";
    return { problem: "no Authorization header", remedy };
  }
  if (/^["']/.test(scheme) || /^["']/.test(token)) {
    return { problem: "the secret has quotes around it", remedy: `Leave them out. ${PASTE}` };
  }
  if (scheme.toLowerCase() !== "basic") {
    const isAlone = token === "";
    const problem = isAlone ? 'the secret lacks its "Basic " prefix' : "the scheme is not Basic";
    return { problem, remedy: PASTE };
  }
  return explainToken(token);
}

/** Explains what follows the scheme. */
function explainToken(token: string): Mistake {
  if (token === "") return { problem: 'nothing follows "Basic"', remedy: PASTE };
  if (/^basic\s/i.test(token)) {
    return { problem: 'the secret begins with "Basic " twice', remedy: `Once is right. ${PASTE}` };
  }
  if (isTwice(token)) {
    return { problem: "the secret was pasted twice", remedy: `Empty the field first. ${PASTE}` };
  }
  const decoded = decode(`Basic ${token}`)?.toString();
  if (decoded === undefined) {
    return { problem: "the secret is not Base64 of username:password", remedy: PASTE };
  }
  if (!/^[^:]+:/.test(decoded)) {
    return { problem: "the secret holds no user name before the password", remedy: PASTE };
  }
  if (/[\r\n]$/.test(decoded)) {
    return { problem: "the secret ends in a line break", remedy: `echo adds one. ${PASTE}` };
  }
  return { problem: "wrong user name or password", remedy: PASTE };
}

/** Whether a token stands there twice, with or without a second "Basic ". */
function isTwice(token: string): boolean {
  const pasted = token.replace(/basic |\s/gi, "");
  const half = pasted.length / 2;
  return pasted.slice(0, half) === pasted.slice(half);
}
