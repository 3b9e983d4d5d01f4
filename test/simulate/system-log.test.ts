/** What is simulated is what Okta documents: every field of a System Log event, and nobody's real data. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "../../src/receiver/event-hook.js";
import {
  deliveryOf,
  eventOf,
  group,
  hasKnownTargets,
  previewSample,
  user,
  userCreated,
} from "../../src/simulate/system-log.js";
import { delivery } from "../support/okta.js";

const LOGIN = "jane.roe@example.com";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The names of all fields, those of an object within another as "outer.inner", in their order. */
function fieldsIn(value: unknown, prefix = ""): string[] {
  if (!isObject(value) || Array.isArray(value)) return [prefix];
  const entries = Object.entries(value);
  if (entries.length === 0) return [prefix];
  return entries.flatMap(([name, field]) => fieldsIn(field, prefix ? `${prefix}.${name}` : name));
}

/** An event as JSON carries it, under the names that Okta documents. */
function sent(event: object): LogEvent {
  const carried: LogEvent = JSON.parse(JSON.stringify(event));
  return carried;
}

// From Okta's documentation of LogEvent, not from the code.
const LOG_EVENT = `
  uuid published eventType version displayMessage severity
  client.userAgent.rawUserAgent client.userAgent.os client.userAgent.browser
  client.zone client.device client.id client.ipAddress
  client.geographicalContext.city client.geographicalContext.state
  client.geographicalContext.country client.geographicalContext.postalCode
  client.geographicalContext.geolocation.lat client.geographicalContext.geolocation.lon
  device
  actor.id actor.type actor.alternateId actor.displayName actor.detailEntry
  outcome.result outcome.reason target
  transaction.type transaction.id transaction.detail
  debugContext.debugData.requestId debugContext.debugData.threatSuspected
  legacyEventType
  authenticationContext.authenticationProvider authenticationContext.credentialProvider
  authenticationContext.credentialType authenticationContext.issuer
  authenticationContext.interface authenticationContext.authenticationStep
  authenticationContext.rootSessionId authenticationContext.externalSessionId
  securityContext.asNumber securityContext.asOrg securityContext.isp
  securityContext.domain securityContext.isProxy
  request.ipChain insertionTimestamp`;
const FIELDS = LOG_EVENT.trim().split(/\s+/);

test("a created user has every field that Okta documents, and may stand among groups", () => {
  const event = userCreated([group("Everyone"), user(LOGIN)]);
  assert.deepEqual(fieldsIn(event), FIELDS);
  const { uuid, published, eventType, outcome, target } = sent(event);
  const targets = target?.map((each) => [each?.type, each?.alternateId, each?.displayName]);
  assert.deepEqual(targets, [
    ["UserGroup", "unknown", "Everyone"],
    ["User", LOGIN, "Jane Roe"],
  ]);
  assert.equal(eventType, "user.lifecycle.create");
  assert.deepEqual(outcome, { result: "SUCCESS", reason: null });
  assert.equal(new Date(`${published}`).toISOString(), published);
  assert.notEqual(sent(userCreated([user(LOGIN)])).uuid, uuid);
});

// As captures and other projects' fixtures show them.
const known: [eventTypes: string[], targets: string[]][] = [
  [["user.lifecycle.create", "user.lifecycle.delete.initiated"], ["User"]],
  [["user.account.update_profile", "user.account.lock"], ["User"]],
  [["user.session.start", "user.session.end"], []],
  [
    ["group.user_membership.add", "group.user_membership.remove"],
    ["User", "UserGroup"],
  ],
  [["group.lifecycle.create", "group.lifecycle.delete", "group.profile.update"], ["UserGroup"]],
  [["application.user_membership.add"], ["AppUser", "AppInstance", "User"]],
  [["application.lifecycle.create", "application.lifecycle.update"], ["AppInstance"]],
];
for (const [eventTypes, targets] of known) {
  test(`the targets of ${eventTypes.join(", ")}: ${targets.join(", ") || "none"}`, () => {
    for (const eventType of eventTypes) {
      assert.ok(hasKnownTargets(eventType), eventType);
      const event = eventOf(eventType, LOGIN);
      assert.deepEqual(fieldsIn(event), FIELDS);
      const { eventType: type, target, outcome, actor } = sent(event);
      assert.deepEqual([type, outcome?.result], [eventType, "SUCCESS"]);
      // Where Okta has no target, it says null.
      const types = target?.map((each) => each?.type) ?? null;
      assert.deepEqual(types, targets.length > 0 ? targets : null);
      for (const each of target ?? []) assert.ok(each?.id && each.alternateId && each.displayName);
      const about = targets.length > 0 ? target?.find((each) => each?.type === "User") : actor;
      if (about) assert.equal(about.alternateId, LOGIN);
    }
  });
}

test("of other types the targets are not known", () => {
  const unknown = ["policy.lifecycle.update", "zone.create", "user.session.clear", "user.mfa.x"];
  for (const eventType of [...unknown, "group.privilege.grant", "constructor.prototype"]) {
    assert.equal(hasKnownTargets(eventType), false, eventType);
  }
});

test("an event has the outcome that is asked for, and a failed sign-in its reason", () => {
  const outcomeOf = (eventType: string, outcome: string) =>
    sent(eventOf(eventType, LOGIN, outcome)).outcome;
  const failed = { result: "FAILURE", reason: "INVALID_CREDENTIALS" };
  assert.deepEqual(outcomeOf("user.session.start", "FAILURE"), failed);
  assert.equal(outcomeOf("user.session.start", "DENY")?.result, "DENY");
  assert.equal(outcomeOf("user.lifecycle.create", "FAILURE")?.result, "FAILURE");
});

test("a login of any form has a name", () => {
  const logins = ["jane_roe-moe@example.com", "max", "@", "..@example.com"];
  const names = logins.map((login) => user(login).displayName);
  assert.deepEqual(names, ["Jane Roe Moe", "Max", "@", "..@example.com"]);
});

test("the preview's sample has neither target nor actor, and Success as its result", () => {
  const { eventType, outcome, target, actor } = sent(previewSample());
  assert.deepEqual([eventType, outcome?.result], ["user.lifecycle.create", "Success"]);
  assert.deepEqual([target, actor], [null, null]);
});

test("a delivery is the documented envelope around its events, with an eventId of its own", () => {
  const events = [userCreated([user(LOGIN)]), eventOf("user.session.start", LOGIN)];
  const { eventTime, source, eventId, ...one } = JSON.parse(deliveryOf(...events));
  const { eventTime: _time, source: _source, eventId: _id, ...documented } = delivery(...events);
  assert.deepEqual(one, documented);
  assert.match(source, /^https:\/\/\S+\/api\/v1\/eventHooks\/\w+$/);
  assert.equal(new Date(eventTime).toISOString(), eventTime);
  assert.notEqual(JSON.parse(deliveryOf(...events)).eventId, eventId);
});

test("no address, host, login or network is anybody's (RFCs 5737, 2606 and 5398)", () => {
  const events = known.flatMap(([types]) => types.map((type) => eventOf(type, LOGIN)));
  const text = deliveryOf(...events);
  for (const [address] of text.matchAll(/\b\d+\.\d+\.\d+\.\d+(?=")/g)) {
    assert.match(address, /^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
  }
  for (const [, host = ""] of text.matchAll(/(?:@|:\/\/)([\w.-]+)/g)) {
    assert.match(host, /^(\w+\.)*example\.com$/);
  }
  for (const event of events) {
    const number = sent(event).securityContext?.asNumber ?? 0;
    assert.ok(number >= 64_496 && number <= 64_511, `${number}`);
  }
});
