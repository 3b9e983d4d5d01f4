/** Okta's payload: what an author of an entry reads in an event, whatever came. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf } from "../../src/receiver/announcements.js";
import { readDelivery, type HookEvent } from "../../src/receiver/event-hook.js";
import { event, group, user } from "../support/okta.js";

/** Reads one event as it arrives, as JSON. */
function read(value: unknown): HookEvent {
  const body: unknown = JSON.parse(JSON.stringify({ data: { events: [value] } }));
  const [first] = readDelivery(body)?.events ?? [];
  assert.ok(first !== undefined);
  return first;
}

test("an event keeps what Okta says of it, in its order, and all else under raw", () => {
  const john = user("john.doe@example.com");
  const sent = event("user.lifecycle.create", {
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    outcome: { result: "DENY", reason: "Sign-on policy" },
    actor: user("admin@example.com"),
    target: [group(), john],
  });
  const { detailEntry: _, ...johnRead } = { ...john, name: "john.doe@example.com" };
  assert.deepEqual(read(sent), {
    eventType: "user.lifecycle.create",
    uuid: "6d4a8f9e-0000-4000-8000-000000000000",
    published: "2026-11-23T09:30:00.000Z",
    result: "DENY",
    reason: "Sign-on policy",
    hasSucceeded: false,
    actor: { ...johnRead, alternateId: "admin@example.com", name: "admin@example.com" },
    targets: [{ ...group(), name: "Everyone" }, johnRead],
    raw: sent,
  });
});

test("of an event of any other shape nothing is known, and its raw fields can be asked for", () => {
  const odd = { eventType: 7, uuid: [], outcome: "DENY", actor: null, target: { 0: {} } };
  for (const raw of [null, 7, "x", [], true, {}, odd]) {
    const { eventType, uuid, result, actor, targets, raw: kept } = read(raw);
    assert.deepEqual([eventType, uuid, result, actor, targets], [...Array(4), []]);
    assert.equal(kept.client?.ipAddress, undefined);
  }
});

test("a sentence can name another target of an event, and says so where there is none", () => {
  const nameless = { ...group(), displayName: " " };
  const second = { ...group(), displayName: "Second" };
  const event = read({ target: [user("john.doe@example.com"), nameless, group(), second] });
  assert.equal(nameOf(event, "UserGroup"), "Everyone");
  assert.equal(nameOf(event, "User"), "john.doe@example.com");
  assert.equal(nameOf(event, "AppInstance"), "(no AppInstance)");
});
