/** Which events are announced, and in which words: the file to open for an event type of your own. */
import { isNamed, isOfType, type HookEvent, type NamedTarget } from "./event-hook.js";

/**
 * The event types that are announced: another type is one more entry. What an event has is in
 * `event-hook.ts`; the types are those of
 * https://developer.okta.com/docs/reference/api/event-types/
 */
export const ANNOUNCEMENTS: Announcements = {
  "user.lifecycle.create": {
    sentence: (user) => `The user ${user.name} has been added to the Okta org!`,
  },
};

/** The entries by their event type. */
export type Announcements = Readonly<Record<string, Announcement>>;

/** How the events of a type are announced: on a line of stdout for each target that has a name. */
export interface Announcement {
  /**
   * The line for a target of the event: any text, it is made safe to print. A promise of one is
   * awaited, and only then is the delivery acknowledged; Okta waits 3 seconds. What is thrown
   * here is a 500, the console says where, and Okta delivers once more.
   */
  sentence(target: NamedTarget, event: HookEvent): string | Promise<string>;
  /**
   * The type of the targets that it is about: Okta's word, such as UserGroup, or "actor" for whoever
   * did it, as many events have no target. Default: User.
   */
  about?: string;
  /**
   * Whether an event is announced, such as `(event) => event.result === "FAILURE"` for those that
   * failed. Default: what has succeeded; of the others the console says why they are not.
   */
  when?(event: HookEvent): boolean;
}

/** The name of an event's first target of a type that has one, else `(no UserGroup)`. */
export function nameOf(event: HookEvent, type: string): string {
  const named = event.targets.filter(isNamed).find((target) => isOfType(target, type));
  return named?.name ?? `(no ${type})`;
}
