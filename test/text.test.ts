/** Text for a terminal: no character steers it or hides, and no line is broken by the terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, printable, wrap } from "../src/text.js";

test("prints letters, marks and signs of every script as they are", () => {
  for (const text of ["jörg@example.com 🦊", "Иван दीपक ที่นี่ e\u0301"]) {
    assert.equal(printable(text), text);
  }
});

test("escapes what steers a terminal, breaks a line, or hides", () => {
  const escaped = [
    ["\r\n\u001b]0;x\u0007\u009b\u007f", "\\u000d\\u000a\\u001b]0;x\\u0007\\u009b\\u007f"],
    ["\u061c\u202e\u2066\ufff9", "\\u061c\\u202e\\u2066\\ufff9"],
    ["\u00ad\u200b\ufeff\u3164\ufe0f", "\\u00ad\\u200b\\ufeff\\u3164\\ufe0f"],
    ["\u{e0041}\u{e007f}", "\\u{e0041}\\u{e007f}"],
    ["\u2028\u2029", "\\u2028\\u2029"],
    ["a\ud83e", "a\\ud83e"],
  ] as const;
  for (const [text, expected] of escaped) assert.equal(printable(text), expected);
});

test("a long text is cut, and a character cut in two is escaped", () => {
  assert.equal(cut("abcdef", 3), "abc…");
  assert.equal(cut("abc", 3), "abc");
  assert.equal(printable(cut("ab🦊", 3)), "ab\\ud83e…");
});

const word = (length: number) => "x".repeat(length);
const broken: [what: string, text: string, expected: string][] = [
  ["one that just fits", `${word(40)} ${word(39)}`, `${word(40)} ${word(39)}`],
  ["one that does not fit", `${word(40)} ${word(40)}`, `${word(40)}\n  ${word(40)}`],
  ["a URL longer than a line", `  see ${word(90)} now`, `  see\n  ${word(90)}\n  now`],
  ["spaces that do not break", `${word(40)}\u00a0${word(50)}`, `${word(40)}\u00a0${word(50)}`],
  ["columns", `  ${word(64)}    User created`, `  ${word(64)}    User\n  created`],
];
for (const [what, text, expected] of broken) {
  test(`breaks ${what}, within 80 columns where it can`, () => {
    assert.equal(wrap(text), expected);
  });
}
