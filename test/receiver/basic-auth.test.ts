/** A 401: a client hears the same whatever is wrong with the secret, the console what is wrong. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startApp } from "../support/app.js";
import { ask } from "../support/lines.js";
import { created, delivery, JSON_TYPE, post } from "../support/okta.js";

const app = await startApp({ after });

const TOKEN = "YWRtaW46c3VwZXJzZWNyZXQ=";
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;
const DELIVERY = post(delivery(created("john.doe@example.com")));

/** What is wrong, and what to do where that is more than to paste the secret. */
const wrong: [what: string, authorization: string | undefined, told: RegExp][] = [
  ["no header", undefined, /^no Authorization header .* field to authorization\./],
  ["the secret without its prefix", TOKEN, /^the secret lacks its "Basic " prefix /],
  ["another scheme", `Bearer ${TOKEN}`, /^the scheme is not Basic /],
  ["the scheme alone", "Basic ", /^nothing follows "Basic" /],
  ["the prefix twice", `Basic BASIC  ${TOKEN}`, /^the secret begins with "Basic " twice /],
  ["the secret twice", `Basic ${TOKEN}Basic ${TOKEN}`, /^the secret was pasted twice .*Empty/],
  ["the token twice", `Basic ${TOKEN}${TOKEN}`, /^the secret was pasted twice .*Empty/],
  ["quotes around the secret", `"Basic ${TOKEN}"`, /^the secret has quotes .*Leave them out/],
  ["quotes around the token", `Basic '${TOKEN}'`, /^the secret has quotes .*Leave them out/],
  [
    "credentials in clear text",
    "Basic admin:supersecret",
    /^the secret is not Base64 of username:password /,
  ],
  ["the password alone", basic("supersecret"), /^the secret holds no user name /],
  ["a line break", basic("admin:supersecret\n"), /^the secret ends in a line break .*echo adds/],
  ["another password", basic("admin:supersecreT"), /^wrong user name or password /],
  ["a password cut short", basic("admin:supersecre"), /^wrong user name or password /],
];
const heard = new Set<string>();
for (const [what, authorization, told] of wrong) {
  test(`401: ${what}`, async () => {
    const credentials = authorization === undefined ? {} : { authorization };
    const request = { ...DELIVERY, headers: { ...JSON_TYPE, ...credentials } };
    const { status, headers, body, users, line } = await ask(app, request);
    assert.deepEqual([status, line.status, users], [401, 401, ""]);
    assert.match(headers["www-authenticate"] ?? "", /^Basic realm=/);
    assert.match(body, /^\{"error":"[^"]+"\}$/);
    const { date: _date, ...same } = headers;
    heard.add(JSON.stringify({ ...same, body }));
    assert.equal(heard.size, 1, "a client learns what is wrong");
    assert.match(line.told, told);
    assert.match(line.told, / from 127\.0\.0\.1 Okta does not retry\. .+\.$/);
    assert.doesNotMatch(line.told, /YWRtaW46|supersecre/i);
  });
}
