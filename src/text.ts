/** Text for a terminal: safe to print, and broken to fit 80 columns. */

const COLUMNS = 80;

// Controls and format characters steer a terminal, and nobody sees what Unicode calls ignorable.
// Some terminals break lines at Zl and Zp. A lone surrogate (Cs) has no form in UTF-8.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes what could steer a terminal, break a line, or hide, as \uXXXX or \u{XXXXX}. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).padStart(4, "0");
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
}

/** Cuts a text that is too long, and marks the cut. */
export function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** A count and its noun: 1 event, 2 events. */
export function quantity(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/**
 * Breaks a line between words into lines of at most 80 columns, of which all but the first are
 * indented by two. A longer word, such as a URL to copy, stays whole on a line of its own.
 */
export function wrap(text: string): string {
  if (text.length <= COLUMNS) return text;
  const lines: string[] = [];
  let line = "";
  // Each word with the spaces before it, so that aligned columns stay aligned.
  for (const word of text.split(/(?<=[^ ])(?= )/)) {
    const isFull = line !== "" && line.length + word.length > COLUMNS;
    if (isFull) lines.push(line);
    line = isFull ? `  ${word.trimStart()}` : `${line}${word}`;
  }
  lines.push(line);
  return lines.join("\n");
}
