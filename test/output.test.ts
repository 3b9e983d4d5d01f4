/** An output: what a message looks like. When its lines count as written is proven by real processes. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Output, type Message } from "../src/output.js";

const ESC = "\u001b";
const LONG_URL = `https://${"x".repeat(90)}/userCreated`;
const NINE = "nine char ".repeat(9).trim();
const forms: [what: string, message: Message, expected: string][] = [
  ["a long text", { text: NINE }, `${"nine char ".repeat(7).trim()}\n  nine char nine char\n`],
  ["what to do, and a URL", { text: "a", details: ["b", LONG_URL] }, `a\n  b\n  ${LONG_URL}\n`],
  [
    "a text and a body from outside",
    { text: `a\n${ESC}[31mb`, details: ["c\nd"], body: `{\n  "e": "${ESC}"\n}` },
    'a\\u000a\\u001b[31mb\n  c\\u000ad\n  {\n    "e": "\\u001b"\n  }\n',
  ],
];
for (const [what, message, expected] of forms) {
  test(`says ${what} after the time of day`, async () => {
    const stream = new PassThrough();
    const output = new Output(stream, false);
    output.say(message);
    await output.flush();
    stream.end();
    const said = await text(stream);
    assert.match(said, /^\d\d:\d\d:\d\d\s/);
    assert.equal(said.slice("HH:MM:SS ".length), expected);
  });
}
