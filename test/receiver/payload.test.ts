/** A delivery's body as a person reads it: indented JSON, or as it came, and never without end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPayload } from "../../src/receiver/payload.js";

const KB = 1024;
const format = (text: string) => formatPayload(Buffer.from(text));
const cutOf = (bytes: number) => new RegExp(`\\n… cut here: the body has ${bytes} bytes$`);

const cases: [what: string, body: string | Buffer, shown: string][] = [
  [
    "JSON, indented",
    '{"a":[1,{"b":null}]}',
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}',
  ],
  ["JSON behind a byte order mark", '\ufeff{"a":1}', '{\n  "a": 1\n}'],
  ["text that is no JSON, as it came", 'a="b"\r\n {"data":', 'a="b"\r\n {"data":'],
  ["nothing", "", ""],
  [
    "bytes that are no UTF-8, with a mark for each",
    Buffer.from([0x61, 0xff, 0xfe]),
    "a\ufffd\ufffd",
  ],
];
for (const [what, body, shown] of cases) {
  test(`shows ${what}`, () => {
    assert.equal(formatPayload(Buffer.from(body)), shown);
  });
}

test("64 kB are shown whole, and of more the first 64 kB, which is said", () => {
  const whole = "x".repeat(64 * KB);
  assert.equal(format(whole), whole);
  const shown = format(`${whole}y`);
  assert.match(shown, cutOf(64 * KB + 1));
  assert.ok(shown.startsWith(`${whole}\n`));
});

test("of a large JSON its beginning is shown as it came", () => {
  const text = JSON.stringify({ data: { events: [{ id: "x".repeat(70_000) }] } });
  const shown = formatPayload(Buffer.from(text));
  assert.ok(shown.startsWith(text.slice(0, 60_000)));
  assert.ok(shown.endsWith(`\n… cut here: the body has ${text.length} bytes`));
});

for (const levels of [100, 1_000, 4_000, 10_000, 30_000, 200_000]) {
  test(`JSON nested ${levels} levels deep is shown, and no flood of blanks with it`, () => {
    const body = "[".repeat(levels) + "]".repeat(levels);
    const shown = format(body);
    assert.match(shown, /^\[\s*\[/);
    assert.ok(shown.length <= 10 * body.length, `${shown.length} characters`);
    assert.ok(body.length <= 64 * KB || shown.length < 65 * KB, `${shown.length} characters`);
  });
}
