/** Reads `rules`: the conditions that raise an alert, and the notifiers that get it. */

import { type Fields, invalid, optionalList, show } from "../domain/input/fields.ts";
import { defineRule } from "../domain/rule/define.ts";
import type { RuleNames } from "../domain/rule/rule-names.ts";
import type { Rule } from "../domain/rule/rule.ts";
import type { Faults } from "./fault.ts";

/** Errors are added to `faults`. */
export function readRules(
  fields: Fields,
  { faults, ...names }: RuleNames & { readonly faults: Faults },
): readonly Rule[] {
  const list = optionalList(fields, "rules", "Give a list: one line with - for each rule.") ?? [];
  const ids = new Set<string>();
  return list.flatMap((input, index) => {
    const prefix = `rules[${index}].`;
    const standIns = { rule_id: `rule-${index}`, when: "unpriced_model" };
    const read = faults.readObject({ input, prefix, standIns }, (object) =>
      defineRule(object, { prefix, ...names }),
    );
    if (!read) return [];
    const { ruleId } = read;
    const isRepeated = ids.has(ruleId);
    ids.add(ruleId);
    const unique = faults.attempt(() => {
      if (!isRepeated) return read;
      const problem = `is ${show(ruleId)}, which is already used`;
      throw invalid(`${prefix}rule_id`, problem, "Give every rule a unique id.");
    });
    return unique ?? [];
  });
}
