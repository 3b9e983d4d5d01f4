/** The receiver's lines on stderr: the one place that knows how a line for a request is built. */
import assert from "node:assert/strict";
import type { Transcript } from "./transcript.js";

/** What a line says of its request, and what is indented under it. */
export interface RequestLine {
  /** "-" for what did not become a request. */
  method: string;
  path: string;
  /** The status of the answer; undefined when there was none. */
  status: number | undefined;
  /** What it means. */
  text: string;
  /** What is indented under it, each line without its indent. */
  details: string[];
}

const FORMS = [
  /^\d\d:\d\d:\d\d (?<method>[A-Z-]+) (?<path>\S+) (?<status>\d{3}) \d+\.\d ms: (?<text>.+)$/,
  /^\d\d:\d\d:\d\d (?<method>[A-Z-]+) (?<path>\S+): (?<text>.+)$/,
  /^\d\d:\d\d:\d\d No request, (?<status>\d{3}): (?<text>.+)$/,
];

/** Reads one line and what is indented under it; fails when they are anything else. */
export function parseRequestLine(block: string): RequestLine {
  const [first = "", ...rest] = block.replace(/\n$/, "").split("\n");
  const details = rest.map((line) => {
    assert.match(line, /^ {2}/, `not indented: ${JSON.stringify(block)}`);
    return line.slice(2);
  });
  let head = first;
  let groups = parseHead(head);
  // A long path breaks the line before its status.
  while (groups === undefined && details.length > 0) {
    head = `${head} ${details.shift()}`;
    groups = parseHead(head);
  }
  assert.ok(groups, `no line for a request: ${JSON.stringify(block)}`);
  const { method = "-", path = "-", status, text = "" } = groups;
  return { method, path, status: status === undefined ? undefined : Number(status), text, details };
}

const parseHead = (head: string) => FORMS.map((form) => form.exec(head)?.groups).find(Boolean);

/** Resolves to the next line for a request from an offset of the transcript on. */
export async function nextRequestLine(stderr: Transcript, from: number): Promise<RequestLine> {
  // A line and its details are one write, and so arrive together.
  await stderr.until(/\n$/, from);
  return parseRequestLine(stderr.text.slice(from));
}
