/** Sets, finds, deletes and tests rules, and acknowledges their alerts. */

import { attributedTo, type AttributionKey } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import { invalid } from "../../domain/input/fields.ts";
import { suggest } from "../../domain/input/nearest.ts";
import type { KeptAlert } from "../../domain/rule/alert.ts";
import { defineRule, ruleToJson } from "../../domain/rule/define.ts";
import { budgetNames } from "../../domain/rule/rule-names.ts";
import type { KeptRule, Rule } from "../../domain/rule/rule.ts";
import type { Principal } from "../caller/principal.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { confine } from "../report/scope.ts";
import { modelProblems, type RuleWarning } from "./check-models.ts";

export interface RuleContext {
  readonly ledger: Pick<Ledger, "commit" | "rules" | "alerts" | "budgets">;
  readonly clock: Pick<Clock, "now">;
}

interface SettingContext extends RuleContext {
  prices(): PriceBook;
}

/** @throws PurserError `not_found`. */
export function findRule({ ledger }: RuleContext, ruleId: string): KeptRule {
  const rules = ledger.rules();
  const found = rules.find((rule) => rule.ruleId === ruleId);
  if (found) return found;
  const ids = rules.map((rule) => rule.ruleId);
  throw new PurserError("not_found", `no rule "${ruleId.slice(0, 64)}"`, {
    field: "rule_id",
    remedy: ids.length === 0 ? "Set it with PUT, or in purser.yaml." : suggest(ruleId, ids),
  });
}

/** @throws PurserError `invalid_request` with field and remedy. */
export async function putRule(
  context: SettingContext,
  input: Readonly<Record<string, unknown>>,
  notifiers: readonly string[],
): Promise<{ readonly rule: Rule; readonly warnings: readonly RuleWarning[] }> {
  const names = budgetNames(context.ledger.budgets());
  const rule = defineRule(input, { prefix: "", notifiers, ...names });
  const problems = modelProblems(rule, context.prices(), context.clock.now());
  const fault = problems.find(({ isFault }) => isFault);
  if (fault) {
    const { message, field, remedy } = fault;
    throw new PurserError("invalid_request", message, { field, remedy });
  }
  await put(context, rule);
  const warnings = problems.map(({ field, message, remedy }) => ({ field, message, remedy }));
  return { rule, warnings };
}

/**
 * Sets the rules of the configuration that differ from the ledger.
 *
 * @returns Warnings. A missing price is one, too: prices can change while the file stays.
 */
export async function declareRules(
  context: SettingContext,
  rules: readonly Rule[],
): Promise<readonly string[]> {
  const kept = new Map(context.ledger.rules().map((rule) => [rule.ruleId, rule]));
  for (const rule of rules) {
    const before = kept.get(rule.ruleId);
    if (before && text(before) === text(rule)) continue;
    await put(context, rule);
  }
  const [prices, at] = [context.prices(), context.clock.now()];
  return rules.flatMap((rule) =>
    modelProblems(rule, prices, at).map(({ message }) => `rule ${rule.ruleId}: ${message}`),
  );
}

async function put({ ledger, clock }: RuleContext, rule: Rule): Promise<void> {
  await ledger.commit({ kind: "put_rule", at: clock.now(), rule, deleted: false });
}

/** Its alerts are forgotten; the journal keeps them. @throws PurserError `not_found`. */
export async function deleteRule(context: RuleContext, ruleId: string): Promise<Rule> {
  const { since: _, ...rule } = findRule(context, ruleId);
  const { ledger, clock } = context;
  await ledger.commit({ kind: "put_rule", at: clock.now(), rule, deleted: true });
  return rule;
}

/** The alerts of a rule that the caller may see, the oldest first. */
export function alertsOf(
  { ledger }: RuleContext,
  ruleId: string,
  caller: Principal,
): readonly KeptAlert[] {
  const scope = Object.entries(confine(caller, {}));
  // A caller key that fixes nothing has no figures of its own.
  if (caller.role !== "admin" && caller.role !== "reader" && scope.length === 0) return [];
  return ledger
    .alerts()
    .filter(
      ({ ruleId: of, attribution }) =>
        of === ruleId &&
        scope.every(([name, value]) => attributedTo(attribution, name as AttributionKey) === value),
    );
}

/**
 * @returns The alerts that are acknowledged now. One that was before keeps its first answer.
 * @throws PurserError `not_found` for a rule or a value without an alert, as if outside its scope.
 */
export async function acknowledge(
  context: RuleContext,
  { ruleId, caller }: { readonly ruleId: string; readonly caller: Principal },
  { value, note = null }: { readonly value?: string; readonly note?: string | null },
): Promise<readonly KeptAlert[]> {
  const alerts = alertsOf(context, ruleId, caller);
  const open = alerts.filter((alert) =>
    value === undefined ? alert.acknowledged === null : alert.value === value,
  );
  if (open.length === 0 && (value !== undefined || caller.role !== "admin"))
    throw new PurserError("not_found", `rule "${ruleId.slice(0, 64)}" has no such alert`, {
      field: value === undefined ? "rule_id" : "value",
      remedy: "GET the rule to see its alerts.",
    });
  if (open.length === 0) findRule(context, ruleId);
  const { ledger, clock } = context;
  const by = caller.key?.name ?? "administrator";
  const at = clock.now();
  // Decided one after another, and written together.
  const answers = await Promise.all(
    open.map(({ value: of }) =>
      ledger.commit({ kind: "acknowledge_rule", at, ruleId, value: of, by, note }),
    ),
  );
  return answers.map(({ alert }) => alert);
}

/** The notifiers that rules name and that are not configured, as rule and name, in words. */
export function lostNotifiers(
  rules: readonly Pick<Rule, "ruleId" | "notify" | "escalate">[],
  configured: readonly string[],
): readonly string[] {
  return rules.flatMap(({ ruleId, notify, escalate }) =>
    [notify ?? [], escalate?.notify ?? []].flatMap((names) => {
      const lost = names.filter((name) => !configured.includes(name));
      const goTo = lost.length < names.length ? "the others that it names" : "all notifiers";
      return lost.map(
        (name) =>
          `rule ${ruleId} names notifier "${name}", which is not configured; its alerts go to ${configured.length === 0 ? "no one" : goTo}`,
      );
    }),
  );
}

/** Names of the notifiers that a rule uses. @throws PurserError if there are none. */
export function notifiersOf(rule: Rule, all: readonly string[]): readonly string[] {
  const names = rule.notify ?? all;
  if (names.length > 0) return names;
  throw invalid(
    "notify",
    "has no effect: no notifier is configured",
    "Add one under notifiers in purser.yaml.",
  );
}

function text(rule: Rule): string {
  return JSON.stringify(ruleToJson(rule));
}
