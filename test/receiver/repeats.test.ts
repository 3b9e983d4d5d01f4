/** Repeats: a delivery is told apart from those before, and what is remembered is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRepeatDetector } from "../../src/receiver/repeats.js";

test("only what came before is a repeat, however often it comes", () => {
  const isRepeat = createRepeatDetector(10);
  const answers = ["a", "b", "a", "A", "a", "b"].map((eventId) => isRepeat(eventId));
  assert.deepEqual(answers, [false, false, true, false, true, true]);
});

test("the latest ones are remembered, up to the limit, and the oldest is forgotten", () => {
  const isRepeat = createRepeatDetector(3);
  for (const eventId of ["a", "b", "c"]) assert.equal(isRepeat(eventId), false);
  assert.equal(isRepeat("a"), true, "three are remembered");
  assert.equal(isRepeat("d"), false);
  for (const eventId of ["b", "c", "d"]) assert.equal(isRepeat(eventId), true);
  assert.equal(isRepeat("a"), false, "the fourth took the place of the first");
});

test("one detector knows nothing of another's", () => {
  const [one, other] = [createRepeatDetector(1), createRepeatDetector(1)];
  assert.equal(one("a"), false);
  assert.equal(other("a"), false);
});
