/** What Okta delivers: complete events of its System Log, as data, and their envelope. */
import { randomUUID } from "node:crypto";

// The fields are those of https://developer.okta.com/docs/reference/api/system-log/ and
// https://developer.okta.com/docs/concepts/event-hooks/#sample-event-delivery-payload

/** A user with a login. */
export function user(login: string): object {
  return createTarget("User", "00u0example", login, nameFrom(login));
}

/** A group. Okta gives groups no other alternateId. */
export function group(name: string): object {
  return createTarget("UserGroup", "00g0example", "unknown", name);
}

function createTarget(type: string, id: string, alternateId: string, displayName: string) {
  return { id, type, alternateId, displayName, detailEntry: null };
}

/** john.doe@example.com becomes John Doe. */
function nameFrom(login: string): string {
  const [local = ""] = login.split("@");
  const words = local.split(/[._-]/).filter((word) => word !== "");
  const names = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return names.join(" ") || login;
}

const ADMIN = createTarget("User", "00u1example", "admin@example.com", "Example Admin");
const GROUP = group("Engineering");
const APP = createTarget("AppInstance", "0oa0example", "Example App", "Example App");
const appUser = (login: string) => createTarget("AppUser", "0ua0example", login, nameFrom(login));

/** The targets that Okta gives to an event; of other types nothing is known here. */
const TARGETS: [eventTypes: RegExp, targetsFor: (login: string) => object[] | null][] = [
  [/^user\.(lifecycle|account)\./, (login) => [user(login)]],
  [/^user\.session\.(start|end)$/, () => null],
  [/^group\.user_membership\./, (login) => [user(login), GROUP]],
  [/^group\.(lifecycle\.|profile\.update$)/, () => [GROUP]],
  [/^application\.user_membership\./, (login) => [appUser(login), APP, user(login)]],
  [/^application\.lifecycle\./, () => [APP]],
];

/** An event about the user with a login; undefined where its type's targets are not known here. */
export function eventOf(eventType: string, login: string, outcome = "SUCCESS"): object | undefined {
  const [, targetsFor] = TARGETS.find(([eventTypes]) => eventTypes.test(eventType)) ?? [];
  if (targetsFor === undefined) return undefined;
  const isSession = eventType.startsWith("user.session.");
  const reason = isSession && outcome === "FAILURE" ? "INVALID_CREDENTIALS" : null;
  return {
    ...logEvent(eventType, targetsFor(login)),
    // Whoever signs in is the actor.
    ...(isSession && { actor: user(login) }),
    outcome: { result: outcome, reason },
  };
}

/** A created user, whose targets Okta may give in any order and with others. */
export function userCreated(targets: object[]): object {
  return logEvent("user.lifecycle.create", targets);
}

/** The event that Okta's preview shows where an org has no real one. */
export function previewSample(): object {
  return {
    ...logEvent("user.lifecycle.create", null),
    actor: null,
    debugContext: null,
    securityContext: null,
    outcome: { result: "Success", reason: null },
  };
}

const LOCATION = {
  city: "San Francisco",
  state: "California",
  country: "United States",
  postalCode: "94105",
  geolocation: { lat: 37.7852, lon: -122.3874 },
};

const BROWSER = {
  rawUserAgent:
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 " +
    "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  os: "Mac OS X",
  browser: "CHROME",
};

function logEvent(eventType: string, targets: object[] | null): object {
  return {
    uuid: randomUUID(),
    published: new Date().toISOString(),
    eventType,
    version: "0",
    displayMessage: eventType,
    severity: "INFO",
    client: {
      userAgent: BROWSER,
      zone: "null",
      device: "Computer",
      id: null,
      ipAddress: "203.0.113.10",
      geographicalContext: LOCATION,
    },
    device: null,
    actor: ADMIN,
    outcome: { result: "SUCCESS", reason: null },
    target: targets,
    transaction: { type: "WEB", id: "W7xexampleTransactionAAAE4", detail: {} },
    debugContext: {
      debugData: {
        requestId: "W7xexampleTransactionAAAE4",
        threatSuspected: "false",
      },
    },
    legacyEventType: null,
    authenticationContext: {
      authenticationProvider: null,
      credentialProvider: null,
      credentialType: null,
      issuer: null,
      interface: null,
      authenticationStep: 0,
      rootSessionId: "trs0exampleRootSession",
      externalSessionId: "trs0exampleSession",
    },
    securityContext: {
      asNumber: 64496,
      asOrg: "example",
      isp: "example",
      domain: "example.com",
      isProxy: false,
    },
    request: {
      ipChain: [{ ip: "203.0.113.10", geographicalContext: LOCATION, version: "V4", source: null }],
    },
    insertionTimestamp: null,
  };
}

/** The body of a delivery of events, with an eventId of its own. */
export function deliveryOf(...events: unknown[]): string {
  return JSON.stringify({
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source: "https://okta.example.com/api/v1/eventHooks/who0example",
    eventId: randomUUID(),
    data: { events },
    eventTime: new Date().toISOString(),
    contentType: "application/json",
  });
}
