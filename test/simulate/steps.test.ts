/** What is played: the steps in their order, what each sends, and what its answer must be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createAllSteps,
  createEventSteps,
  createFileSteps,
  type Step,
} from "../../src/simulate/steps.js";
import { SECRET } from "../support/okta.js";

const CREDENTIALS = { username: "admin", password: "supersecret" };
const LOGIN = "john.doe@example.com";
const CREATE = "user.lifecycle.create";

/** A delivery, as far as its fields are looked at. */
interface Envelope {
  eventId: string;
  data: { events: OktaEvent[] };
}

interface OktaEvent {
  uuid: string;
  eventType: string;
  target: { type: string; alternateId: string }[] | null;
}

function envelopesOf(steps: Step[]): Envelope[] {
  return steps.slice(1).map(({ body }) => {
    const envelope: Envelope = JSON.parse(String(body));
    return envelope;
  });
}

/** Name, method, what is expected, and whether the console's lines are foretold. */
const outlineOf = ({ name, method, expected, isForetold = false }: Step) => [
  name,
  method,
  expected,
  isForetold,
];

test("all that is played: a verification, right deliveries, and two to be refused", () => {
  const steps = createAllSteps(CREDENTIALS, LOGIN);
  assert.deepEqual(steps.map(outlineOf), [
    ["verification", "GET", "echo", false],
    [`delivery of a created user, ${LOGIN}`, "POST", "acknowledgement", false],
    ["the same delivery again, as Okta's retry", "POST", "acknowledgement", false],
    ["delivery of two created users and another event", "POST", "acknowledgement", false],
    ["Okta's preview sample, whose target is null", "POST", "acknowledgement", false],
    ["delivery without credentials: must be refused", "POST", "refusal", false],
    ["delivery with a wrong password: must be refused", "POST", "refusal", false],
  ]);
  const secrets = steps.map(({ headers }) => headers.authorization);
  assert.deepEqual(secrets.slice(0, 6), [SECRET, SECRET, SECRET, SECRET, SECRET, undefined]);
});

test("the first delivery comes again byte for byte, as Okta's retry", () => {
  const [, one, again, several] = createAllSteps(CREDENTIALS, LOGIN);
  assert.ok(one?.body);
  assert.equal(again?.body, one.body);
  assert.notEqual(several?.body, one.body);
});

test("the other right deliveries have an eventId of their own, and their events a uuid", () => {
  const envelopes = envelopesOf(createAllSteps(CREDENTIALS, LOGIN)).slice(1, 4);
  assert.equal(new Set(envelopes.map(({ eventId }) => eventId)).size, 3);
  const uuids = envelopes.flatMap(({ data }) => data.events.map(({ uuid }) => uuid));
  assert.equal(new Set(uuids).size, uuids.length);
});

test("a created user comes alone, after a group, before two groups, and in no target", () => {
  const events = envelopesOf(createAllSteps(CREDENTIALS, LOGIN)).map(({ data }) =>
    data.events.map(({ eventType, target }) => {
      const targets = target?.map(({ type, alternateId }) => `${type} ${alternateId}`);
      return [eventType, targets?.join(", ")];
    }),
  );
  const john = [[CREATE, `User ${LOGIN}`]];
  const several = [
    [CREATE, "UserGroup unknown, User jane.roe@example.com"],
    ["user.session.start", undefined],
    [CREATE, "User max.moe@example.com, UserGroup unknown, UserGroup unknown"],
  ];
  assert.deepEqual(events, [john, john, several, [[CREATE, undefined]], john, john]);
});

test("a verification has a fresh challenge, and no body", () => {
  const verifications = [1, 2].flatMap(() => createAllSteps(CREDENTIALS, LOGIN).slice(0, 1));
  const ids = verifications.flatMap(({ headers }) => [
    headers["x-okta-verification-challenge"],
    headers["x-okta-request-id"],
  ]);
  for (const id of ids) assert.match(String(id), /^\S{20,}$/);
  assert.equal(new Set(ids).size, 4);
  for (const { body } of verifications) assert.equal(body, undefined);
});

test("the wrong password is another each time, and alone is wrong", () => {
  const [one = "", other = ""] = [1, 2].map(
    () => createAllSteps(CREDENTIALS, LOGIN).at(-1)?.headers.authorization,
  );
  for (const header of [one, other]) {
    const [scheme, token = ""] = header.split(" ");
    assert.equal(scheme, "Basic");
    assert.match(Buffer.from(token, "base64").toString(), /^admin:(?!supersecret$)\S{20,}$/);
  }
  assert.notEqual(one, other);
});

test("an event type is delivered alone after the verification, and is foretold", () => {
  const steps = createEventSteps(CREDENTIALS, LOGIN, "group.user_membership.add");
  assert.deepEqual(steps.map(outlineOf), [
    ["verification", "GET", "echo", false],
    [`delivery of group.user_membership.add, ${LOGIN}`, "POST", "acknowledgement", true],
  ]);
  assert.deepEqual(
    steps.map(({ headers }) => headers.authorization),
    [SECRET, SECRET],
  );
  const [envelope] = envelopesOf(steps);
  assert.deepEqual(
    envelope?.data.events.map(({ eventType, target }) => [
      eventType,
      target?.map(({ type }) => type),
    ]),
    [["group.user_membership.add", ["User", "UserGroup"]]],
  );
});

test("a login is delivered as it is", () => {
  const hostile = '\u001b\u202e"x@example.com';
  for (const steps of [
    createAllSteps(CREDENTIALS, hostile),
    createEventSteps(CREDENTIALS, hostile, CREATE),
  ]) {
    const [first] = envelopesOf(steps);
    assert.equal(first?.data.events[0]?.target?.[0]?.alternateId, hostile);
  }
});

test("a file is delivered as it is, alone after the verification, and is foretold", () => {
  for (const file of [' {"data":\r\n"é"} \n', "no JSON", ""]) {
    const steps = createFileSteps(CREDENTIALS, file);
    assert.deepEqual(steps.map(outlineOf), [
      ["verification", "GET", "echo", false],
      ["delivery of your file", "POST", "acknowledgement", true],
    ]);
    assert.equal(steps[1]?.body, file);
    assert.equal(steps[1].headers.authorization, SECRET);
  }
});
