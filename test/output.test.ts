/** An output: whole lines in groups, colour, and a log whose unread lines are dropped and counted. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Output, type Message } from "../src/output.js";

const ESC = "\u001b";

/** Everything that waits in a stream to be read. */
function read(stream: PassThrough): string {
  let text = "";
  // Each call may return one chunk only.
  for (let chunk: unknown; (chunk = stream.read()) !== null;) text += String(chunk);
  return text;
}

/** What an output writes of a message, without the time of day, which is checked. */
async function shown(message: Message, hasColor = false): Promise<string> {
  const stream = new PassThrough();
  const output = new Output(stream, hasColor);
  output.say(message);
  await output.flush();
  const text = read(stream);
  // On a terminal a colour begins before it.
  const time = /(?<=^(\u001b\[\d+m)?)\d\d:\d\d:\d\d /;
  assert.match(text, time);
  return text.replace(time, "");
}

const URL_TO_COPY = "https://example.ngrok-free.dev/userCreated";
const LONG_URL = `https://${"x".repeat(90)}/userCreated`;
const nine = "nine char ".repeat(9);
const forms: [what: string, message: Message, expected: string][] = [
  ["a text alone", { text: "Stopping." }, "Stopping.\n"],
  ["what to do", { text: "a", details: ["b", "c"] }, "a\n  b\n  c\n"],
  [
    "a long text",
    { text: nine.trim(), details: [nine.trim()] },
    `${"nine char ".repeat(7).trim()}\n  nine char nine char\n` +
      `  ${"nine char ".repeat(7)}nine\n  char nine char\n`,
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
    // Colour is for a terminal only.
    assert.equal(await shown({ ...message, color: "red" }), expected);
  });
}

test("a text or a paragraph is cut at 400 characters, a body and a user's line are not", async () => {
  const long = "word ".repeat(200);
  const kept = "word ".repeat(80);
  const said = await shown({ text: long, details: [long] });
  // The time of day is a part of the text.
  const [text, detail] = said.split(/…\n {2}(?=word)/);
  assert.equal(text?.replaceAll("\n  ", " "), kept.slice(0, 400 - "HH:MM:SS ".length));
  assert.equal(detail?.replaceAll("\n  ", " "), `${kept}…\n`);

  assert.equal(await shown({ text: "a", body: long }), `a\n  ${long}\n`);
  const stream = new PassThrough();
  await new Output(stream, false).print([long]);
  assert.equal(read(stream), `${long}\n`);
});

test("a terminal has what happened in colour, what to do plain, and a URL to copy bold", async () => {
  const details = ["b", URL_TO_COPY, `  ${URL_TO_COPY}`];
  const bold = (text: string) => `${ESC}[1m${text}${ESC}[22m`;
  const rest = `  b\n${bold(`  ${URL_TO_COPY}`)}\n${bold(`    ${URL_TO_COPY}`)}\n`;
  const cases = [
    [undefined, "a"],
    ["red", `${ESC}[31ma${ESC}[39m`],
    ["yellow", `${ESC}[33ma${ESC}[39m`],
  ] as const;
  for (const [color, text] of cases) {
    assert.equal(await shown({ text: "a", details, color }, true), `${text}\n${rest}`);
  }
});

test("users' lines stand out on a terminal, and are safe to print everywhere", async () => {
  const lines = ["one", `two\r${ESC}[2J`];
  for (const [hasColor, before, after] of [
    [false, "", ""],
    [true, `${ESC}[1m${ESC}[32m`, `${ESC}[39m${ESC}[22m`],
  ] as const) {
    const stream = new PassThrough();
    await new Output(stream, hasColor).print(lines);
    const expected = `${before}one${after}\n${before}two\\u000d\\u001b[2J${after}\n`;
    assert.equal(read(stream), expected);
  }
});

test("a text that is shown is left as it is", async () => {
  const stream = new PassThrough();
  const output = new Output(stream, true);
  output.show("a\n\n");
  output.show("b\n", "yellow");
  await output.flush();
  assert.equal(read(stream), `a\n\n${ESC}[33mb\n${ESC}[39m`);
});

test("the time of day is that of the message", async (t) => {
  const start = new Date(2026, 10, 26, 8, 59, 59, 700);
  t.mock.timers.enable({ apis: ["Date"], now: start });
  const stream = new PassThrough();
  const output = new Output(stream, false);
  for (const text of ["a", "b", "c"]) {
    output.say({ text });
    t.mock.timers.tick(200);
  }
  await output.flush();
  assert.equal(read(stream), "08:59:59 a\n08:59:59 b\n09:00:00 c\n");
});

