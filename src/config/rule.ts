/** Reads `rules`: the conditions that raise an alert, and the notifiers that get it. */

import { type Fields, isObject } from "../domain/input/fields.ts";
import { actionFields } from "../domain/rule/define-action.ts";
import { conditionFields, defineRule } from "../domain/rule/define.ts";
import type { RuleNames } from "../domain/rule/rule-names.ts";
import type { Rule } from "../domain/rule/rule.ts";
import type { Faults } from "./fault.ts";
import { readList } from "./list.ts";

/** Errors are added to `faults`. */
export function readRules(
  fields: Fields,
  { faults, ...names }: RuleNames & { readonly faults: Faults },
): readonly Rule[] {
  const list = fields.values.get("rules");
  const inputs: readonly unknown[] = Array.isArray(list) ? list : [];
  return readList(fields, faults, {
    section: "rules",
    item: "rule",
    idField: "rule_id",
    idOf: ({ ruleId }) => ruleId,
    standIns: (index) => ({ rule_id: `rule-${index}`, when: "unpriced_model" }),
    read: (input, prefix) => defineRule(judgeable(input, inputs, prefix), { prefix, ...names }),
  });
}

/**
 * Leaves out what depends on a condition or an action that is wrong: whether it is right is known
 * once they are.
 */
function judgeable(input: unknown, written: readonly unknown[], prefix: string): unknown {
  const own = written[Number(/\d+/.exec(prefix)?.[0])];
  if (!isObject(input) || !isObject(own)) return input;
  const isOther = (name: string): boolean => (own[name] ?? null) !== (input[name] ?? null);
  const dependent = [
    ...(isOther("when") ? [...conditionFields, ...actionFields] : []),
    ...(isOther("action") ? actionFields : []),
  ];
  return Object.fromEntries(Object.entries(input).filter(([name]) => !dependent.includes(name)));
}
