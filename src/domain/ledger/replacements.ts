/** Which models the actions of rules replace by cheaper ones at the moment. All in memory. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { countsModel } from "../price/id/model-pattern.ts";
import type { KeptAlert } from "../rule/alert.ts";
import type { KeptRule, ModelAction } from "../rule/rule.ts";
import type { CallSubject } from "./applicable.ts";
import type { CounterKey } from "./entry.ts";

/** A model that is served in place of the one that a call asks for. */
export interface Replacement {
  readonly ruleId: string;
  /** As `PROVIDER/MODEL`. */
  readonly model: string;
}

/** A rule whose action concerns some values of its budget. */
interface Active {
  readonly ruleId: string;
  readonly budgetId: string;
  readonly partsPerMillion: number;
  readonly models: ModelAction["models"];
  /** By the alert's value: until when, null for always. */
  readonly until: ReadonlyMap<string, number | null>;
}

/** The definitions of a ledger, as they change. */
interface Definitions {
  readonly rules: ReadonlyMap<string, KeptRule>;
  /** The last alert for each value. */
  readonly alertsOf: (ruleId: string) => readonly KeptAlert[];
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly countersFor: (subject: CallSubject, at: number) => readonly CounterKey[];
}

export class Replacements {
  readonly #definitions: Definitions;
  /** Null after a change, until it is asked for. */
  #active: readonly Active[] | null = [];

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** Call whenever a rule or an alert of a threshold changes. */
  changed(): void {
    this.#active = null;
  }

  /** Null if no rule replaces a model, so that calls need no look. */
  get current(): Replacements | null {
    this.#active ??= activeOf(this.#definitions);
    return this.#active.length === 0 ? null : this;
  }

  /**
   * Looked up once: the model that serves is not looked up again. Of several rules, the one with
   * the highest threshold decides.
   *
   * @returns Null if the call is served as it asks.
   */
  of(subject: CallSubject, at: number): Replacement | null {
    const active = (this.#active ??= activeOf(this.#definitions));
    for (const rule of active) {
      const model = servedBy(rule.models, subject.route);
      if (model !== undefined && this.#concerns(rule, subject, at))
        return { ruleId: rule.ruleId, model };
    }
    return null;
  }

  #concerns({ budgetId, until }: Active, subject: CallSubject, at: number): boolean {
    const budget = this.#definitions.budgets.get(budgetId);
    const counter = this.#definitions
      .countersFor(subject, at)
      .find((key) => key.budgetId === budgetId);
    if (!budget || !counter) return false;
    const end = until.get(budget.resourceId === everyValue ? counter.value : budgetId);
    return end === null || (end !== undefined && at < end);
  }
}

/** By the name as called, or else by any name under which it has the same price. */
function servedBy(
  models: ModelAction["models"],
  { provider, model }: CallSubject["route"],
): string | undefined {
  const asked = `${provider}/${model}`;
  if (Object.hasOwn(models, asked)) return models[asked];
  const found = Object.keys(models).find(
    (name) =>
      name.startsWith(`${provider}/`) && countsModel([name.slice(provider.length + 1)], model),
  );
  return found === undefined ? undefined : models[found];
}

/** Whether the alert's rule replaces models for its value, while its window is open. */
export function replacesModels(rule: KeptRule | undefined, alert: KeptAlert): boolean {
  return rule?.action?.kind === "model" && alert.resumedAt === null;
}

/** Looks at the alerts of the rules that replace models, not at all: it is done for a call. */
function activeOf({ rules, alertsOf }: Definitions): readonly Active[] {
  const active = [...rules.values()].flatMap((rule): readonly Active[] => {
    if (rule.action?.kind !== "model" || rule.condition.when !== "threshold") return [];
    const { ruleId } = rule;
    const fired = alertsOf(ruleId).filter((alert) => replacesModels(rule, alert));
    if (fired.length === 0) return [];
    const { budgetId, partsPerMillion } = rule.condition;
    const until = new Map(fired.map((alert) => [alert.value, alert.until]));
    return [{ ruleId, budgetId, partsPerMillion, models: rule.action.models, until }];
  });
  return active.sort(
    (left, right) =>
      right.partsPerMillion - left.partsPerMillion || (left.ruleId < right.ruleId ? -1 : 1),
  );
}
