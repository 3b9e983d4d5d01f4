/** Repeats: what is remembered of earlier deliveries is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRepeatDetector } from "../../src/receiver/repeats.js";

test("the latest ones are remembered, and what came long before them is forgotten", () => {
  const isRepeat = createRepeatDetector(3);
  for (const eventId of ["a", "b", "c", "d", "e", "f", "g"]) assert.equal(isRepeat(eventId), false);
  assert.deepEqual(["e", "f", "g"].map(isRepeat), [true, true, true]);
  assert.equal(isRepeat("a"), false);
});

test("an eventId over 200 characters is not remembered", () => {
  const isRepeat = createRepeatDetector(10);
  const [longest, tooLong] = ["x".repeat(200), "x".repeat(201)];
  assert.deepEqual([longest, longest].map(isRepeat), [false, true]);
  assert.deepEqual([tooLong, tooLong].map(isRepeat), [false, false]);
});
