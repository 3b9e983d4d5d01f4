/** What a delivery comes to: the lines to print, the counts, and why some of it is not announced. */
import type { Message } from "../output.js";
import { cut, quantity } from "../text.js";
import type { Announcement, Announcements } from "./announcements.js";
import { isNamed, isOfType, type HookEvent, type NamedTarget, type Target } from "./event-hook.js";

/** What a delivery's events come to. */
export interface Review {
  /** The sentences, in the order of the events and their targets. */
  lines: string[];
  /** For the line of its request. */
  message: Message & { details: string[] };
}

/** How many remarks a delivery gets; of a hostile one there could be hundreds of thousands. */
const REMARK_LIMIT = 20;

/** What was found in the events so far. */
interface Tally {
  /** Each forms a line. They are called together, after the last event was looked at. */
  sentences: (() => Promise<string>)[];
  /** Why something is not announced, although its type is. */
  remarks: string[];
  ignored: number;
  /** The types without an entry. */
  ignoredTypes: Set<string>;
}

/** Reviews a delivery's events in one pass. Rejects with whatever an entry throws. */
export async function review(events: HookEvent[], announcements: Announcements): Promise<Review> {
  const tally: Tally = {
    sentences: [],
    remarks: [],
    ignored: 0,
    ignoredTypes: new Set(),
  };
  for (const [index, event] of events.entries()) {
    const entry = findEntry(event, announcements);
    if (entry === undefined) ignore(event, tally);
    else announce(event, `event ${index + 1}`, entry, tally);
  }
  const lines = await Promise.all(tally.sentences.map((form) => form()));
  return { lines, message: summarize(events.length, tally) };
}

function ignore({ eventType = "no eventType" }: HookEvent, tally: Tally): void {
  tally.ignored += 1;
  if (tally.ignoredTypes.size < REMARK_LIMIT) tally.ignoredTypes.add(cut(eventType, 80));
}

function announce(event: HookEvent, label: string, entry: Announcement, tally: Tally): void {
  const { sentences, remarks } = tally;
  if (entry.when !== undefined && !entry.when(event)) {
    tally.ignored += 1;
    return;
  }
  const targets = findTargets(event, entry);
  if (entry.when === undefined && !event.hasSucceeded) {
    remarks.push(explainResult(event, targets, label));
    return;
  }
  for (const target of targets) {
    if (isNamed(target)) sentences.push(() => formSentence(entry, target, event));
    else remarks.push(explainMissingName(target, label));
  }
  if (targets.length === 0) remarks.push(`${label} ${explainMissingTarget(event, entry)}`);
}

/** What stands on the request's line, and under it. */
function summarize(eventCount: number, tally: Tally): Review["message"] {
  const { sentences, remarks, ignored, ignoredTypes } = tally;
  const counts = [quantity(eventCount, "event"), `${sentences.length} announced`];
  if (ignored > 0) counts.push(`${ignored} ignored`);
  const details = remarks.slice(0, REMARK_LIMIT);
  const more = remarks.length - details.length;
  if (more > 0) details.push(`and ${more} more like these`);
  if (ignoredTypes.size > 0) details.push(`ignored: ${[...ignoredTypes].join(", ")}`);
  const color = remarks.length > 0 ? "yellow" : undefined;
  return { text: counts.join(", "), details, color };
}

/** The table is a plain object, which also has what every object inherits. */
function findEntry({ eventType }: HookEvent, announcements: Announcements) {
  if (eventType === undefined || !Object.hasOwn(announcements, eventType)) return undefined;
  return announcements[eventType];
}

/** The targets of an event that an entry is about. */
function findTargets(event: HookEvent, { about = "User" }: Announcement): Target[] {
  if (about === "actor") return event.actor === undefined ? [] : [event.actor];
  return event.targets.filter((target) => isOfType(target, about));
}

/** Forms a line. What an entry throws at once becomes a rejection, too. */
async function formSentence(
  entry: Announcement,
  target: NamedTarget,
  event: HookEvent,
): Promise<string> {
  // What runs from source is not type-checked.
  const text: unknown = await entry.sentence(target, event);
  if (typeof text === "string") return text;
  throw new TypeError(`The entry for ${event.eventType} returned no text.`);
}

function explainResult(event: HookEvent, targets: Target[], label: string): string {
  const { result = "", reason } = event;
  const names = targets.map((target) => nameForPeople(target, label)).join(", ") || label;
  const why = reason === undefined ? "" : `: ${cut(reason, 80)}`;
  return `not announced: ${cut(names, 200)} (${cut(result, 80)}${why})`;
}

function explainMissingName(target: Target, label: string): string {
  const isUser = isOfType(target, "User");
  const remedy = isUser
    ? "has no alternateId: put the user's login there"
    : "has no displayName: put a name there";
  return `${cut(nameForPeople(target, label), 200)} ${remedy}`;
}

/** Okta's preview shows a sample with neither target nor actor where there is no real event. */
const PREVIEW_ADVICE =
  'In Okta\'s preview, replace "target": null with "target": [{"type": "User", "alternateId": "john.doe@example.com"}]';

/** Why there is no target to announce. */
function explainMissingTarget(event: HookEvent, { about = "User" }: Announcement): string {
  const { actor, targets, raw } = event;
  if (about === "actor") return "has no actor";
  if (!Array.isArray(raw.target ?? [])) return "has a target that is no list: put it in [ ]";
  if (targets.length === 0) {
    const isSample = about === "User" && actor === undefined;
    return isSample ? `has no target. ${PREVIEW_ADVICE}` : "has no target";
  }
  const types = new Set(targets.map(({ type = "no type" }) => cut(type, 80)));
  return `has no target of type ${about}: it has ${[...types].join(", ")}`;
}

/** A target by its name, else by all that Okta says of it. */
function nameForPeople({ name, displayName, id }: Target, label: string): string {
  if (name !== undefined) return name;
  if (id === undefined) return displayName ?? `a target of ${label}`;
  return displayName === undefined ? id : `${displayName} (${id})`;
}
