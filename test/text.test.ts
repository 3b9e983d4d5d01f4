/** Text for a terminal: no character steers it or hides, and no line is broken by the terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, printable, printableLines, wrap } from "../src/text.js";

const seen: [what: string, text: string][] = [
  ["plain text", "jörg@example.com 🦊"],
  ["letters and marks of every script", "Иван दीपक ที่นี่ e\u0301"],
];
for (const [what, text] of seen) {
  test(`prints ${what} as it is`, () => {
    assert.equal(printable(text), text);
  });
}

const escaped: [what: string, text: string, expected: string][] = [
  ["a line break", "a\r\nb", "a\\u000d\\u000ab"],
  ["an escape sequence", "\u001b]0;x\u0007", "\\u001b]0;x\\u0007"],
  ["C1 controls and delete", "\u0080\u009b\u007f", "\\u0080\\u009b\\u007f"],
  [
    "every bidirectional format character",
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "\\u061c\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2066\\u2067\\u2068\\u2069",
  ],
  [
    "what nobody sees",
    "a\u00ad\u200b\u200c\u200d\u2060\u206a\ufeff\ufff9b",
    "a\\u00ad\\u200b\\u200c\\u200d\\u2060\\u206a\\ufeff\\ufff9b",
  ],
  ["fillers and selectors", "\u115f\u3164\u034f\ufe0f", "\\u115f\\u3164\\u034f\\ufe0f"],
  ["tag characters", "a\u{e0041}\u{e007f}b", "a\\u{e0041}\\u{e007f}b"],
  ["line and paragraph separators", "\u2028\u2029", "\\u2028\\u2029"],
  ["half of a surrogate pair", "a\ud83e", "a\\ud83e"],
];
for (const [what, text, expected] of escaped) {
  test(`escapes ${what}, alone and in any of many lines`, () => {
    assert.equal(printable(text), expected);
    assert.deepEqual(printableLines(["a", text, "b"]), ["a", expected, "b"]);
  });
}

test("halves of a pair at the ends of two lines are escaped", () => {
  assert.deepEqual(printableLines(["a\ud83e", "\udd8ab"]), ["a\\ud83e", "\\udd8ab"]);
});

test("a long text is cut, and a character cut in two is escaped", () => {
  assert.equal(cut("abcdef", 3), "abc…");
  assert.equal(cut("abc", 3), "abc");
  assert.equal(printable(cut("ab🦊", 3)), "ab\\ud83e…");
});

const word = (length: number) => "x".repeat(length);
const paragraphs: [what: string, text: string, expected: string][] = [
  ["one that just fits", `${word(38)} ${word(39)}`, `  ${word(38)} ${word(39)}`],
  ["one that does not fit", `${word(39)} ${word(39)}`, `  ${word(39)}\n  ${word(39)}`],
  ["a URL longer than a line", `see ${word(90)} now`, `  see\n  ${word(90)}\n  now`],
  ["a URL alone", word(90), `  ${word(90)}`],
  ["spaces that do not break", `${word(40)}\u00a0${word(50)}`, `  ${word(40)}\u00a0${word(50)}`],
  ["columns", "Subscribe to events    User created", "  Subscribe to events    User created"],
  ["a value under its name", "  https://example.com", "    https://example.com"],
];
for (const [what, text, expected] of paragraphs) {
  test(`indents ${what}, within 80 columns where it can`, () => {
    assert.equal(wrap(text), expected);
  });
}
