/** What is simulated is what Okta documents: every field of a System Log event, and its targets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "../../src/receiver/event-hook.js";
import { eventOf, previewSample } from "../../src/simulate/system-log.js";

const LOGIN = "jane.roe@example.com";

/** An event as JSON carries it, under the names that Okta documents. */
function sent(event: object): LogEvent {
  const carried: LogEvent = JSON.parse(JSON.stringify(event));
  return carried;
}

// From Okta's documentation of LogEvent, not from the code.
const FIELDS = `
  uuid published eventType version displayMessage severity client device actor outcome target
  transaction debugContext legacyEventType authenticationContext securityContext request
  insertionTimestamp`;

// As captures and other projects' fixtures show them.
const known: [eventTypes: string[], targets: string[]][] = [
  [["user.lifecycle.create", "user.account.lock"], ["User"]],
  [["user.session.start", "user.session.end"], []],
  [["group.user_membership.add"], ["User", "UserGroup"]],
  [["group.lifecycle.create", "group.profile.update"], ["UserGroup"]],
  [["application.user_membership.add"], ["AppUser", "AppInstance", "User"]],
  [["application.lifecycle.create"], ["AppInstance"]],
];
for (const [eventTypes, targets] of known) {
  test(`the targets of ${eventTypes.join(", ")}: ${targets.join(", ") || "none"}`, () => {
    for (const eventType of eventTypes) {
      const event = eventOf(eventType, LOGIN);
      assert.ok(event, eventType);
      assert.deepEqual(Object.keys(event), FIELDS.trim().split(/\s+/));
      const { eventType: type, target, outcome, actor, published } = sent(event);
      assert.deepEqual([type, outcome], [eventType, { result: "SUCCESS", reason: null }]);
      assert.equal(new Date(`${published}`).toISOString(), published);
      // Where Okta has no target, it says null.
      const types = target?.map((each) => each?.type) ?? null;
      assert.deepEqual(types, targets.length > 0 ? targets : null);
      for (const each of target ?? []) assert.ok(each?.id && each.alternateId && each.displayName);
      const about = targets.length > 0 ? target?.find((each) => each?.type === "User") : actor;
      if (about) assert.equal(about.alternateId, LOGIN);
    }
  });
}

test("of other types the targets are not known", () => {
  const unknown = ["policy.lifecycle.update", "user.session.clear", "user.mfa.x"];
  for (const eventType of [...unknown, "group.privilege.grant", "constructor.prototype"]) {
    assert.equal(eventOf(eventType, LOGIN), undefined, eventType);
  }
});

test("the preview's sample has neither target nor actor, and Success as its result", () => {
  const { eventType, outcome, target, actor } = sent(previewSample());
  assert.deepEqual([eventType, outcome?.result], ["user.lifecycle.create", "Success"]);
  assert.deepEqual([target, actor], [null, null]);
});
