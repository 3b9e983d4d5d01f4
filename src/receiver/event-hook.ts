/** The payload of Okta's event hooks, from a value of any shape to typed deliveries and events. */
import { fieldsOf, textOf } from "../values.js";

/** One delivery: https://developer.okta.com/docs/concepts/event-hooks/ */
export interface Delivery {
  /** The same in Okta's retry and in ngrok's replay; missing in bodies that people write. */
  eventId: string | undefined;
  /** In Okta's order. */
  events: HookEvent[];
}

/** An event of Okta's System Log: https://developer.okta.com/docs/reference/api/system-log/ */
export interface HookEvent {
  /** The type, such as user.lifecycle.create. */
  eventType: string | undefined;
  /** What tells this event from all others. */
  uuid: string | undefined;
  /** When it happened, in ISO 8601. */
  published: string | undefined;
  /** The outcome: SUCCESS, DENY and so on (LogOutcome in Okta's OpenAPI description). */
  result: string | undefined;
  /** Okta's reason for the outcome. */
  reason: string | undefined;
  /**
   * Whether it happened: the result is SUCCESS in any case (Okta's preview says Success), or
   * missing, null or empty. A denied creation is a user.lifecycle.create event, too.
   */
  hasSucceeded: boolean;
  /** Who did it. */
  actor: Target | undefined;
  /** Whom and what it was done to, in Okta's order. Many events have none. */
  targets: Target[];
  /** The event as it came, with all other fields. */
  raw: LogEvent;
}

/** A target or the actor of an event. */
export interface Target {
  /** User, UserGroup, AppInstance and so on. */
  type: string | undefined;
  /** Okta's identifier: with it, Okta's API returns all else. */
  id: string | undefined;
  /** A user's login. Of a group Okta says "unknown". */
  alternateId: string | undefined;
  /** The name for people. */
  displayName: string | undefined;
  /** What to call it in a sentence: a user's login, the displayName of anything else. */
  name: string | undefined;
}

/** A value each of whose fields may be missing or null, at any depth. */
type Loose<Value> = Value extends object
  ? { [Field in keyof Value]?: Loose<Value[Field]> | null }
  : Value;

/**
 * An event under Okta's own names, of which each may be missing or null. This is Okta's
 * documentation as types, not a check: what came may have another shape.
 * https://developer.okta.com/docs/reference/api/system-log/
 */
export type LogEvent = Loose<{
  uuid: string;
  published: string;
  eventType: string;
  version: string;
  displayMessage: string;
  severity: string;
  legacyEventType: string;
  client: {
    id: string;
    ipAddress: string;
    zone: string;
    device: string;
    userAgent: { rawUserAgent: string; os: string; browser: string };
    geographicalContext: GeographicalContext;
  };
  device: Record<string, unknown>;
  actor: LogTarget;
  outcome: { result: string; reason: string };
  target: LogTarget[];
  transaction: { type: string; id: string; detail: Record<string, unknown> };
  debugContext: { debugData: Record<string, unknown> };
  authenticationContext: {
    authenticationProvider: string;
    credentialProvider: string;
    credentialType: string;
    issuer: { id: string; type: string };
    interface: string;
    authenticationStep: number;
    rootSessionId: string;
    externalSessionId: string;
  };
  securityContext: {
    asNumber: number;
    asOrg: string;
    isp: string;
    domain: string;
    isProxy: boolean;
  };
  request: {
    ipChain: {
      ip: string;
      geographicalContext: GeographicalContext;
      version: string;
      source: string;
    }[];
  };
  insertionTimestamp: string;
}>;

/** A target or an actor as Okta sends it. */
interface LogTarget {
  id: string;
  type: string;
  alternateId: string;
  displayName: string;
  detailEntry: Record<string, unknown>;
}

/** Where an address is thought to be. */
interface GeographicalContext {
  city: string;
  state: string;
  country: string;
  postalCode: string;
  geolocation: { lat: number; lon: number };
}

/** A target that has a name. */
export type NamedTarget = Target & { name: string };

/** Whether a target can be named in a sentence. */
export const isNamed = (target: Target): target is NamedTarget => target.name !== undefined;

/** Whether a target is of a type. Without one it is a User, because Okta's guide shows one so. */
export const isOfType = (target: Target, type: string): boolean => (target.type ?? "User") === type;

/** Reads parsed JSON; undefined without a list at `data.events`, which Okta always sends. */
export function readDelivery(body: unknown): Delivery | undefined {
  const { data, eventId } = fieldsOf(body);
  const { events } = fieldsOf(data);
  if (!Array.isArray(events)) return undefined;
  return { eventId: textOf(eventId), events: events.map(readEvent) };
}

function readEvent(raw: unknown): HookEvent {
  const { eventType, uuid, published, outcome, actor, target } = fieldsOf(raw);
  const { result, reason } = fieldsOf(outcome);
  const resultWord = wordOf(result);
  return {
    eventType: textOf(eventType),
    uuid: textOf(uuid),
    published: textOf(published),
    result: resultWord,
    reason: textOf(reason),
    hasSucceeded: /^(success)?$/i.test(resultWord ?? ""),
    actor: actor ? readTarget(actor) : undefined,
    targets: Array.isArray(target) ? target.map(readTarget) : [],
    raw: isLogEvent(raw) ? raw : {},
  };
}

/** Any object: all of the fields may be missing, and none is checked. */
function isLogEvent(raw: unknown): raw is LogEvent {
  return typeof raw === "object" && raw !== null;
}

function readTarget(value: unknown): Target {
  const fields = fieldsOf(value);
  const target: Target = {
    type: wordOf(fields.type),
    id: textOf(fields.id),
    alternateId: textOf(fields.alternateId),
    displayName: textOf(fields.displayName),
    name: undefined,
  };
  target.name = isOfType(target, "User") ? target.alternateId : target.displayName;
  return target;
}

/** What is no text is no SUCCESS and no User, but not missing either: the kind of value it is. */
function wordOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : typeof value;
}
