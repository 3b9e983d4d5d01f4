/** What Okta sends, in its order: a verification, and deliveries. */
import { randomUUID } from "node:crypto";
import { basicAuthorization, type Credentials } from "../receiver/basic-auth.js";
import { deliveryOf, eventOf, group, previewSample, user, userCreated } from "./system-log.js";

/** One request, and what its answer must be. */
export interface Step {
  /** What it is, for its line. */
  name: string;
  /** Okta verifies by GET, and delivers by POST. */
  method: "GET" | "POST";
  /** By their names in lower case. */
  headers: Record<string, string>;
  /** Of a delivery. */
  body?: string;
  /** A 200 with the challenge, an empty 200 or 204, or a 401. */
  expected: "echo" | "acknowledgement" | "refusal";
  /** Whether to say what the receiver's console should show of it. */
  isForetold?: boolean;
}

/** All that is played where nothing else is asked for: Okta delivers nothing before it verified. */
export function createAllSteps(credentials: Credentials, login: string): Step[] {
  const right = basicAuthorization(credentials);
  const wrong = basicAuthorization({ ...credentials, password: randomUUID() });
  const one = deliveryOf(userCreated([user(login)]));
  const several = deliveryOf(
    userCreated([group("Everyone"), user("jane.roe@example.com")]),
    eventOf("user.session.start", "jane.roe@example.com"),
    userCreated([user("max.moe@example.com"), group("Everyone"), group("Engineering")]),
  );
  const preview = deliveryOf(previewSample());
  const stranger = createDelivery("delivery without credentials: must be refused", one);
  const impostor = createDelivery("delivery with a wrong password: must be refused", one, wrong);
  return [
    createVerification(right),
    createDelivery(`delivery of a created user, ${login}`, one, right),
    createDelivery("the same delivery again, as Okta's retry", one, right),
    createDelivery("delivery of two created users and another event", several, right),
    createDelivery("Okta's preview sample, whose target is null", preview, right),
    { ...stranger, expected: "refusal" },
    { ...impostor, expected: "refusal" },
  ];
}

/** A verification, and one delivery of an event of any type. */
export function createEventSteps(credentials: Credentials, login: string, type: string): Step[] {
  const name = `delivery of ${type}, ${login}`;
  return createSingleSteps(credentials, name, deliveryOf(eventOf(type, login)));
}

/** A verification, and one delivery with a body of one's own. */
export function createFileSteps(credentials: Credentials, body: string): Step[] {
  return createSingleSteps(credentials, "delivery of your file", body);
}

function createSingleSteps(credentials: Credentials, name: string, body: string): Step[] {
  const right = basicAuthorization(credentials);
  const delivery = createDelivery(name, body, right);
  return [createVerification(right), { ...delivery, isForetold: true }];
}

const JSON_TYPE = "application/json";

/** https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request */
function createVerification(authorization: string): Step {
  const headers = {
    accept: JSON_TYPE,
    authorization,
    "user-agent": "Okta-Integrations",
    "x-okta-request-id": randomUUID(),
    "x-okta-verification-challenge": randomUUID(),
  };
  return { name: "verification", method: "GET", headers, expected: "echo" };
}

function createDelivery(name: string, body: string, authorization?: string): Step {
  const headers = {
    accept: JSON_TYPE,
    "content-type": JSON_TYPE,
    "user-agent": "Okta Hook Service v1.0.0 - who0example",
    ...(authorization !== undefined && { authorization }),
  };
  return { name, method: "POST", headers, body, expected: "acknowledgement" };
}
