/** Which events are announced, when, and in which words. */
import type { Message } from "../output.js";
import { printable } from "../text.js";
import type { HookEvent } from "./event-hook.js";

/**
 * The event types that are announced: another type is one more entry. `said` follows "The user
 * <login>" on stdout; `done` is what happened to a user, for the summary: "1 user created".
 */
const ANNOUNCEMENTS = new Map<string | undefined, { done: string; said: string }>([
  ["user.lifecycle.create", { done: "created", said: "has been added to the Okta org!" }],
]);

/** The lines for a delivery's events: one for each user, in their order. */
export function announce(events: HookEvent[]): string[] {
  const lines: string[] = [];
  for (const { eventType, hasSucceeded, logins } of events) {
    const words = ANNOUNCEMENTS.get(eventType);
    if (words === undefined || !hasSucceeded) continue;
    for (const login of logins) {
      lines.push(`The user ${printable(login)} ${words.said}`);
    }
  }
  return lines;
}

/**
 * What a delivery's events come to, and why some of them are not announced.
 *
 * @param isRepeated whether the delivery was seen before
 */
export function summarize(events: HookEvent[], isRepeated: boolean): Message {
  const counts = [quantity(events.length, "event")];
  for (const [eventType, { done }] of ANNOUNCEMENTS) {
    const ofType = events.filter((event) => event.eventType === eventType);
    const succeeded = ofType.filter((event) => event.hasSucceeded);
    const users = succeeded.reduce((count, { logins }) => count + logins.length, 0);
    const failed = ofType.length - succeeded.length;
    if (ofType.length > 0) counts.push(`${quantity(users, "user")} ${done}`);
    if (failed > 0) counts.push(`${failed} not ${done}`);
  }
  const details = [...new Set(events.flatMap(remarkOn))];
  const color = details.length > 0 ? "yellow" : undefined;

  const ignored = events.filter(({ eventType }) => !ANNOUNCEMENTS.has(eventType));
  if (ignored.length > 0) {
    counts.push(`${ignored.length} ignored`);
    const types = ignored.map(({ eventType = "no eventType" }) => printable(eventType, 80));
    details.push(`ignored: ${[...new Set(types)].join(", ")}`);
  }
  if (isRepeated) counts.push("a repeat");
  return { text: counts.join(", "), details, color };
}

const quantity = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const PREVIEW_ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];

/** Why some users of an event are not announced, although its type is. */
function remarkOn(event: HookEvent, index: number): string[] {
  const { eventType, hasSucceeded, logins, result, lack } = event;
  const words = ANNOUNCEMENTS.get(eventType);
  if (words === undefined || (hasSucceeded && lack === undefined)) return [];
  const names = logins.join(", ") || "no login";
  if (!hasSucceeded) return [`not ${words.done}: ${printable(names, 300)} (${result})`];
  const remark = `event ${index + 1} has ${lack}`;
  return lack === "no target" ? [remark, ...PREVIEW_ADVICE] : [remark];
}
