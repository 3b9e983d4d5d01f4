/** Basic authentication: which Authorization headers are let in, and which reason the others get. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAuthenticator, basicAuthorization } from "../src/receiver/basic-auth.js";

const GUIDE = { username: "admin", password: "supersecret" };
const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");

test("the guide's credentials make the guide's Authentication secret", () => {
  assert.equal(basicAuthorization(GUIDE), "Basic YWRtaW46c3VwZXJzZWNyZXQ=");
});

const right = [
  ["as in the guide", "admin", "supersecret", "Basic YWRtaW46c3VwZXJzZWNyZXQ="],
  ["a lower-case scheme", "admin", "supersecret", "basic YWRtaW46c3VwZXJzZWNyZXQ="],
  ["an upper-case scheme", "admin", "supersecret", "BASIC YWRtaW46c3VwZXJzZWNyZXQ="],
  ["several spaces after the scheme", "admin", "supersecret", "Basic   YWRtaW46c3VwZXJzZWNyZXQ="],
  ["colons in the password", "admin", "a:b::c", `Basic ${base64("admin:a:b::c")}`],
  ["UTF-8 in both halves (RFC 7617, 2.1)", "test", "123£", "Basic dGVzdDoxMjPCow=="],
  ["an emoji in the user name", "🦊", "ü", `Basic ${base64("🦊:ü")}`],
  ["spaces around the password", "admin", " x ", `Basic ${base64("admin: x ")}`],
] as const;
for (const [what, username, password, header] of right) {
  test(`lets in ${what}`, () => {
    assert.equal(createAuthenticator({ username, password })(header), undefined);
  });
}

const PREFIX = 'the secret lacks its "Basic " prefix';
const SCHEME = "the scheme is not Basic";
const DIFFERS = "wrong user name or password";
const wrong = [
  ["no header", undefined, "no Authorization header"],
  ["an empty header", "", "no Authorization header"],
  ["the secret without its prefix", "YWRtaW46c3VwZXJzZWNyZXQ=", PREFIX],
  ["the bare password", "supersecret", PREFIX],
  ["another scheme", "Bearer YWRtaW46c3VwZXJzZWNyZXQ=", SCHEME],
  ["a scheme that starts like Basic", "Basically YWRtaW46c3VwZXJzZWNyZXQ=", SCHEME],
  ["the scheme alone", "Basic", DIFFERS],
  ["the scheme and a space", "Basic ", DIFFERS],
  ["credentials in clear text", "Basic admin:supersecret", DIFFERS],
  ["Base64 with a character too many", "Basic YWRtaW46c3VwZXJzZWNyZXQ=!", DIFFERS],
  ["Base64 without its padding", "Basic YWRtaW46c3VwZXJzZWNyZXQ", DIFFERS],
  ["Base64 without a colon in it", `Basic ${base64("admin")}`, DIFFERS],
  ["two tokens", "Basic YWRtaW46c3VwZXJzZWNyZXQ= YWRtaW4=", DIFFERS],
  ["another password", `Basic ${base64("admin:supersecreT")}`, DIFFERS],
  ["another user name", `Basic ${base64("Admin:supersecret")}`, DIFFERS],
  ["a password cut short", `Basic ${base64("admin:supersecre")}`, DIFFERS],
  ["a password with more behind it", `Basic ${base64("admin:supersecret ")}`, DIFFERS],
  ["the colon elsewhere", `Basic ${base64("adm:insupersecret")}`, DIFFERS],
  ["halves swapped", `Basic ${base64("supersecret:admin")}`, DIFFERS],
  ["empty halves", `Basic ${base64(":")}`, DIFFERS],
  ["a megabyte", `Basic ${base64(`admin:${"x".repeat(1_000_000)}`)}`, DIFFERS],
] as const;
for (const [what, header, reason] of wrong) {
  test(`refuses ${what}`, () => {
    assert.equal(createAuthenticator(GUIDE)(header), reason);
  });
}
