/** Reads `rules`: the conditions that raise an alert, and the notifiers that get it. */

import type { Fields } from "../domain/input/fields.ts";
import { defineRule } from "../domain/rule/define.ts";
import type { RuleNames } from "../domain/rule/rule-names.ts";
import type { Rule } from "../domain/rule/rule.ts";
import type { Faults } from "./fault.ts";
import { readList } from "./list.ts";

/** Errors are added to `faults`. */
export function readRules(
  fields: Fields,
  { faults, ...names }: RuleNames & { readonly faults: Faults },
): readonly Rule[] {
  return readList(fields, faults, {
    section: "rules",
    item: "rule",
    idField: "rule_id",
    idOf: ({ ruleId }) => ruleId,
    standIns: (index) => ({ rule_id: `rule-${index}`, when: "unpriced_model" }),
    read: (input, prefix) => defineRule(input, { prefix, ...names }),
  });
}
