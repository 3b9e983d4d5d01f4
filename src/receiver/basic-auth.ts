/** Basic authentication (RFC 7617): writes an Authorization header, checks one, explains a wrong one. */
import { timingSafeEqual } from "node:crypto";

/** The user name and password that Okta must send. */
export interface Credentials {
  /** Without a colon (RFC 7617, 2). */
  username: string;
  /** Any text; UTF-8 in the header (RFC 7617, 2.1). */
  password: string;
}

/** Checks whether an Authorization header carries the right credentials. */
export type Authorizer = (header: string | undefined) => boolean;

/** Why an Authorization header is wrong, without any of its value, and what to do in Okta's form. */
export interface Explanation {
  /** What is wrong, as a part of a sentence. */
  problem: string;
  /** A sentence. */
  remedy: string;
}

/** The Authorization header that carries the credentials. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Creates the check of a header for these credentials. */
export function createAuthorizer({ username, password }: Credentials): Authorizer {
  const expected = Buffer.from(`${username}:${password}`);
  return (header = "") => {
    const given = decode(header);
    return given !== undefined && isEqual(given, expected);
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

type Wrong = [form: RegExp, problem: string, remedy: string];

const PASTE = "Paste the secret that npm start printed.";

/** Wrong headers by their form: the first that fits is the explanation. */
const WRONG_HEADERS: Wrong[] = [
  [/^$/, "no Authorization header", "Set the hook's Authentication field to authorization."],
  [/^(basic\s+)?["']/i, "the secret has quotes around it", `Leave them out. ${PASTE}`],
  [/^basic$/i, 'nothing follows "Basic"', PASTE],
  [/^(?!basic\s)\S+$/i, 'the secret lacks its "Basic " prefix', PASTE],
  [/^(?!basic\s)/i, "the scheme is not Basic", PASTE],
  // The second one may have come without its prefix, or without a blank before it.
  [/^basic\s+(\S+?)\s*(basic\s+)?\1$/i, "the secret was pasted twice", `Empty the field. ${PASTE}`],
  [/^basic\s+basic(\s|$)/i, 'the secret begins with "Basic " twice', `Once is right. ${PASTE}`],
];

/** Wrong credentials, once they are decoded, in the same way. */
const WRONG_CREDENTIALS: Wrong[] = [
  [/^(?![^:]+:)/, "the secret holds no user name before the password", PASTE],
  [/[\r\n]$/, "the secret ends in a line break", `echo adds one. ${PASTE}`],
  [/^/, "wrong user name or password", PASTE],
];

const NOT_BASE64: Wrong = [/^/, "the secret is not Base64 of username:password", PASTE];

/** How much of a header is looked at, in characters: to find a repeated secret is quadratic. */
const EXPLAINED_LENGTH = 1_000;

/** Explains a wrong header from what it looks like alone: the right credentials are not used. */
export function explainAuthorization(header = ""): Explanation {
  const beginning = header.trim().slice(0, EXPLAINED_LENGTH);
  const credentials = decode(header)?.toString();
  const [, problem, remedy] =
    WRONG_HEADERS.find(([form]) => form.test(beginning)) ??
    WRONG_CREDENTIALS.find(([form]) => credentials !== undefined && form.test(credentials)) ??
    NOT_BASE64;
  return { problem, remedy };
}
