/** Basic authentication (RFC 7617): writes an Authorization header, and checks one. */
import { createHash, timingSafeEqual } from "node:crypto";

/** A check of an Authorization header: undefined for the right one, else what is wrong with it. */
export type Authenticator = (header: string | undefined) => string | undefined;

/** A scheme, and what follows it (RFC 9110, 11.4). */
const CREDENTIALS = /^(?<scheme>\S+) *(?<token>.*)$/s;

/** The Authorization header that carries the credentials. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Creates the check for these credentials. */
export function createAuthenticator(username: string, password: string): Authenticator {
  // Digests have one length, so that the comparison takes as long for every header.
  const expected = sha256(basicAuthorization(username, password));

  return function authenticate(header) {
    if (!header) return "no Authorization header";
    const { scheme = "", token = "" } = CREDENTIALS.exec(header)?.groups ?? {};
    if (scheme.toLowerCase() !== "basic") {
      return token === "" ? 'the secret lacks its "Basic " prefix' : "the scheme is not Basic";
    }
    if (timingSafeEqual(sha256(`Basic ${token}`), expected)) return undefined;
    return isEncoded(token) ? "wrong user name or password" : "not Base64 of username:password";
  };
}

function isEncoded(token: string): boolean {
  const decoded = Buffer.from(token, "base64");
  return decoded.toString("base64") === token && decoded.includes(":");
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
