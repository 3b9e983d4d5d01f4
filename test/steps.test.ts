/** What Okta sends, as it is played: the steps in their order, and the fields of each delivery. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSteps, type Step } from "../src/simulate/steps.js";
import { delivery, SECRET } from "./support/okta.js";

const CREDENTIALS = { username: "admin", password: "supersecret" };

/** A delivery, as far as its fields are looked at. */
interface Envelope {
  eventId: string;
  eventTime: string;
  source: string;
  data: { events: OktaEvent[] };
}

interface OktaEvent {
  uuid: string;
  published: string;
  eventType: string;
  outcome: { result: string };
  target: { alternateId: string }[] | null;
  actor?: null;
  debugContext?: null;
  securityContext?: null;
}

const stepsFor = (email: string) => createSteps(CREDENTIALS, email);

function envelopesOf(steps: Step[]): Envelope[] {
  return steps.slice(1).map(({ body }) => {
    const envelope: Envelope = JSON.parse(String(body));
    return envelope;
  });
}

test("the steps are a verification, right deliveries, and two that must be refused", () => {
  const steps = stepsFor("john.doe@example.com");
  assert.deepEqual(
    steps.map(({ name, method, expected }) => [name, method, expected]),
    [
      ["verification", "GET", "echo"],
      ["delivery of a created user, john.doe@example.com", "POST", "acknowledgement"],
      ["delivery of two created users and another event", "POST", "acknowledgement"],
      ["Okta's preview sample, whose target is null", "POST", "acknowledgement"],
      ["delivery without credentials: must be refused", "POST", "refusal"],
      ["delivery with a wrong password: must be refused", "POST", "refusal"],
    ],
  );
  const secrets = steps.map(({ headers }) => headers.authorization);
  assert.deepEqual(secrets.slice(0, 5), [SECRET, SECRET, SECRET, SECRET, undefined]);
});

test("the wrong password is never the right one, and alone is wrong", () => {
  const wrong = [1, 2].map(() => stepsFor("a@b.example").at(-1)?.headers.authorization ?? "");
  for (const header of wrong) {
    const [scheme, token = ""] = header.split(" ");
    assert.equal(scheme, "Basic");
    assert.match(Buffer.from(token, "base64").toString(), /^admin:(?!supersecret$)\S{20,}$/);
  }
  assert.notEqual(wrong[0], wrong[1]);
});

test("the verification has a fresh challenge each time, and no body", () => {
  const verifications = [1, 2].flatMap(() => stepsFor("a@b.example").slice(0, 1));
  const challenges = verifications.map(({ headers }) => headers["x-okta-verification-challenge"]);
  const requestIds = verifications.map(({ headers }) => headers["x-okta-request-id"]);
  for (const id of [...challenges, ...requestIds]) assert.match(String(id), /^\S{20,}$/);
  assert.equal(new Set([...challenges, ...requestIds]).size, 4);
  for (const { body } of verifications) assert.equal(body, null);
});

test("each delivery has the documented fields, with dates and identifiers of its own", () => {
  const envelopes = envelopesOf(stepsFor("john.doe@example.com"));
  const documented = delivery();
  const { eventType, eventTypeVersion, cloudEventsVersion, contentType } = documented;
  const constant = { eventType, eventTypeVersion, cloudEventsVersion, contentType };
  assert.equal(envelopes.length, 5);
  for (const envelope of envelopes) {
    assert.deepEqual(Object.keys(envelope).sort(), Object.keys(documented).sort());
    assert.deepEqual({ ...envelope, ...constant }, envelope);
    assert.match(envelope.source, /^https:\/\/\S+\/api\/v1\/eventHooks\/\w+$/);
    const dates = [envelope.eventTime, ...envelope.data.events.map(({ published }) => published)];
    for (const date of dates) assert.equal(new Date(date).toISOString(), date);
  }
  const right = envelopes.slice(0, 3);
  assert.equal(new Set(right.map(({ eventId }) => eventId)).size, 3);
  assert.equal(new Set(right.flatMap(({ data }) => data.events.map(({ uuid }) => uuid))).size, 5);
});

test("the deliveries hold the user, several events, and Okta's preview sample", () => {
  const create = "user.lifecycle.create";
  const john = [create, "john.doe@example.com"];
  const several = [
    [create, "jane.roe@example.com"],
    ["user.session.start", undefined],
    [create, "max.moe@example.com"],
  ];
  const envelopes = envelopesOf(stepsFor("john.doe@example.com"));
  const events = envelopes.map(({ data }) =>
    data.events.map(({ eventType, target }) => [eventType, target?.[0]?.alternateId]),
  );
  assert.deepEqual(events, [[john], several, [[create, undefined]], [john], [john]]);

  const sample = envelopes[2]?.data.events[0];
  assert.ok(sample);
  const { actor, debugContext, securityContext, target, outcome } = sample;
  assert.deepEqual(
    { actor, debugContext, securityContext, target, outcome },
    {
      actor: null,
      debugContext: null,
      securityContext: null,
      target: null,
      outcome: { result: "Success" },
    },
  );
});

test("a login is delivered as it is, and escaped where it is printed", () => {
  const hostile = "\u001b\u202ex@example.com";
  const steps = stepsFor(hostile);
  assert.equal(steps[1]?.name, "delivery of a created user, \\u001b\\u202ex@example.com");
  const [john] = envelopesOf(steps);
  assert.equal(john?.data.events[0]?.target?.[0]?.alternateId, hostile);
});

test("a file is delivered alone after the verification, with the right credentials", () => {
  const file = Buffer.from([0x7b, 0xff, 0x7d]);
  const [verification, own, ...rest] = createSteps(CREDENTIALS, "a@b.example", file);
  assert.equal(verification?.expected, "echo");
  assert.equal(own?.body, file);
  assert.deepEqual(
    [own.name, own.method, own.expected, own.headers.authorization],
    ["delivery of your file", "POST", "acknowledgement", SECRET],
  );
  assert.deepEqual(rest, []);
});

test("an empty file is a file too", () => {
  const steps = createSteps(CREDENTIALS, "a@b.example", Buffer.alloc(0));
  assert.equal(steps.length, 2);
});
