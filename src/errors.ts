/** What code threw, in lines for the console: the message, and where in this project it happened. */
import { fileURLToPath } from "node:url";

const PROJECT_URL = new URL("..", import.meta.url).href;
const PROJECT = fileURLToPath(PROJECT_URL);

/** A frame of the stack that lies outside of this project. */
const FOREIGN_FRAME = /^ +at .*(node_modules|node:|\(<anonymous>\))/;

/** Explains whatever was thrown. It may be no Error, and fail in its turn when it is looked at. */
export function explainError(error: unknown): string[] {
  try {
    if (!(error instanceof Error)) return [`${error} was thrown, which is no Error`];
    const stack = `${error.stack ?? error}`.replaceAll(PROJECT_URL, "").replaceAll(PROJECT, "");
    const lines = stack.split("\n").filter((line) => !FOREIGN_FRAME.test(line));
    if (error.cause !== undefined) lines.push(`because of ${error.cause}`);
    return lines.map((line) => line.replace(/^ +at /, "  at "));
  } catch {
    return ["what was thrown cannot be shown: throw an Error"];
  }
}
