/** Tests which notifiers of rules are missing, and who gets their alerts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../domain/event/event.ts";
import { isFor } from "../../domain/event/selection.ts";
import { lostNotifiers } from "./manage.ts";

const escalate = { afterMs: 1, notify: ["pager"] };

test("a rule that names a notifier which is not configured is reported", () => {
  const rules = [
    { ruleId: "fine", notify: ["chat"], escalate: null },
    { ruleId: "all", notify: null, escalate: { afterMs: 1, notify: null } },
    { ruleId: "lost", notify: ["ops"], escalate },
    { ruleId: "half", notify: ["ops", "chat"], escalate: null },
  ];
  assert.deepEqual(lostNotifiers(rules, ["chat"]), [
    'rule lost names notifier "ops", which is not configured; its alerts go to all notifiers',
    'rule lost names notifier "pager", which is not configured; its alerts go to all notifiers',
    'rule half names notifier "ops", which is not configured; its alerts go to the others that it names',
  ]);
  assert.match(lostNotifiers(rules, []).join(), /rule fine names .*; its alerts go to no one/);
});

test("an alert goes to the notifiers that its rule names, and to all if none of them is left", () => {
  const about = { kind: "rule", attribution: {}, budgetId: null } as const;
  const event = (notify: readonly string[] | null): Event => ({
    type: "rule.fired",
    at: 1,
    subject: "r",
    about: { ...about, notify },
    data: {},
    position: { seq: 1, index: 0 },
  });
  const receivers = (notify: readonly string[] | null): readonly string[] => {
    const configured = ["chat", "pager"];
    const selection = { types: ["budget.*"] };
    return configured.filter((name) => isFor({ name, configured }, selection, event(notify)));
  };
  assert.deepEqual(receivers(["pager"]), ["pager"]);
  assert.deepEqual(receivers(["ops", "pager"]), ["pager"]);
  assert.deepEqual(receivers(["ops"]), ["chat", "pager"]);
  assert.deepEqual(receivers(null), ["chat", "pager"]);
});