/** A stream that takes one group of writes at a time, when it is told to. */
class Valve extends Writable {
  /** Each group that has come. */
  groups: string[] = [];
  #release: ((error?: Error) => void) | undefined;

  override _writev(pieces: { chunk: unknown }[], done: (error?: Error | null) => void): void {
    this.groups.push(pieces.map(({ chunk }) => String(chunk)).join(""));
    this.#release = done;
  }

  /** Lets go on what is held, with an error or without one. */
  release(error?: Error): void {
    this.#release?.(error);
  }
}

test("what is written in one turn of the event loop is one write", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  void output.print(["a"]);
  output.show("b\n");
  void output.print(["c", "d"]);
  assert.deepEqual(valve.groups, []);
  await nextTurn();
  assert.deepEqual(valve.groups, ["a\nb\nc\nd\n"]);
});

/** Whether a promise is settled, as far as it can be told by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => (settled = true);
  promise.then(settle, settle);
  await nextTurn();
  await nextTurn();
  return settled;
}

test("a user's line is printed only once it is written, and so is all that is flushed", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  const first = output.print(["a"]);
  await nextTurn();
  const second = output.print(["b"]);
  const flushed = output.flush();
  assert.equal(await isSettled(first), false);
  valve.release();
  await first;
  assert.equal(await isSettled(second), false);
  assert.equal(await isSettled(flushed), false);
  valve.release();
  await Promise.all([second, flushed]);
});

test("a line that cannot be written rejects with the error, and so does every later one", async () => {
  const valve = new Valve();
  const output = new Output(valve, false);
  const first = output.print(["a"]);
  await nextTurn();
  const second = output.print(["b"]);
  valve.release(new Error("it is full"));
  await assert.rejects(first, /it is full/);
  await assert.rejects(second, /it is full/);
  await assert.rejects(output.print(["c"]));
  await output.flush();
  output.say({ text: "d" });
  await output.flush();
  assert.deepEqual(valve.groups, ["a\n"]);
});

/** Says something until no more of it is taken; returns how often. */
function overfill(log: Output, valve: Valve, message: Message): number {
  let said = 0;
  for (let before = -1; before !== valve.writableLength; said += 1) {
    before = valve.writableLength;
    assert.ok(before < 2_000_000, "there must be a limit");
    log.say(message);
  }
  return said;
}

test("of a log that nobody reads 1 MB waits, and the lines that are dropped are counted", async () => {
  const valve = new Valve();
  const log = new Output(valve, false);
  const message = { text: "x".repeat(60), details: ["y".repeat(60)] };
  const said = overfill(log, valve, message) + 1_000;
  for (let more = 0; more < 1_000; more += 1) log.say(message);
  const waiting = valve.writableLength;
  assert.ok(waiting > 1_000_000 && waiting < 1_000_200, `${waiting} bytes wait`);

  await nextTurn();
  const drained = once(valve, "drain");
  valve.release();
  await drained;
  await nextTurn();
  valve.release();
  const [taken = "", note = "", ...others] = valve.groups;
  assert.deepEqual(others, []);
  const dropped = 2 * said - (taken.split("\n").length - 1);
  const text = `${dropped} lines of this log were dropped: nobody read them in time.`;
  assert.equal(note.slice(9), `${text}\n`);

  log.say({ text: "a" });
  await nextTurn();
  assert.equal(valve.groups.at(-1)?.slice(9), "a\n", "from then on nothing is dropped");
  valve.release();
  await nextTurn();
  assert.equal(valve.groups.length, 3, "and the number is told once");
});

test("on a stream that both share, users' lines wait, and are never dropped", async () => {
  const valve = new Valve();
  const log = new Output(valve, false);
  const users = new Output(valve, false);
  overfill(log, valve, { text: "x".repeat(60) });
  const printed = users.print(["a"]);
  assert.equal(await isSettled(printed), false);
  valve.release();
  await printed;
  assert.match(valve.groups.join(""), /^a\n/m);
});

test("a closed stream ends nothing, and keeps nothing of the log", async () => {
  const stream = new PassThrough();
  const output = new Output(stream, false);
  stream.destroy();
  await once(stream, "close");
  for (let said = 0; said < 100; said += 1) output.say({ text: "x".repeat(60) });
  await output.flush();
  assert.equal(stream.writableLength, 0);
  await assert.rejects(output.print(["a"]), { code: "ERR_STREAM_DESTROYED" });
});
