/** What Okta sends: a verification, and deliveries. */
import { randomUUID } from "node:crypto";
import { basicAuthorization, type Credentials } from "../receiver/basic-auth.js";
import { printable } from "../text.js";

/** One request, and what its answer must be. */
export interface Step {
  /** What it is, for its line. */
  name: string;
  /** Okta verifies by GET, and delivers by POST. */
  method: "GET" | "POST";
  /** By their names in lower case. */
  headers: Record<string, string>;
  /** Null when it has none. */
  body: string | Buffer | null;
  /** A 200 with the challenge, an empty 200 or 204, or a 401. */
  expected: "echo" | "acknowledgement" | "refusal";
}

/**
 * The steps in Okta's order: it delivers nothing before the verification.
 *
 * @param email the login of the created user
 * @param file what to deliver instead of all the deliveries
 */
export function createSteps(credentials: Credentials, email: string, file?: Buffer): Step[] {
  const right = { authorization: basicAuthorization(credentials) };
  const wrong = { authorization: basicAuthorization({ ...credentials, password: randomUUID() }) };
  const verification = createVerification(right);
  if (file !== undefined) {
    return [verification, createDelivery("delivery of your file", file, right)];
  }

  const one = payload(created(email));
  const other = event("user.session.start", []);
  const several = payload(created("jane.roe@example.com"), other, created("max.moe@example.com"));
  const preview = payload(PREVIEW_SAMPLE);
  const stranger = createDelivery("delivery without credentials: must be refused", one, {});
  const impostor = createDelivery("delivery with a wrong password: must be refused", one, wrong);
  return [
    verification,
    createDelivery(`delivery of a created user, ${printable(email)}`, one, right),
    createDelivery("delivery of two created users and another event", several, right),
    createDelivery("Okta's preview sample, whose target is null", preview, right),
    { ...stranger, expected: "refusal" },
    { ...impostor, expected: "refusal" },
  ];
}

const JSON_TYPE = "application/json";

/** https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request */
function createVerification(authorization: object): Step {
  const challenge = { "x-okta-verification-challenge": randomUUID() };
  const identity = { "user-agent": "Okta-Integrations", "x-okta-request-id": randomUUID() };
  const headers = { accept: JSON_TYPE, ...authorization, ...identity, ...challenge };
  return { name: "verification", method: "GET", headers, body: null, expected: "echo" };
}

function createDelivery(name: string, body: Step["body"], authorization: object): Step {
  const type = { accept: JSON_TYPE, "content-type": JSON_TYPE };
  const headers = { ...type, ...authorization, "user-agent": "Okta Hook Service v1.0.0" };
  return { name, method: "POST", headers, body, expected: "acknowledgement" };
}

/** https://developer.okta.com/docs/concepts/event-hooks/#sample-event-delivery-payload */
function payload(...events: object[]): string {
  const source = "https://example.okta.com/api/v1/eventHooks/who0example";
  const versions = { eventTypeVersion: "1.0", cloudEventsVersion: "0.1" };
  const identity = { eventType: "com.okta.event_hook", eventId: randomUUID(), source };
  const content = { eventTime: new Date(), contentType: JSON_TYPE, data: { events } };
  return JSON.stringify({ ...identity, ...versions, ...content });
}

const created = (alternateId: string) =>
  event("user.lifecycle.create", [{ id: "00u0example", type: "User", alternateId }]);

function event(eventType: string, target: object[] | null, result = "SUCCESS"): object {
  const identity = { uuid: randomUUID(), published: new Date(), eventType };
  return { ...identity, outcome: { result }, target };
}

/** The event that Okta's preview shows where an org has no real one. */
const PREVIEW_SAMPLE = {
  ...event("user.lifecycle.create", null, "Success"),
  actor: null,
  debugContext: null,
  securityContext: null,
};
