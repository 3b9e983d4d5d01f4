/** Standard output and error: whole lines, grouped writes, colour, and a log that nobody reads. */
import { fstatSync, ftruncateSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import { styleText } from "node:util";
import { cut, printable, wrap } from "./text.js";

/** What happened, and what to know or to do about it. Any text: it is made safe to print here. */
export interface Message {
  /** What happened, in one line. */
  text: string;
  /** What to do about it: paragraphs, indented under the text. A URL alone is one to copy. */
  details?: string[];
  /** For what needs attention: yellow for a warning, red for a refusal or a loss. */
  color?: "yellow" | "red" | undefined;
  /** A text that is shown line by line as it is, under the details. */
  body?: string | undefined;
}

/** The two standard streams of a process. */
export interface Outputs {
  /** Standard output, for the lines that the table of announcements makes. */
  users: Output;
  /** Standard error, for everything else. */
  log: Output;
}

/** How much of a text or a paragraph is printed, in characters. */
const TEXT_LIMIT = 400;

/** How much of the log may wait for a reader, in bytes. What comes then is dropped. */
const LOG_LIMIT = 1_000_000;

const URL_TO_COPY = /^ *https?:\/\/\S+$/;

/** Opens the standard streams of this process. */
export function openOutputs({ stdout, stderr, env }: NodeJS.Process): Outputs {
  const usersStream = toStream(stdout);
  // Two queues on one pipe, file or terminal would cut each other's lines.
  const logStream = isSameTarget(stdout.fd, stderr.fd) ? usersStream : toStream(stderr);
  return {
    users: new Output(usersStream, hasColor(stdout, env)),
    log: new Output(logStream, hasColor(stderr, env)),
  };
}

/** A stream for lines: of one process's standard streams, or any other. */
export class Output {
  readonly #stream: Writable;
  readonly #hasColor: boolean;
  #droppedLines = 0;
  #second = NaN;
  #time = "";

  /** @param hasColor whether the stream is a terminal that shows colours */
  constructor(stream: Writable, hasColor: boolean) {
    this.#stream = stream;
    this.#hasColor = hasColor;
    // Each write reports its own error; an unhandled one would end the process.
    stream.on("error", () => {});
    stream.on("drain", () => this.#tellDropped());
  }

  /** Prints lines that stand out. Resolves once they are written; rejects with the error. */
  print(lines: string[]): Promise<void> {
    const painted = lines.map((line) => this.#paint(["bold", "green"], printable(line)));
    return new Promise((resolve, reject) => {
      this.#append(`${painted.join("\n")}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Shows a text as it is, without the time of day. */
  show(text: string, color?: Message["color"]): void {
    this.#append(color === undefined ? text : this.#paint(color, text));
  }

  /** Resolves once all that was appended is written, or has failed. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#append("", () => resolve()));
  }

  /** Says what happened, after the time of day. It is lost where nobody reads the stream. */
  say(message: Message): void {
    const text = this.#format(message);
    if (this.#stream.writableLength > LOG_LIMIT) {
      this.#droppedLines += text.split("\n").length - 1;
      return;
    }
    this.#append(text);
  }

  #tellDropped(): void {
    if (this.#droppedLines === 0) return;
    const text = `${this.#droppedLines} lines of this log were dropped: nobody read them in time.`;
    this.#droppedLines = 0;
    this.say({ text, color: "yellow" });
  }

  /** What is appended in one turn of the event loop is one write: that saves 12 % of the time. */
  #append(text: string, onWritten: (error?: Error | null) => void = () => {}): void {
    if (this.#stream.writableCorked === 0) {
      this.#stream.cork();
      setImmediate(() => this.#stream.uncork());
    }
    this.#stream.write(text, onWritten);
  }

  #format({ text, details = [], color, body }: Message): string {
    const head = indent(`${this.#timeOfDay()} ${text}`).slice(2);
    const lines = [color === undefined ? head : this.#paint(color, head)];
    for (const detail of details) {
      const paragraph = indent(detail);
      lines.push(URL_TO_COPY.test(detail) ? this.#paint("bold", paragraph) : paragraph);
    }
    for (const line of body?.split("\n") ?? []) lines.push(`  ${printable(line)}`);
    return `${lines.join("\n")}\n`;
  }

  /** HH:MM:SS, made anew each second: to make it for each line takes 4 % of a delivery's time. */
  #timeOfDay(): string {
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = new Date(now).toTimeString().slice(0, 8);
    }
    return this.#time;
  }

  #paint(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#hasColor ? styleText(format, text, { validateStream: false }) : text;
  }
}

const indent = (text: string) => wrap(printable(cut(text, TEXT_LIMIT)));

/** NO_COLOR counts when it is not empty (https://no-color.org), and before FORCE_COLOR. */
function hasColor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, ...others } = env;
  return stream.isTTY && !NO_COLOR && stream.hasColors(others);
}

/** Whether two descriptors are the same pipe, file or terminal. */
function isSameTarget(one: number, other: number): boolean {
  const { dev, ino } = fstatSync(one);
  const second = fstatSync(other);
  // On Windows pipes and consoles have no number.
  return ino !== 0 && dev === second.dev && ino === second.ino;
}

/** A file's own stream does not notice a write that a full disk cuts short. */
function toStream(stream: Writable & { fd: number }): Writable {
  return stream instanceof Socket ? stream : createFileStream(stream.fd);
}

function createFileStream(fd: number): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      done(appendWhole(fd, text));
    },
    writev(pieces, done) {
      const texts = pieces.map(({ chunk }: { chunk: string }) => chunk);
      done(appendWhole(fd, texts.join("")));
    },
  });
}

/** Writes all of a group of lines, or nothing: whoever writes next must not continue half a line. */
function appendWhole(fd: number, text: string): Error | null {
  const bytes = Buffer.from(text);
  const start = fstatSync(fd).size;
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    return null;
  } catch (error) {
    takeBack(fd, start, written);
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Takes back what was written last, unless somebody else wrote behind it. */
function takeBack(fd: number, start: number, written: number): void {
  const file = fstatSync(fd);
  if (file.isFile() && file.size === start + written) ftruncateSync(fd, start);
}
