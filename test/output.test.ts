/** An output: what a message looks like, and when its lines count as written. */
import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Output, type Message } from "../src/output.js";

const ESC = "\u001b";

/** Everything that an output has written by now, where a stream takes all. */
async function written(write: (output: Output) => void): Promise<string> {
  const stream = new PassThrough({ encoding: "utf8" });
  const output = new Output(stream, false);
  write(output);
  await output.flush();
  stream.end();
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** What is written of a message, without the time of day. */
async function shown(message: Message): Promise<string> {
  const text = await written((output) => output.say(message));
  assert.match(text, /^\d\d:\d\d:\d\d\s/);
  return text.slice("HH:MM:SS ".length);
}

const LONG_URL = `https://${"x".repeat(90)}/userCreated`;
const NINE = "nine char ".repeat(9).trim();
const forms: [what: string, message: Message, expected: string][] = [
  ["a text alone", { text: "Stopping." }, "Stopping.\n"],
  ["what to do", { text: "a", details: ["b", "c"] }, "a\n  b\n  c\n"],
  [
    "a long text and a long paragraph",
    { text: NINE, details: [NINE] },
    `${"nine char ".repeat(7).trim()}
  nine char nine char
  ${"nine char ".repeat(7)}nine
  char nine char
`,
  ],
  ["a URL to copy", { text: "a", details: [LONG_URL] }, `a\n  ${LONG_URL}\n`],
  [
    "a text from outside",
    { text: `a\n${ESC}[31mb`, details: ["c\nd"] },
    "a\\u000a\\u001b[31mb\n  c\\u000ad\n",
  ],
  [
    "a body",
    { text: "a", details: ["b"], body: `{\n  "c": "d${ESC}"\n}` },
    'a\n  b\n  {\n    "c": "d\\u001b"\n  }\n',
  ],
];
for (const [what, message, expected] of forms) {
  test(`says ${what} after the time of day`, async () => {
    assert.equal(await shown(message), expected);
  });
}

test("a text or a paragraph is cut at 400 characters, a body and a user's line are not", async () => {
  const long = "x".repeat(1_000);
  const said = await shown({ text: long, details: [long], body: long });
  const lengths = said.match(/\S+/g)?.map((word) => word.length);
  // The time of day is a part of the text, and a mark is put where it is cut.
  assert.deepEqual(lengths, [400 - "HH:MM:SS ".length + 1, 400 + 1, 1_000]);
  assert.equal(await written((output) => void output.print([long])), `${long}\n`);
});

test("each user has a line, which is safe to print", async () => {
  const text = await written((output) => void output.print(["one", `two\r${ESC}[2J\n`]));
  assert.equal(text, "one\ntwo\\u000d\\u001b[2J\\u000a\n");
});

/** A stream that writes nothing until it is told to. */
class Valve extends Writable {
  text = "";
  #release: ((error?: Error) => void) | undefined;

  override _writev(pieces: { chunk: unknown }[], done: (error?: Error | null) => void): void {
    this.#release = (error) => {
      if (error === undefined) this.text += pieces.map(({ chunk }) => String(chunk)).join("");
      done(error);
    };
  }

  /** Writes what has come so far, or fails to. */
  async release(error?: Error): Promise<void> {
    // What is written in groups has come by then.
    await nextTurn();
    this.#release?.(error);
    await nextTurn();
  }
}

/** Notes in a list that a promise has settled. */
function note(settled: string[], name: string, promise: Promise<void>): void {
  const push = () => void settled.push(name);
  promise.then(push, push);
}

test("what is printed or flushed counts only once it is written", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  const settled: string[] = [];
  note(settled, "first", output.print(["a"]));
  await nextTurn();
  note(settled, "second", output.print(["b"]));
  note(settled, "flushed", output.flush());
  await nextTurn();
  assert.deepEqual(settled, []);
  await valve.release();
  assert.deepEqual([settled, valve.text], [["first"], "a\n"]);
  await valve.release();
  assert.deepEqual([settled, valve.text], [["first", "second", "flushed"], "a\nb\n"]);
});

test("what cannot be written rejects with the error, and so does all that comes later", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  const first = output.print(["a"]);
  await nextTurn();
  const second = output.print(["b"]);
  const failures = [assert.rejects(first, /it is full/), assert.rejects(second, /it is full/)];
  await valve.release(new Error("it is full"));
  await Promise.all(failures);
  await assert.rejects(output.print(["c"]));
  output.say({ text: "d" });
  await output.flush();
  assert.equal(valve.text, "");
});

test("of a log that nobody reads some 1 MB waits; what is printed waits, too, and is kept", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  const line = "x".repeat(70);
  for (let said = 0; said < 50_000; said += 1) output.say({ text: line });
  assert.ok(valve.writableLength < 1_001_000, `${valve.writableLength} bytes wait`);
  const printed = output.print(["a"]);
  await valve.release();
  await printed;
  assert.match(valve.text, /\na\n$/);
});
