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
    for (const login of loginsOf(event)) {
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
  let count = 0;
  for (const event of events) {
    if (event.hasSucceeded) count += loginsOf(event).length;
  }
  return count;
}

/** In a loop: `flatMap` took 7 % of the time of a batch, as a CPU profile showed. */
function loginsOf({ users = [] }: HookEvent): string[] {
  const logins: string[] = [];
  for (const { login } of users) {
    if (login !== undefined) logins.push(login);
  }
  return logins;
}

function describeFailure(event: HookEvent): string {
  const [login = "no login"] = loginsOf(event);
  return `${login} (${event.result})`;
}

/** What the events that should be announced lack, and what to do where it is their target. */
function describeIncomplete(events: HookEvent[]): string[] {
  const problems = events.map(findProblem);
  const numbered = problems.map((problem, index) => problem && `event ${index + 1} ${problem}`);
  const texts = numbered.filter((text) => text !== undefined);
  if (texts.length === 0) return [];
  return [firstFew(texts), ...(problems.includes(NO_TARGET) ? PREVIEW_ADVICE : [])];
}

const NO_TARGET = "has no target";
const PREVIEW_ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];

function findProblem({ eventType, hasSucceeded, users }: HookEvent): string | undefined {
  if (!ANNOUNCEMENTS.has(eventType) || !hasSucceeded) return undefined;
  if (users === undefined) return NO_TARGET;
  if (users.length === 0) return "has no user among its targets";
  const isNameless = users.some(({ login }) => login === undefined);
  return isNameless ? "has a user without an alternateId" : undefined;
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
