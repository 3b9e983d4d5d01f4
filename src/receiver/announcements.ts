/** Which events are announced, and in which words: the file to open for an event type of your own. */
import { isNamed, isOfType, type HookEvent, type NamedTarget, type Target } from "./event-hook.js";

/** How the events of a type are announced, on a line of stdout for each target that has a name. */
export interface Announcement {
  /**
   * The type of the targets that it is about: Okta's word, such as UserGroup, or "actor" for whoever
   * did it, as many events have no target. Default: User.
   */
  about?: string;
  /** What such a target is called in the summary: "group" in "1 group created". */
  noun: string;
  /** What happened to it: "created" in "1 group created". */
  participle: string;
  /** The line for a target of the event: any text, it is made safe to print. */
  sentence(target: NamedTarget, event: HookEvent): string;
}

/** The announcements by event type. */
export type Announcements = ReadonlyMap<string | undefined, Announcement>;

/**
 * The event types that are announced: another type is one more entry. Its function gets what
 * `event-hook.ts` describes; `nameOf(event, "UserGroup")` names another target of the event.
 */
export const ANNOUNCEMENTS: Announcements = new Map<string | undefined, Announcement>([
  [
    "user.lifecycle.create",
    {
      noun: "user",
      participle: "created",
      sentence: (user) => `The user ${user.name} has been added to the Okta org!`,
    },
  ],
]);

/** The name of an event's first target of a type that has one, else `(no UserGroup)`. */
export function nameOf(event: HookEvent, type: string): string {
  const named = event.targets.filter(isNamed).find((target) => isOfType(target, type));
  return named?.name ?? `(no ${type})`;
}

/** The lines for a delivery's events: one for each target with a name, in their order. */
export function announce(events: HookEvent[], announcements: Announcements): string[] {
  const lines: string[] = [];
  for (const event of events) {
    const announcement = announcements.get(event.eventType);
    if (announcement === undefined || !event.hasSucceeded) continue;
    for (const target of targetsOf(event, announcement)) {
      if (isNamed(target)) lines.push(formSentence(announcement, target, event));
    }
  }
  return lines;
}

/** The sentence; what runs from source is not type-checked, so an entry may have forgotten it. */
function formSentence(announcement: Announcement, target: NamedTarget, event: HookEvent): string {
  const sentence: unknown = announcement.sentence(target, event);
  if (typeof sentence === "string") return sentence;
  // The rejection of an async function that nobody waits for would end the process.
  Promise.resolve(sentence).catch(() => {});
  throw new TypeError(`The entry for ${event.eventType} returned no text.`);
}

/** The targets of an event that an announcement is about. */
export function targetsOf(event: HookEvent, { about = "User" }: Announcement): Target[] {
  if (about === "actor") return event.actor === undefined ? [] : [event.actor];
  return event.targets.filter((target) => isOfType(target, about));
}
