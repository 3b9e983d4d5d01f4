/** Which deliveries were seen before: Okta delivers at least once, and ngrok replays on demand. */

/** How long an eventId may be to be remembered, in characters: Okta's are UUIDs of 36. */
const ID_LIMIT = 200;

/**
 * Creates a check whether an eventId was seen before; it remembers each.
 *
 * @param limit how many of the latest are remembered at least; at most twice as many
 */
export function createRepeatDetector(limit: number): (eventId: string) => boolean {
  let latest = new Set<string>();
  let older = new Set<string>();
  return (eventId) => {
    if (eventId.length > ID_LIMIT) return false;
    if (latest.has(eventId) || older.has(eventId)) return true;
    if (latest.size === limit) {
      older = latest;
      latest = new Set();
    }
    latest.add(eventId);
    return false;
  };
}
