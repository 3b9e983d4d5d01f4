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
  /** The outcome, such as SUCCESS or DENY; empty when the event has none. */
  result: string;
  /**
   * Whether it happened: the result is SUCCESS in any case (Okta's preview says Success), or
   * missing, null or empty. A denied creation is a user.lifecycle.create event, too, with another
   * result (LogOutcome in Okta's OpenAPI description).
   */
  hasSucceeded: boolean;
  /** The logins (Okta's alternateId) of its targets that are users. */
  logins: string[];
  /** Why it names no user, or not every user; undefined when it names them all. */
  lack: Lack | undefined;
}

/** Okta's preview sample has no target; a live event's targets may lack a user or a login. */
export type Lack = "no target" | "no user among its targets" | "a user without an alternateId";

/** Reads parsed JSON; undefined without a list at `data.events`, which Okta always sends. */
export function readDelivery(body: unknown): Delivery | undefined {
  const { data, eventId } = fieldsOf(body);
  const { events } = fieldsOf(data);
  if (!Array.isArray(events)) return undefined;
  return { eventId: textOf(eventId), events: events.map(readEvent) };
}

function readEvent(event: unknown): HookEvent {
  const { eventType, outcome, target } = fieldsOf(event);
  const raw = fieldsOf(outcome).result ?? "";
  // A result that is not text is no success: its type is shown instead.
  const result = typeof raw === "string" ? raw : typeof raw;
  const hasSucceeded = /^(success)?$/i.test(result);
  const targets: unknown[] = Array.isArray(target) ? target : [];
  const users = targets.map(fieldsOf).filter(isUser);
  const logins = users.map((user) => textOf(user.alternateId)).filter((text) => text !== undefined);
  const lack = target ? findLack(users.length, logins.length) : "no target";
  return { eventType: textOf(eventType), result, hasSucceeded, logins, lack };
}

/** A target without a type counts as a user, because Okta's guide shows one. */
const isUser = ({ type }: Record<string, unknown>) => (type ?? "User") === "User";

function findLack(users: number, logins: number): Lack | undefined {
  if (users === 0) return "no user among its targets";
  return logins < users ? "a user without an alternateId" : undefined;
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
