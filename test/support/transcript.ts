/** Reading lines: everything that a stream has said, and a wait for what it has yet to say. */
import type { Readable } from "node:stream";

/** What a test is as far as the helpers mind: something that ends. */
export interface Ends {
  after(end: () => void | Promise<void>): void;
}

/** How long a test waits for what must come: far longer than any busy machine takes. */
const LIMIT_MS = 120_000;

export class Transcript {
  text = "";
  #closed = false;
  #wake = new Set<() => void>();

  constructor(stream: Readable | null) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      this.text += chunk;
      for (const wake of this.#wake) wake();
    });
    stream?.on("close", () => {
      this.#closed = true;
      for (const wake of this.#wake) wake();
    });
  }

  /** Resolves to the first match from an offset on. Rejects, with the text, when none comes. */
  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const match = pattern.exec(this.text.slice(from));
      if (match) return match;
      if (this.#closed || limit.aborted) {
        const text = JSON.stringify(this.text.slice(from).slice(-2_000));
        throw new Error(`${String(pattern)} is not at the end of: ${text}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wake.delete(wake);
          limit.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake.add(wake);
        limit.addEventListener("abort", wake);
      });
    }
  }
}
