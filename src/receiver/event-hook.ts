/** The payload of Okta's event hooks, from a value of any shape to typed events. */
import { fieldsOf } from "../text.js";

/** One delivery: https://developer.okta.com/docs/concepts/event-hooks/ */
export interface Delivery {
  /** The same in Okta's retry and in ngrok's replay; missing in bodies that people write. */
  eventId: string | undefined;
  /** In Okta's order. */
  events: HookEvent[];
}

/** An event of Okta's System Log. */
export interface HookEvent {
  /** The type, such as user.lifecycle.create; undefined when it has none. */
  eventType: string | undefined;
  /** The outcome, such as SUCCESS or DENY; undefined when the event has none. */
  result: string | undefined;
  /**
   * Whether it happened: a creation that was denied is such an event, too, with another result
   * (LogOutcome in Okta's OpenAPI description). Okta's preview says Success.
   */
  hasSucceeded: boolean;
  /** The login names of its targets that are users, which Okta calls alternateId. */
  logins: string[];
  /** What it lacks to name its users, if anything. Okta's preview sample has no target. */
  lack: "target" | "user" | "alternateId" | undefined;
}

/** Reads parsed JSON; undefined without a list at `data.events`, which Okta always sends. */
export function readDelivery(body: unknown): Delivery | undefined {
  const { data, eventId } = fieldsOf(body);
  const { events } = fieldsOf(data);
  if (!Array.isArray(events)) return undefined;
  return { eventId: textOf(eventId), events: events.map(readEvent) };
}

function readEvent(event: unknown): HookEvent {
  const { eventType, outcome, target } = fieldsOf(event);
  const result = readResult(fieldsOf(outcome).result);
  const hasSucceeded = result === undefined || /^success$/i.test(result);
  const users = readUsers(target);
  const logins = readLogins(users);
  const lack = findLack(users, logins);
  return { eventType: textOf(eventType), result, hasSucceeded, logins, lack };
}

function readResult(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined;
  // What is not text is no success either.
  return typeof result === "string" ? textOf(result) : typeof result;
}

type User = Record<string, unknown>;

/** A target without a type counts as a user, because Okta's guide shows one. */
function readUsers(target: unknown): User[] | undefined {
  if (target === undefined || target === null) return undefined;
  const targets = Array.isArray(target) ? target.map(fieldsOf) : [];
  return targets.filter(({ type }) => (type ?? "User") === "User");
}

/** In a loop: `flatMap` took 7 % of the time of a batch, as a CPU profile showed. */
function readLogins(users: User[] = []): string[] {
  const logins: string[] = [];
  for (const { alternateId } of users) {
    const login = textOf(alternateId);
    if (login !== undefined) logins.push(login);
  }
  return logins;
}

function findLack(users: User[] | undefined, logins: string[]): HookEvent["lack"] {
  if (users === undefined) return "target";
  if (users.length === 0) return "user";
  return logins.length < users.length ? "alternateId" : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
