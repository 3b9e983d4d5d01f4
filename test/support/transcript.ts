/** Reading lines: everything that a stream has said, and a wait for what it has yet to say. */
import { EventEmitter, once, setMaxListeners } from "node:events";
import type { Readable } from "node:stream";

/** What a test is as far as the helpers mind: something that ends. */
export interface Ends {
  after(end: () => void | Promise<void>): void;
}

/** How long a test waits for what must come: far longer than any busy machine takes. */
const LIMIT_MS = 120_000;

export class Transcript {
  text = "";
  #isClosed = false;
  #changes = new EventEmitter();

  constructor(stream: Readable | null) {
    setMaxListeners(0, this.#changes);
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      this.text += chunk;
      this.#changes.emit("change");
    });
    stream?.on("close", () => {
      this.#isClosed = true;
      this.#changes.emit("change");
    });
  }

  /** Resolves to the first match from an offset on. Rejects, with the text, when none comes. */
  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const match = pattern.exec(this.text.slice(from));
      if (match) return match;
      if (this.#isClosed || limit.aborted) {
        const text = JSON.stringify(this.text.slice(from).slice(-2_000));
        throw new Error(`${String(pattern)} is not at the end of: ${text}`);
      }
      // When it takes too long, the text is told.
      await once(this.#changes, "change", { signal: limit }).catch(() => {});
    }
  }
}
