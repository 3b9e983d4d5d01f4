/** The receiver's lines on stderr: the one place that knows how a line for a request is built. */
import assert from "node:assert/strict";
import type { Transcript } from "./process.js";

/** What a line says of its request, and what is indented under it. */
export interface RequestLine {
  method: string;
  path: string;
  /** The status of the answer; undefined when there was none. */
  status: number | undefined;
  /** What it means. */
  text: string;
  /** What is indented under it, each line without its indent. */
  details: string[];
}

const ANSWERED =
  /^\d\d:\d\d:\d\d (?<method>\S+) (?<path>\S+) (?<status>\d{3})(?: \d+\.\d ms)?: (?<text>.+)$/;
const UNANSWERED = /^\d\d:\d\d:\d\d (?<method>\S+) (?<path>\S+): (?<text>.+)$/;

/** Reads one line and what is indented under it; fails when they are anything else. */
export function parseRequestLine(block: string): RequestLine {
  const [first = "", ...rest] = block.replace(/\n$/, "").split("\n");
  const groups = (ANSWERED.exec(first) ?? UNANSWERED.exec(first))?.groups;
  assert.ok(groups, `no line for a request: ${JSON.stringify(block)}`);
  const details = rest.map((line) => {
    assert.match(line, /^ {2}\S/, `not indented: ${JSON.stringify(block)}`);
    return line.slice(2);
  });
  const { method = "", path = "", status, text = "" } = groups;
  return { method, path, status: status === undefined ? undefined : Number(status), text, details };
}

/** Resolves to the next line for a request from an offset of the transcript on. */
export async function nextRequestLine(stderr: Transcript, from: number): Promise<RequestLine> {
  // A line and its details are one write, and so arrive together.
  await stderr.until(/\n$/, from);
  return parseRequestLine(stderr.text.slice(from));
}
