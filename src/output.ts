/** The standard streams: grouped writes, the time of day, and colour. */
import { writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { styleText } from "node:util";
import { indent, printable } from "./text.js";

/** What happened, and what to know or to do about it. */
export interface Message {
  /** What happened, in one line. */
  text: string;
  /** What to do about it: paragraphs, indented under the text. */
  details?: string[];
  /** For what needs attention: yellow for a warning, red for a refusal or a loss. */
  color?: "yellow" | "red" | undefined;
}

type StandardStream = NodeJS.WriteStream & { fd: number };

/** Stdout or stderr. */
export class Output {
  readonly #stream: StandardStream;
  readonly #hasColor: boolean;
  #waiting = "";
  #group: Promise<void> | undefined;
  #latest = Promise.resolve();

  /** @param noColor whether NO_COLOR is set (https://no-color.org) */
  constructor(stream: StandardStream, noColor: boolean) {
    this.#stream = stream;
    this.#hasColor = stream.isTTY && !noColor && stream.hasColors();
    // Each write reports its own error; an unhandled one would end the process.
    stream.on("error", () => {});
  }

  /** The text in a format of `util.styleText`; unchanged where no colour is wanted. */
  paint(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#hasColor ? styleText(format, text, { validateStream: false }) : text;
  }

  /** The message as lines that are safe to print. The first begins with the time of day. */
  format({ text, details = [], color }: Message): string {
    const time = new Date().toTimeString().slice(0, 8);
    const line = `${time} ${printable(text, 400)}`;
    const head = color === undefined ? line : this.paint(color, line);
    return [head, ...details.map(indent), ""].join("\n");
  }

  /**
   * Resolves once the text is written; rejects with the stream's error. What is written in one
   * turn of the event loop, or while a write is under way, is one write: a system call for each
   * delivery would cost more than the delivery itself. Once a write has failed, none follows: it
   * might continue half a line.
   */
  write(text: string): Promise<void> {
    this.#waiting += text;
    if (this.#group === undefined) {
      const turn = this.#latest.then(nextTurn);
      this.#group = turn.then(() => writeWhole(this.#stream, this.#take()));
      // Not every writer waits for the end. What a failure leaves unwritten is dropped.
      this.#group.catch(() => this.#take());
      this.#latest = this.#group;
    }
    return this.#group;
  }

  /** Takes what waits: the next text begins another group. */
  #take(): string {
    const text = this.#waiting;
    this.#waiting = "";
    this.#group = undefined;
    return text;
  }
}

async function writeWhole(stream: StandardStream, text: string): Promise<void> {
  const { fd } = stream;
  if (!(stream instanceof Socket)) {
    // A file's stream does not notice a write that a full disk cuts short.
    writeFileSync(fd, text);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
