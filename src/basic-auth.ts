/** Basic authentication (RFC 7617): writes an Authorization header, and checks one. */
import { createHash, timingSafeEqual } from "node:crypto";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** Returns the Authorization header that carries these credentials. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${base64(`${username}:${password}`)}`;
}

/**
 * Takes the credentials to let in. Returns a check of an Authorization header: undefined when it
 * carries them, else the reason why it does not, without anything secret.
 */
export function basicAuthenticator(username: string, password: string) {
  // One comparison of digests covers both halves, and takes as long for every header.
  const expected = sha256(base64(`${username}:${password}`));
  return (header: string | undefined): string | undefined => {
    if (!header) return "no Authorization header";
    const [, scheme = "", token = ""] = /^(\S*) *(.*)$/s.exec(header) ?? [];
    if (scheme.toLowerCase() !== "basic") {
      return token ? "another scheme than Basic" : 'the secret lacks its "Basic " prefix';
    }
    if (timingSafeEqual(sha256(token), expected)) return undefined;
    const decoded = Buffer.from(token, "base64");
    const valid = decoded.toString("base64") === token && decoded.includes(":");
    return valid ? "the user name or password differs" : 'not valid Base64 of "username:password"';
  };
}
