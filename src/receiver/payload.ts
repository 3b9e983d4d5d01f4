/** A delivery's body as a person reads it. */

/** How much of a body is shown, in bytes. */
const SHOWN_BYTES = 64 * 1024;

/** Indenting may make a body so many times as long; what is nested so deeply is shown as it came. */
const GROWTH_LIMIT = 10;

/** The body as indented JSON, or as it came where it is none; of a larger one the first 64 kB. */
export function formatPayload(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  if (body.length <= SHOWN_BYTES) return indentJson(text);
  // To indent a large body could take all the memory there is.
  return `${text.slice(0, SHOWN_BYTES)}\n… cut here: the body has ${body.length} bytes`;
}

function indentJson(text: string): string {
  try {
    const indented = JSON.stringify(JSON.parse(text), null, 2);
    return indented.length > GROWTH_LIMIT * text.length ? text : indented;
  } catch {
    // No JSON, or nested too deeply to be written again.
    return text;
  }
}
