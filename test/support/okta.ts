/** What Okta sends, as documented and as captured: nothing here comes from the receiver's own code. */
import { randomUUID } from "node:crypto";

/** The Authentication secret of Okta's guide, for admin and supersecret. */
export const SECRET = "Basic YWRtaW46c3VwZXJzZWNyZXQ=";

export const JSON_TYPE = { "content-type": "application/json" };
export const DELIVERY_HEADERS = {
  ...JSON_TYPE,
  accept: "application/json",
  authorization: SECRET,
  "user-agent": "Okta Hook Service v1.0.0 - who4g1ugkpxOh9EVB1d7",
};

/** Returns a target of type User, as Okta fills it in. */
export function user(alternateId: string) {
  return {
    id: "00u1d5hr1dHUfQb5S0g4",
    type: "User",
    alternateId,
    displayName: "John Doe",
    detailEntry: null,
  };
}

/** Returns a group as Okta adds it to a user's creation. */
export function group() {
  return {
    id: "00gtri4vD8bPkRYRk0g3",
    type: "UserGroup",
    alternateId: "unknown",
    displayName: "Everyone",
  };
}

/** Returns an event of the System Log; what is given replaces or adds to its usual fields. */
export function event(eventType: string, fields: Record<string, unknown> = {}) {
  return {
    uuid: randomUUID(),
    published: "2026-11-23T09:30:00.000Z",
    eventType,
    version: "0",
    displayMessage: "Create okta user",
    severity: "INFO",
    client: {
      userAgent: { rawUserAgent: "Mozilla/5.0 (Macintosh)", os: "Mac OS X", browser: "CHROME" },
      zone: "null",
      device: "Computer",
      ipAddress: "203.0.113.10",
      geographicalContext: {
        city: "San Francisco",
        state: "California",
        country: "United States",
        postalCode: "94107",
      },
    },
    authenticationContext: {
      authenticationStep: 0,
      externalSessionId: "trs2TSSLkgWR5iDuebwuH9Vsw",
    },
    securityContext: {
      asNumber: 394089,
      asOrg: "example",
      isp: "example",
      domain: ".",
      isProxy: false,
    },
    actor: {
      id: "00uehd8bGdP6eX0Kx0g3",
      type: "User",
      alternateId: "admin@example.com",
      displayName: "Admin",
    },
    outcome: { result: "SUCCESS" },
    target: [user("john.doe@example.com")],
    transaction: { type: "WEB", id: "W7xg1TGWRJDnxbtx8hBhLAAAAE4", detail: {} },
    debugContext: { debugData: { requestUri: "/api/v1/users" } },
    ...fields,
  };
}

/** Returns the creation of one user. */
export function created(login: string, fields: Record<string, unknown> = {}) {
  return event("user.lifecycle.create", { target: [user(login)], ...fields });
}

/** Returns a delivery of events, each with an eventId of its own. */
export function delivery(...events: unknown[]) {
  return {
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source: "https://example.okta.com/api/v1/eventHooks/who4g1ugkpxOh9EVB1d7",
    eventId: randomUUID(),
    data: { events },
    eventTime: "2026-11-23T09:30:01.000Z",
    contentType: "application/json",
  };
}

/** Returns the request of a delivery. */
export function post(body: unknown) {
  return { method: "POST", headers: DELIVERY_HEADERS, body: JSON.stringify(body) };
}

/** Returns the line that a created user's login makes on stdout. */
export const userLine = (login: string) => `The user ${login} has been added to the Okta org!\n`;
