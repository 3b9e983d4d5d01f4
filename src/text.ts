/** Text and values from outside: made safe to print, and safe to read. */

// Some terminals break lines at Zl and Zp. A lone surrogate (Cs) has no form in UTF-8.
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes what could steer a terminal or break a line, as \uXXXX, and cuts what is too long. */
export function printable(text: string, maxLength = Infinity): string {
  const kept = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return kept.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  });
}

// One word of more than 78 characters, such as a URL, or as many words as fit.
const INDENTED_LINE = /([^ ]{79,}|.{1,78})(?: +|$)/g;

/** Makes a paragraph: printable, at most 400 characters, indented by two, broken to fit 80. */
export function indent(text: string): string {
  return printable(text, 400).replace(INDENTED_LINE, "\n  $1").slice(1);
}

/** The fields of a value of any shape; none when it is not an object. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
