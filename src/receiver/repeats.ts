/** Which deliveries were seen before: Okta delivers at least once, and ngrok replays on demand. */

/**
 * Creates a check whether an eventId is among the latest ones; it remembers each.
 *
 * @param limit how many are remembered
 */
export function createRepeatDetector(limit: number): (eventId: string) => boolean {
  // A Set keeps the order of insertion.
  const seen = new Set<string>();
  // One iterator for all: a new one would walk over all that were deleted before.
  const oldestFirst = seen.values();
  return (eventId) => {
    if (seen.has(eventId)) return true;
    seen.add(eventId);
    if (seen.size > limit) {
      // The default is for the compiler: there is always an oldest one.
      const { value: oldest = "" } = oldestFirst.next();
      seen.delete(oldest);
    }
    return false;
  };
}
