/** Standard output and error: whole lines, grouped writes, colour, and a log that nobody reads. */
import { fstatSync, ftruncateSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import { WriteStream } from "node:tty";
import { styleText } from "node:util";
import { cut, printable, quantity, wrap } from "./text.js";

/** What happened, and what to know or to do about it. Any text: it is made safe to print here. */
export interface Message {
  /** What happened, in one line. */
  text: string;
  /** What to do about it: paragraphs, indented under the text. A URL alone is one to copy. */
  details?: string[];
  /** For what needs attention: yellow for a warning, red for a refusal or a loss. */
  color?: "yellow" | "red" | undefined;
  /** A text that is shown line by line, neither cut nor broken, under the details. */
  body?: string | undefined;
}

/** The two standard streams of a process. */
export interface Outputs {
  /** For the lines that the table of announcements makes. */
  stdout: Output;
  /** For everything else. */
  stderr: Output;
}

/** How much of a text or a paragraph is printed, in characters. */
const TEXT_LIMIT = 400;

/** How much of the log may wait for a reader, in bytes. What comes then is dropped. */
const LOG_LIMIT = 1_000_000;

const URL_TO_COPY = /^ *https?:\/\/\S+$/;

/** Opens the standard streams of this process. */
export function openOutputs({ stdout, stderr, env }: NodeJS.Process): Outputs {
  const first = openStream(stdout, false);
  // Two queues on one pipe, file or terminal would cut each other's lines.
  const isShared = isSameTarget(stdout.fd, stderr.fd);
  const second = isShared ? first : openStream(stderr, true);
  return {
    stdout: new Output(first, hasColor(stdout, env)),
    stderr: new Output(second, hasColor(stderr, env)),
  };
}

/** A stream for lines: of one process's standard streams, or any other. */
export class Output {
  readonly #stream: Writable;
  readonly #hasColor: boolean;
  #droppedLines = 0;

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
      this.#write(`${painted.join("\n")}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Shows a text as it is, without the time of day. */
  show(text: string, color?: Message["color"]): void {
    this.#write(this.#paint(color, text));
  }

  /** Says what happened, after the time of day. It is lost where nobody reads the stream. */
  say(message: Message): void {
    const text = this.#format(message);
    if (this.#stream.writableLength > LOG_LIMIT) {
      this.#droppedLines += text.split("\n").length - 1;
      return;
    }
    this.#write(text);
  }

  /** Resolves once all that was said and printed before is written, or has failed. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#write("", () => resolve()));
  }

  #tellDropped(): void {
    if (this.#droppedLines === 0) return;
    const lines = quantity(this.#droppedLines, "line");
    this.#droppedLines = 0;
    this.say({ text: `Dropped ${lines} of this log: nobody read it in time.`, color: "yellow" });
  }

  /** Groups what is written in one turn of the event loop: a write takes longer than a delivery. */
  #write(text: string, onWritten: (error?: Error | null) => void = () => {}): void {
    if (this.#stream.writableCorked === 0) {
      this.#stream.cork();
      setImmediate(() => this.#stream.uncork());
    }
    this.#stream.write(text, onWritten);
  }

  #format({ text, details = [], color, body }: Message): string {
    const timeOfDay = new Date().toTimeString().slice(0, 8);
    const lines = [this.#paint(color, safeLines(`${timeOfDay} ${text}`))];
    for (const detail of details) {
      const style = URL_TO_COPY.test(detail) ? "bold" : undefined;
      lines.push(this.#paint(style, safeLines(`  ${detail}`)));
    }
    for (const line of body?.split("\n") ?? []) {
      lines.push(`  ${printable(line)}`);
    }
    return `${lines.join("\n")}\n`;
  }

  #paint(style: Parameters<typeof styleText>[0] | undefined, text: string): string {
    if (style === undefined || !this.#hasColor) return text;
    return styleText(style, text, { validateStream: false });
  }
}

const safeLines = (text: string) => wrap(printable(cut(text, TEXT_LIMIT)));

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

function openStream(stream: Writable & { fd: number }, isLog: boolean): Writable {
  if (stream instanceof WriteStream) return stream;
  // A file's own stream does not notice a write that a full disk cuts short.
  if (!(stream instanceof Socket)) return createFileStream(stream.fd, isLog);
  // A pipe is opened again: tsx's compiler may leave it blocking, and then the whole receiver waits
  // for a reader.
  return new Socket({ fd: stream.fd, readable: false, writable: true });
}

/**
 * A stream that writes each group of lines whole, or nothing of it.
 *
 * @param isLog whether errors are kept from the stream: an error would end it, and a log has to go
 * on when its disk has room again
 */
function createFileStream(fd: number, isLog: boolean): Writable {
  return new Writable({
    decodeStrings: false,
    writev: (pieces, done) => {
      const text = pieces.map(({ chunk }) => String(chunk)).join("");
      const error = appendWhole(fd, text);
      done(isLog ? null : error);
    },
  });
}

function appendWhole(fd: number, text: string): Error | null {
  const bytes = Buffer.from(text);
  const { size: start } = fstatSync(fd);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    return null;
  } catch (error) {
    // A part is taken back, unless somebody else wrote behind it: no line is left half.
    const isLast = fstatSync(fd).size === start + written;
    if (written > 0 && isLast) ftruncateSync(fd, start);
    return error instanceof Error ? error : new Error(`${error}`);
  }
}
