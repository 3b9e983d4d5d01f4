/** Standard streams: many small writes become few, and each still hears how it ended. */
import { writeFileSync } from "node:fs";
import { Socket } from "node:net";

export type Done = (error?: unknown) => void;
export type Write = (text: string, done?: Done) => void;

/**
 * Takes stdout or stderr. Returns a write to it by group commit: what comes in during one turn of the
 * event loop, or while a write is under way, is written together, and its end reported to each.
 */
export function groupedWrite(stream: NodeJS.WriteStream & { fd: number }): Write {
  const { fd } = stream;
  let waiting: { text: string; done: Done | undefined }[] = [];
  let underWay = false;
  stream.on("error", () => {}); // Every write reports its own.

  const flush = () => {
    const group = waiting;
    waiting = [];
    const text = group.map((write) => write.text).join("");
    const finish = (error?: unknown) => {
      underWay = waiting.length > 0;
      if (underWay) setImmediate(flush);
      for (const { done } of group) done?.(error);
    };
    if (stream instanceof Socket) return void stream.write(text, finish);
    // A file's stream does not notice when the disk is full; this does.
    let failure: unknown;
    try {
      writeFileSync(fd, text);
    } catch (error) {
      failure = error;
    }
    finish(failure);
  };
  return (text, done) => {
    waiting.push({ text, done });
    if (!underWay) setImmediate(flush);
    underWay = true;
  };
}
