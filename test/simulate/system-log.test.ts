/** What is simulated is what Okta documents: every field of a System Log event, and nobody's real data. */
import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import {
  deliveryOf,
  eventOf,
  group,
  previewSample,
  user,
  userCreated,
} from "../../src/simulate/system-log.js";
import { delivery } from "../support/okta.js";

const LOGIN = "john.doe@example.com";

/** The kinds of values, field by field. */
type Shape = string | Shape[] | { [field: string]: Shape };

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (!isObject(value)) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shapeOf(field)]));
}

/** What was delivered, as JSON carries it. */
const sent = (event: object): Record<string, unknown> => JSON.parse(JSON.stringify(event));

// From Okta's documentation of LogEvent, not from the code.
const PERSON = {
  id: "string",
  type: "string",
  alternateId: "string",
  displayName: "string",
  detailEntry: "null",
};
const PLACE = {
  city: "string",
  state: "string",
  country: "string",
  postalCode: "string",
  geolocation: { lat: "number", lon: "number" },
};
const LOG_EVENT = {
  uuid: "string",
  published: "string",
  eventType: "string",
  version: "string",
  displayMessage: "string",
  severity: "string",
  client: {
    userAgent: { rawUserAgent: "string", os: "string", browser: "string" },
    zone: "string",
    device: "string",
    id: "null",
    ipAddress: "string",
    geographicalContext: PLACE,
  },
  device: "null",
  actor: PERSON,
  outcome: { result: "string", reason: "null" },
  target: [PERSON],
  transaction: { type: "string", id: "string", detail: {} },
  debugContext: {
    debugData: {
      requestId: "string",
      requestUri: "string",
      url: "string",
      threatSuspected: "string",
    },
  },
  legacyEventType: "string",
  authenticationContext: {
    authenticationProvider: "null",
    credentialProvider: "null",
    credentialType: "null",
    issuer: "null",
    interface: "null",
    authenticationStep: "number",
    rootSessionId: "string",
    externalSessionId: "string",
  },
  securityContext: {
    asNumber: "number",
    asOrg: "string",
    isp: "string",
    domain: "string",
    isProxy: "boolean",
  },
  request: {
    ipChain: [{ ip: "string", geographicalContext: PLACE, version: "string", source: "null" }],
  },
  insertionTimestamp: "null",
};

/** The types of an event's targets, in their order; null where there is no list. */
function typesOf(event: object): unknown[] | null {
  const { target } = sent(event);
  if (target === null) return null;
  assert.ok(Array.isArray(target));
  return target.map(({ type }: { type: unknown }) => type);
}

