/** Basic authentication (RFC 7617): writes an Authorization header, and checks one. */
import { createHash, timingSafeEqual } from "node:crypto";

/** The user name and password that Okta must send. */
export interface Credentials {
  /** Without a colon (RFC 7617, 2). */
  username: string;
  /** Any text; UTF-8 in the header (RFC 7617, 2.1). */
  password: string;
}

/** A check of an Authorization header: undefined for the right one, else what is wrong with it. */
export type Authenticator = (header: string | undefined) => string | undefined;

/** A scheme, and what follows it (RFC 9110, 11.4). */
const CREDENTIALS = /^(?<scheme>\S+) *(?<token>.*)$/s;

/** The Authorization header that carries the credentials. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Creates the check for these credentials. */
export function createAuthenticator(credentials: Credentials): Authenticator {
  // Digests have one length, so that the comparison takes as long for every header.
  const expected = sha256(basicAuthorization(credentials));

  return (header) => {
    if (!header) return "no Authorization header";
    const { scheme = "", token = "" } = CREDENTIALS.exec(header)?.groups ?? {};
    if (scheme.toLowerCase() !== "basic") {
      return token === "" ? 'the secret lacks its "Basic " prefix' : "the scheme is not Basic";
    }
    if (timingSafeEqual(sha256(`Basic ${token}`), expected)) return undefined;
    return "wrong user name or password";
  };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();
