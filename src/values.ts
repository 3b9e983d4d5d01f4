/** Values of any shape, made safe to read, and the result of a reading that may fail. */

/** What was read, or everything that is wrong with it, each with what to do about it. */
export type Result<Value> = { value: Value } | { problems: string[] };

/** The fields of a value of any shape; none when it is not an object. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A text that is more than blanks; undefined for every other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