test("a created user's event has every documented field", () => {
  const event = sent(userCreated([user(LOGIN)]));
  assert.deepEqual(shapeOf(event), LOG_EVENT);
  assert.match(String(event.uuid), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  assert.equal(new Date(String(event.published)).toISOString(), event.published);
  const { eventType, version, severity, outcome, displayMessage, legacyEventType } = event;
  assert.deepEqual(
    { eventType, version, severity, outcome, displayMessage, legacyEventType },
    {
      eventType: "user.lifecycle.create",
      version: "0",
      severity: "INFO",
      outcome: { result: "SUCCESS", reason: null },
      displayMessage: "Create okta user",
      legacyEventType: "core.user.config.user_creation.success",
    },
  );
});

test("a user has a login and a name for people, and of a group the login is unknown", () => {
  const { type, alternateId, displayName } = user(LOGIN);
  assert.deepEqual([type, alternateId, displayName], ["User", LOGIN, "John Doe"]);
  const { type: kind, alternateId: login, displayName: name } = group("Engineering");
  assert.deepEqual([kind, login, name], ["UserGroup", "unknown", "Engineering"]);
});

test("a login of any form has a name", () => {
  const names = ["jane_roe-moe@example.com", "max", "@", "", "..@example.com"];
  assert.deepEqual(
    names.map((login) => user(login).displayName),
    ["Jane Roe Moe", "Max", "@", "", "..@example.com"],
  );
});

test("targets stand in the order that is given", () => {
  const event = userCreated([group("Everyone"), user(LOGIN), group("Engineering")]);
  assert.deepEqual(typesOf(event), ["UserGroup", "User", "UserGroup"]);
});

describe("an event of any type has the same fields, and the targets that Okta gives it", () => {
  const targets: [eventType: string, types: string[] | null][] = [
    ["user.lifecycle.create", ["User"]],
    ["user.lifecycle.deactivate", ["User"]],
    ["user.account.update_profile", ["User"]],
    ["user.session.start", null],
    ["group.user_membership.add", ["User", "UserGroup"]],
    ["group.user_membership.remove", ["User", "UserGroup"]],
    ["group.lifecycle.create", ["UserGroup"]],
    ["application.user_membership.add", ["AppUser", "AppInstance", "User"]],
    ["system.nobody.knows", ["User"]],
  ];
  for (const [eventType, types] of targets) {
    test(`${eventType}: ${types?.join(", ") ?? "no target"}`, () => {
      const event = sent(eventOf(eventType, LOGIN));
      assert.equal(event.eventType, eventType);
      assert.deepEqual(typesOf(event), types);
      assert.deepEqual(
        { ...LOG_EVENT, ...maybeNull(event.legacyEventType) },
        { ...shapeOfFields(event), target: LOG_EVENT.target },
      );
      const people = [event.actor, event.target].flat();
      const hasUser = people.some((person) => isUser(person));
      assert.equal(hasUser, eventType !== "group.lifecycle.create");
    });
  }

  const maybeNull = (legacy: unknown) => (legacy === null ? { legacyEventType: "null" } : {});

  const shapeOfFields = (event: object) =>
    Object.fromEntries(Object.entries(event).map(([field, value]) => [field, shapeOf(value)]));

  /** Whether it is the user that was asked for. */
  function isUser(person: unknown): boolean {
    if (!isObject(person)) return false;
    const { type, alternateId }: { type?: unknown; alternateId?: unknown } = person;
    return type === "User" && alternateId === LOGIN;
  }

  test("who signs in is the actor", () => {
    const actorOf = (eventType: string) => sent(eventOf(eventType, LOGIN)).actor;
    assert.deepEqual(actorOf("user.session.start"), user(LOGIN));
    assert.notDeepEqual(actorOf("user.lifecycle.create"), user(LOGIN));
  });
});

test("the preview's sample is a creation whose target is null, with Success as its result", () => {
  const isNull = { actor: "null", debugContext: "null", securityContext: "null", target: "null" };
  const sample = sent(previewSample());
  assert.deepEqual(shapeOf(sample), { ...LOG_EVENT, ...isNull });
  assert.equal(sample.eventType, "user.lifecycle.create");
  assert.deepEqual(sample.outcome, { result: "Success", reason: null });
});

test("a delivery is the documented envelope around its events, with an eventId of its own", () => {
  const events = [userCreated([user(LOGIN)]), eventOf("user.session.start", LOGIN)];
  const [one = {}, another = {}] = [1, 2].map(() => sent(JSON.parse(deliveryOf(...events))));
  const documented = delivery();
  assert.deepEqual(Object.keys(one).sort(), Object.keys(documented).sort());
  const { eventType, eventTypeVersion, cloudEventsVersion, contentType } = documented;
  assert.deepEqual({ ...one, eventType, eventTypeVersion, cloudEventsVersion, contentType }, one);
  assert.match(String(one.source), /^https:\/\/\S+\/api\/v1\/eventHooks\/\w+$/);
  assert.equal(new Date(String(one.eventTime)).toISOString(), one.eventTime);
  assert.deepEqual(one.data, { events });
  assert.match(String(one.eventId), /^\S{20,}$/);
  assert.notEqual(one.eventId, another.eventId);
});

test("each event has a uuid of its own", () => {
  const uuids = [1, 2].map(() => sent(eventOf("user.lifecycle.create", LOGIN)).uuid);
  assert.notEqual(uuids[0], uuids[1]);
});

describe("nothing belongs to anybody", () => {
  const types = ["user.lifecycle.create", "user.session.start", "application.user_membership.add"];
  const events = [...types.map((type) => eventOf(type, LOGIN)), previewSample()];
  const texts = textsIn(JSON.parse(deliveryOf(...events)));

  function textsIn(value: unknown): string[] {
    if (typeof value === "string") return [value];
    return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
  }

  test("addresses are those for documentation (RFC 5737)", () => {
    const addresses = new Set(texts.filter((text) => isIP(text) > 0));
    assert.ok(addresses.size > 0);
    for (const address of addresses) {
      assert.match(address, /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/);
    }
  });

  test("hosts and logins are below example.com (RFC 2606), or Okta's own example", () => {
    const hosts = texts.flatMap((text) => /(?:@|:\/\/)([\w.-]+)/.exec(text)?.[1] ?? []);
    assert.ok(hosts.includes("example.com"));
    for (const host of hosts) assert.match(host, /^(\w+\.)*example\.com$/);
  });

  test("the autonomous system is one for documentation (RFC 5398)", () => {
    for (const event of events) {
      const { securityContext } = sent(event);
      if (securityContext === null) continue;
      assert.ok(isObject(securityContext));
      const { asNumber }: { asNumber?: unknown } = securityContext;
      assert.ok(Number(asNumber) >= 64_496 && Number(asNumber) <= 64_511, String(asNumber));
    }
  });
});
