/** Which events are announced, when, and in which words. */
import type { Message } from "../output.js";
import { printable } from "../text.js";
import type { HookEvent } from "./event-hook.js";

/** The words for one type of event. */
interface Announcement {
  /** What happened to a user, for the summary: "1 user created". */
  done: string;
  /** What follows "The user <login>" on stdout. */
  said: string;
}

/** The event types that are announced: another type is one more entry. */
const ANNOUNCEMENTS = new Map<string | undefined, Announcement>([
  ["user.lifecycle.create", { done: "created", said: "has been added to the Okta org!" }],
]);

/** The lines for a delivery's events: one for each user, in their order. */
export function announce(events: HookEvent[]): string[] {
  const lines: string[] = [];
  for (const event of events) {
    const announcement = ANNOUNCEMENTS.get(event.eventType);
    if (announcement === undefined || !event.hasSucceeded) continue;
    for (const login of event.logins) {
      lines.push(`The user ${printable(login)} ${announcement.said}`);
    }
  }
  return lines;
}

/** What a delivery's events come to, and which of them are not announced, and why. */
export function summarize(events: HookEvent[]): Message {
  const counts = [quantity(events.length, "event")];
  const details: string[] = [];
  for (const [eventType, { done }] of ANNOUNCEMENTS) {
    const ofType = events.filter((event) => event.eventType === eventType);
    if (ofType.length === 0) continue;
    counts.push(`${quantity(countUsers(ofType), "user")} ${done}`);
    const failed = ofType.filter((event) => !event.hasSucceeded);
    if (failed.length === 0) continue;
    counts.push(`${failed.length} not ${done}`);
    details.push(`not ${done}: ${firstFew(failed.map(describeFailure))}`);
  }
  const ignored = events.filter((event) => !ANNOUNCEMENTS.has(event.eventType));
  if (ignored.length > 0) {
    counts.push(`${ignored.length} ignored`);
    const types = ignored.map(({ eventType }) => eventType ?? "no eventType");
    details.push(`ignored: ${firstFew(types)}`);
  }
  const text = counts.join(", ");
  const incomplete = describeIncomplete(events);
  if (incomplete.length === 0) return { text, details };
  return { text, details: [...details, ...incomplete], color: "yellow" };
}

function countUsers(events: HookEvent[]): number {
  const succeeded = events.filter((event) => event.hasSucceeded);
  return succeeded.reduce((count, { logins }) => count + logins.length, 0);
}

function describeFailure({ logins, result }: HookEvent): string {
  return `${logins[0] ?? "no login"} (${result})`;
}

const LACKS = {
  target: "has no target",
  user: "has no user among its targets",
  alternateId: "has a user without an alternateId",
};

const PREVIEW_ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];

/** What the events that should be announced lack, and what to do where it is their target. */
function describeIncomplete(events: HookEvent[]): string[] {
  const problems: string[] = [];
  let advice: string[] = [];
  for (const [index, { eventType, hasSucceeded, lack }] of events.entries()) {
    if (lack === undefined || !hasSucceeded || !ANNOUNCEMENTS.has(eventType)) continue;
    problems.push(`event ${index + 1} ${LACKS[lack]}`);
    if (lack === "target") advice = PREVIEW_ADVICE;
  }
  return problems.length === 0 ? [] : [firstFew(problems), ...advice];
}

function quantity(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Lists the first five of the different texts, safe to print. */
function firstFew(texts: string[]): string {
  const different = [...new Set(texts)];
  const first = different.slice(0, 5).map((text) => printable(text, 80));
  if (different.length > 5) first.push("…");
  return first.join(", ");
}
