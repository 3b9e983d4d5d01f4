/** The receiver's lines on stderr: the one place that knows how a line for a request is built. */
import assert from "node:assert/strict";
import type { App } from "./app.js";
import { send, type Request } from "./http.js";
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
  /** All that is said behind the status, however it was broken into lines. */
  told: string;
}

// A long path breaks the line before its status.
const FORM =
  /^\d\d:\d\d:\d\d (?:No request,|(?<method>[A-Z]+)\s+(?<path>\S+))(?:\s+(?<status>\d{3})(?:\s+\d+\.\d ms)?)?:\s+(?<text>.+)\n(?<indented>(?: {2}.*\n)*)$/;

/** Resolves to the next line for a request from an offset on; fails when anything else is said. */
export async function nextRequestLine(stderr: Transcript, from: number): Promise<RequestLine> {
  // A line and its details are one write, and so arrive together.
  await stderr.until(/\n$/, from);
  const said = stderr.text.slice(from);
  const groups = FORM.exec(said)?.groups;
  assert.ok(groups, `no line for a request: ${JSON.stringify(said)}`);
  const { method = "-", path = "-", status, text = "", indented = "" } = groups;
  const details = indented
    .split("\n")
    .slice(0, -1)
    .map((line) => line.slice(2));
  const told = [text, ...details].join(" ");
  const answered = status === undefined ? undefined : Number(status);
  return { method, path, status: answered, text, details, told };
}

/** Sends a request; resolves to its answer, the users' lines that it made, its own line, and all that was said. */
export async function ask({ url, stderr, users }: App, request: Request = {}, path?: string) {
  const before = { users: users().length, said: stderr.text.length };
  const target = path === undefined ? url : new URL(url).origin + path;
  const [answer, line] = await Promise.all([
    send(target, request),
    nextRequestLine(stderr, before.said),
  ]);
  return { ...answer, line, users: users(before.users), said: stderr.text.slice(before.said) };
}
