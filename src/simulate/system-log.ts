/** What Okta delivers: complete events of its System Log, as data, and their envelope. */
import { randomUUID } from "node:crypto";

// The fields are those of https://developer.okta.com/docs/reference/api/system-log/ and
// https://developer.okta.com/docs/concepts/event-hooks/#sample-event-delivery-payload

/** A target or an actor. */
export interface LogTarget {
  /** Okta's identifier. */
  id: string;
  /** User, UserGroup, AppInstance and so on. */
  type: string;
  /** A user's login. */
  alternateId: string;
  /** The name for people. */
  displayName: string;
  /** Null in all that is played here. */
  detailEntry: null;
}

/** A user with a login. */
export function user(login: string): LogTarget {
  return target("User", "00u0example", login, nameFrom(login));
}

/** A group. Okta gives groups no other alternateId. */
export function group(name: string): LogTarget {
  return target("UserGroup", "00g0example", "unknown", name);
}

function target(type: string, id: string, alternateId: string, displayName: string): LogTarget {
  return { id, type, alternateId, displayName, detailEntry: null };
}

/** john.doe@example.com becomes John Doe. */
function nameFrom(login: string): string {
  const [local = ""] = login.split("@");
  const words = local.split(/[._-]/).filter((word) => word !== "");
  const names = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return names.join(" ") || login;
}

const ADMIN = target("User", "00u1example", "admin@example.com", "Example Admin");
const APP = target("AppInstance", "0oa0example", "Example App", "Example App");

/** What Okta writes for a person beside the type; for other types the type itself stands there. */
const DISPLAY_MESSAGES = new Map([
  ["user.lifecycle.create", "Create okta user"],
  ["user.lifecycle.deactivate", "Deactivate Okta user"],
  ["user.session.start", "User login to Okta"],
  ["group.user_membership.add", "Add user to group membership"],
  ["group.lifecycle.create", "Create Okta group"],
]);

/** An event of any type that befell a user, with the targets that Okta gives to such events. */
export function eventOf(eventType: string, login: string): object {
  // Whoever signs in is the actor, and there is no target.
  if (eventType.startsWith("user.session.")) return logEvent(eventType, null, user(login));
  return logEvent(eventType, targetsFor(eventType, login));
}

function targetsFor(eventType: string, login: string): LogTarget[] {
  if (eventType.startsWith("group.lifecycle.")) return [group("Engineering")];
  if (eventType.startsWith("group.")) return [user(login), group("Engineering")];
  if (eventType.startsWith("application.user_membership.")) {
    return [target("AppUser", "0ua0example", login, nameFrom(login)), APP, user(login)];
  }
  return [user(login)];
}

/** A created user, whose targets Okta may give in any order and with others. */
export function userCreated(targets: LogTarget[]): object {
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

function logEvent(eventType: string, targets: LogTarget[] | null, actor = ADMIN): object {
  const isCreation = eventType === "user.lifecycle.create";
  const requestUri = eventType.startsWith("group.") ? "/api/v1/groups" : "/api/v1/users";
  return {
    uuid: randomUUID(),
    published: new Date().toISOString(),
    eventType,
    version: "0",
    displayMessage: DISPLAY_MESSAGES.get(eventType) ?? eventType,
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
    actor,
    outcome: { result: "SUCCESS", reason: null },
    target: targets,
    transaction: { type: "WEB", id: "W7xexampleTransactionAAAE4", detail: {} },
    debugContext: {
      debugData: {
        requestId: "W7xexampleTransactionAAAE4",
        requestUri,
        url: `${requestUri}?activate=false`,
        threatSuspected: "false",
      },
    },
    legacyEventType: isCreation ? "core.user.config.user_creation.success" : null,
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
export function deliveryOf(...events: object[]): string {
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
