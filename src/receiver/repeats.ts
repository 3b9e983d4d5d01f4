/** Which deliveries were seen before: Okta delivers at least once, and ngrok replays on demand. */

/**
 * Creates a check whether an eventId is among the latest ones; it remembers each.
 *
 * @param limit how many are remembered
 */
export function createRepeatDetector(limit: number): (eventId: string) => boolean {
  const seen = new Set<string>();
  return (eventId) => {
    if (seen.has(eventId)) return true;
    // Okta's have 36 characters; a longer one is not worth the memory.
    if (eventId.length > 200) return false;
    seen.add(eventId);
    // A Set keeps the order of insertion. The default is for the compiler: it is never empty.
    const [oldest = eventId] = seen;
    if (seen.size > limit) seen.delete(oldest);
    return false;
  };
}
