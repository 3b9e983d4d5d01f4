/** Okta's event hook payload: reads a delivery into its created users and what came of the rest. */
import { at, printable } from "./text.js";

const REMEDY = `"target": [{"type": "User", "alternateId": "john.doe@example.com"}]`;

/**
 * Takes a parsed body. Returns its eventId, the logins of its created users in order, and a summary
 * for the console; undefined without a list at `data.events`, the one part that Okta always sends.
 */
export function readDelivery(body: unknown) {
  const events = at(body, "data", "events");
  if (!Array.isArray(events)) return undefined;
  const users: string[] = [];
  const ignored: string[] = [];
  const failed: string[] = [];
  const incomplete: string[] = [];
  events.forEach((event: unknown, index) => {
    const eventType = at(event, "eventType");
    const result = at(event, "outcome", "result");
    const { logins, problem } = readUsers(at(event, "target"));
    if (eventType !== "user.lifecycle.create") {
      ignored.push(typeof eventType === "string" ? eventType : "no eventType");
    } else if (typeof result === "string" && result.toUpperCase() === "FAILURE") {
      failed.push(logins[0] ?? `event ${index + 1}`);
    } else {
      for (const login of logins) users.push(login);
      if (problem) incomplete.push(`event ${index + 1} has ${problem}`);
    }
  });

  let summary = `${count(events, "event")}, ${count(users, "user")} created`;
  if (ignored.length) summary += `, ${ignored.length} ignored (${some(ignored)})`;
  if (failed.length) summary += `, ${failed.length} failed, as Okta reports (${some(failed)})`;
  if (incomplete.length) summary += `, ${some(incomplete)}: in Okta's preview put ${REMEDY} in its place`;
  const eventId = at(body, "eventId");
  return { eventId: typeof eventId === "string" ? eventId : undefined, users, summary };
}

/** Users are the targets of type User, and those without a type, as Okta's guide has them typed in. */
function readUsers(target: unknown): { logins: string[]; problem?: string } {
  if (!Array.isArray(target)) return { logins: [], problem: "no target" };
  const users = target.filter((each) => (at(each, "type") ?? "User") === "User");
  const logins = users.map((user) => at(user, "alternateId")).filter(isLogin);
  if (users.length === 0) return { logins, problem: "no user among its targets" };
  return logins.length < users.length ? { logins, problem: "a user without alternateId" } : { logins };
}

const isLogin = (value: unknown): value is string => typeof value === "string" && value !== "";
const count = ({ length }: unknown[], noun: string) => `${length} ${noun}${length === 1 ? "" : "s"}`;

/** Lists the first few of the different texts. */
function some(texts: string[]): string {
  const different = [...new Set(texts)];
  const first = different.slice(0, 5).map((text) => printable(text, 80));
  return first.join(", ") + (different.length > 5 ? ", …" : "");
}
