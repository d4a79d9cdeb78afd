/**
 * Prepares the ledger before the first call: declared keys, budgets and prices, and a first admin
 * key.
 */

import { dimensions } from "../../domain/attribution/attribution.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import { budgetToJson } from "../../domain/budget/json.ts";
import { redeclared } from "../../domain/budget/threshold.ts";
import { defineKey, keyToJson, type KeyDefinition } from "../../domain/key/define.ts";
import { isLive, type Key } from "../../domain/key/key.ts";
import { added, changed, type DeclaredChange, spentNow } from "./declared.ts";
import { announceChange, type Audience } from "../hold/announce.ts";
import { newKeyId, putNewKey, type KeyContext } from "./manage-keys.ts";
import { hashSecret, hintOf } from "../caller/secret.ts";

export interface Declared {
  readonly budgets: readonly Budget[];
  readonly keys: readonly { readonly secret: string; readonly definition: KeyDefinition }[];
}

/** Newly created secrets, to be shown once. */
export interface FirstSecrets {
  readonly adminKey?: string;
  readonly firstKey?: string;
}

/**
 * Applies the configuration's declarations that differ from the ledger. Objects created over the
 * API that are not declared stay.
 *
 * @param counting Called with a budget and the share done, 0 to 1, while its past spend is counted.
 * @returns The budgets and keys that were added or changed.
 */
export async function declare(
  { ledger, clock, ...audience }: KeyContext & Audience,
  declared: Declared,
  counting: (budgetId: string, share: number) => void = () => undefined,
): Promise<readonly DeclaredChange[]> {
  const changes: DeclaredChange[] = [];
  for (const stated of parentsFirst(declared.budgets)) {
    const { budgetId } = stated;
    const old = ledger.budget(budgetId);
    const budget = old
      ? { ...stated, thresholds: redeclared(stated.thresholds, old.thresholds) }
      : stated;
    const [before, after] = [old && budgetToJson(old), budgetToJson(budget)];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    const put = { kind: "put_budget", at: clock.now(), budget, when: "put" } as const;
    const { crossed } = await ledger.commit(put, (share) => counting(budgetId, share));
    announceChange(audience, crossed);
    const spent = await spentNow(ledger, budget, clock.now());
    changes.push(
      before
        ? changed("budget", budgetId, { before, after, spent })
        : added("budget", budgetId, spent),
    );
  }
  for (const { secret, definition } of declared.keys) {
    const hash = hashSecret(secret);
    const old = ledger.keyByHash(hash);
    const kept = {
      keyId: old?.keyId ?? newKeyId(),
      createdAt: old?.createdAt ?? clock.now(),
    };
    const key: Key = { ...definition, ...kept, hash, hint: hintOf(secret), revokedAt: null };
    const [before, after] = [old && keyToJson(old), keyToJson(key)];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    await ledger.commit({ kind: "put_key", at: clock.now(), key });
    changes.push(before ? changed("key", key.name, { before, after }) : added("key", key.name));
  }
  return changes;
}

/**
 * Creates an admin key if there is none in the ledger or the environment, and a caller's key if
 * there is none.
 */
export async function makeFirstKeys(
  context: KeyContext,
  { hasAdminKey }: { readonly hasAdminKey: boolean },
): Promise<FirstSecrets> {
  const keys = context.ledger.keys();
  const adminKey =
    hasAdminKey || keys.some((key) => key.role === "admin")
      ? null
      : await make(context, { name: "admin", role: "admin" });
  const firstKey = keys.some((key) => key.role === "caller")
    ? null
    : await make(context, {
        name: "first-contact",
        role: "caller",
        may_refine: [...dimensions, "tags"],
      });
  return { ...(adminKey === null ? {} : { adminKey }), ...(firstKey === null ? {} : { firstKey }) };
}

/** Whether a live admin key exists. A revoked or expired one is not replaced. */
export function hasLiveAdminKey({ ledger, clock }: KeyContext): boolean {
  return ledger.keys().some((key) => key.role === "admin" && isLive(key, clock.now()));
}

async function make(
  { ledger, clock }: KeyContext,
  input: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { secret } = await putNewKey(ledger, defineKey(input), clock.now());
  return secret;
}

function parentsFirst(budgets: readonly Budget[]): readonly Budget[] {
  const byId = new Map(budgets.map((budget) => [budget.budgetId, budget]));
  const ordered = new Set<Budget>();
  const place = (budget: Budget): void => {
    const parent = budget.parentBudgetId === null ? undefined : byId.get(budget.parentBudgetId);
    if (parent && !ordered.has(parent)) place(parent);
    ordered.add(budget);
  };
  for (const budget of budgets) place(budget);
  return [...ordered];
}
