/** Text from outside: made safe to print and, where it is JSON, safe to look into. */

// Zl, Zp: some terminals break lines there. Cs: a lone surrogate cannot be written as UTF-8.
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Returns a text on one line, unable to steer a terminal (\uXXXX instead), cut at a length. */
export function printable(text: string, length = Infinity): string {
  const kept = text.length > length ? `${text.slice(0, length)}…` : text;
  return kept.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Returns what a JSON text holds, or undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns what a path of keys leads to in a value of any shape, or undefined. */
export function at(value: unknown, ...path: string[]): unknown {
  const step = (from: unknown, key: string) =>
    typeof from === "object" && from !== null ? Reflect.get(from, key) : undefined;
  return path.reduce(step, value);
}
