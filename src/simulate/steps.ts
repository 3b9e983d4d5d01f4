/** What Okta sends, in its order: a verification, and deliveries. */
import { randomUUID } from "node:crypto";
import { basicAuthorization, type Credentials } from "../receiver/basic-auth.js";
import { cut, printable } from "../text.js";
import { readTextFile } from "../text-file.js";
import { fieldsOf, type Result } from "../values.js";
import type { Arguments } from "./arguments.js";
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
}

const DEFAULT_LOGIN = "john.doe@example.com";

/** The steps that the arguments ask for: Okta delivers nothing before it has verified. */
export function createSteps(given: Arguments, credentials: Credentials): Result<Step[]> {
  const { file, eventType, outcome, login = DEFAULT_LOGIN } = given;
  if (file !== undefined) {
    const body = readDeliveryFile(file);
    if ("problems" in body) return body;
    return { value: createSingleSteps(credentials, `delivery of ${shorten(file)}`, body.value) };
  }
  if (eventType === undefined) return { value: createAllSteps(credentials, login) };
  const event = eventOf(eventType, login, outcome);
  if (event === undefined) return { problems: [explainUnknownTargets(eventType)] };
  const name = `delivery of ${shorten(eventType)}, ${shorten(login)}`;
  return { value: createSingleSteps(credentials, name, deliveryOf(event)) };
}

/** Fits a line of its own, however long and odd a text is. */
const shorten = (text: string) => cut(printable(text), 70);

const explainUnknownTargets = (eventType: string) =>
  `The targets of ${eventType} are not known here. Check its spelling, or copy an event from Reports > System Log, or a delivery from ngrok's inspector, into a file, and deliver that: npm run simulate FILE.json`;

/** Reads a file with a delivery, or with events of the System Log, which get the envelope. */
function readDeliveryFile(path: string): Result<string> {
  const file = readTextFile(path);
  if ("problems" in file) return file;
  let json: unknown;
  try {
    json = JSON.parse(file.value);
  } catch (error) {
    return { problems: [`${path} is not JSON: ${fieldsOf(error).message}.`] };
  }
  const { data, eventType } = fieldsOf(json);
  if (Array.isArray(fieldsOf(data).events)) return { value: file.value };
  if (Array.isArray(json)) return { value: deliveryOf(...json) };
  if (typeof eventType === "string") return { value: deliveryOf(json) };
  const forms = "a delivery, an event of the System Log, or a list of such events";
  return { problems: [`${path} holds none of these: ${forms}.`] };
}

function createAllSteps(credentials: Credentials, login: string): Step[] {
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
    createDelivery(`delivery of a created user, ${shorten(login)}`, one, right),
    createDelivery("the same delivery again, as Okta's retry", one, right),
    createDelivery("delivery of two created users and another event", several, right),
    createDelivery("Okta's preview sample, whose target is null", preview, right),
    { ...stranger, expected: "refusal" },
    { ...impostor, expected: "refusal" },
  ];
}

function createSingleSteps(credentials: Credentials, name: string, body: string): Step[] {
  const right = basicAuthorization(credentials);
  return [createVerification(right), createDelivery(name, body, right)];
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
