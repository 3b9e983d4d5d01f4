/** What a delivery comes to: the counts for its line, and why some of it is not announced. */
import type { Message } from "../output.js";
import { cut } from "../text.js";
import { fieldsOf } from "../values.js";
import { targetsOf, type Announcement, type Announcements } from "./announcements.js";
import { isNamed, isOfType, type HookEvent, type Target } from "./event-hook.js";

/** How many remarks a delivery gets; of a hostile one there could be hundreds of thousands. */
const REMARK_LIMIT = 20;

/** Summarizes a delivery's events for the line of its request. */
export function summarize(events: HookEvent[], announcements: Announcements): Message {
  const counts = [quantity(events.length, "event")];
  for (const [eventType, announcement] of announcements) {
    const ofType = events.filter((event) => event.eventType === eventType);
    if (ofType.length > 0) counts.push(...countOutcomes(ofType, announcement));
  }
  const remarks = remarkOnAll(events, announcements);
  const ignored = events.filter(({ eventType }) => !announcements.has(eventType));
  if (ignored.length > 0) counts.push(`${ignored.length} ignored`);
  return {
    text: counts.join(", "),
    details: [...remarks, ...nameTypes(ignored)],
    color: remarks.length > 0 ? "yellow" : undefined,
  };
}

/** How many of the targets were created, say, and how many events were not to be. */
function countOutcomes(events: HookEvent[], announcement: Announcement): string[] {
  const { noun, participle } = announcement;
  let named = 0;
  let failed = 0;
  for (const event of events) {
    if (event.hasSucceeded) named += targetsOf(event, announcement).filter(isNamed).length;
    else failed += 1;
  }
  const counts = [`${quantity(named, noun)} ${participle}`];
  return failed > 0 ? [...counts, `${failed} not ${participle}`] : counts;
}

const quantity = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function nameTypes(events: HookEvent[]): string[] {
  const types = new Set(events.map(({ eventType = "no eventType" }) => cut(eventType, 80)));
  return types.size > 0 ? [`ignored: ${[...types].join(", ")}`] : [];
}

/** Each remark once, and how many there are beyond the limit. */
function remarkOnAll(events: HookEvent[], announcements: Announcements): string[] {
  const remarks = new Set<string>();
  let isPreview = false;
  for (const [index, event] of events.entries()) {
    const announcement = announcements.get(event.eventType);
    if (announcement === undefined) continue;
    for (const remark of remarkOn(event, `event ${index + 1}`, announcement)) remarks.add(remark);
    isPreview ||= event.hasSucceeded && isAboutUsers(announcement) && hasNoTarget(event);
  }
  const shown = [...remarks].slice(0, REMARK_LIMIT);
  if (remarks.size > REMARK_LIMIT) shown.push(`and ${remarks.size - REMARK_LIMIT} more like these`);
  return isPreview ? [...shown, ...PREVIEW_ADVICE] : shown;
}

/** Okta's preview shows a sample without targets where an org has no real event of the type. */
const PREVIEW_ADVICE = [
  'In Okta\'s preview, replace "target": null with',
  '"target": [{"type": "User", "alternateId": "john.doe@example.com"}]',
];

const isAboutUsers = ({ about = "User" }: Announcement) => about === "User";

const targetFieldOf = (event: HookEvent) => fieldsOf(event.raw).target ?? undefined;

const hasNoTarget = (event: HookEvent) => targetFieldOf(event) === undefined;

/** Why targets of an event are not announced, although its type is. */
function remarkOn(event: HookEvent, place: string, announcement: Announcement): string[] {
  const targets = targetsOf(event, announcement);
  if (!event.hasSucceeded) {
    const names = targets.map((target) => describeTarget(target, place)).join(", ") || place;
    const { result = "", reason } = event;
    const why = reason === undefined ? "" : `: ${cut(reason, 80)}`;
    return [`not ${announcement.participle}: ${cut(names, 200)} (${cut(result, 80)}${why})`];
  }
  if (targets.length === 0) return [`${place} ${explainLack(event, announcement)}`];
  const nameless = targets.filter((target) => !isNamed(target));
  return nameless.map(
    (target) => `${cut(describeTarget(target, place), 200)} ${missingName(target)}`,
  );
}

/** What a target without a name lacks. */
function missingName(target: Target): string {
  if (isOfType(target, "User")) return "has no alternateId: put the user's login there";
  return "has no displayName: put a name there";
}

/** Why there is no target to announce. */
function explainLack(event: HookEvent, { about = "User" }: Announcement): string {
  if (about === "actor") return "has no actor";
  const target = targetFieldOf(event);
  if (target === undefined) return "has no target";
  if (!Array.isArray(target)) return "has a target that is no list: put it in [ ]";
  const types = new Set(event.targets.map(({ type = "no type" }) => cut(type, 80)));
  if (types.size === 0) return "has an empty list of targets";
  return `has no target of type ${about}: it has ${[...types].join(", ")}`;
}

/** A target in words: by its name, else by all that Okta says of it. */
function describeTarget(target: Target, place: string): string {
  if (target.name !== undefined) return target.name;
  const { displayName, id } = target;
  if (id === undefined) return displayName ?? `a target of ${place}`;
  return displayName === undefined ? id : `${displayName} (${id})`;
}
