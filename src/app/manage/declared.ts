/**
 * Reports what a start took from the configuration: what was added, changed, or is no longer
 * declared.
 */

import type { Budget } from "../../domain/budget/budget.ts";
import { formatAmount } from "../../domain/budget/amount.ts";
import { usdPerMillion, type PriceOverride } from "../../domain/price/text/override.ts";
import { rateFields } from "../../domain/price/text/rates-text.ts";
import type { Ledger } from "../port/ledger.ts";

export interface DeclaredChange {
  readonly kind: "budget" | "key" | "price";
  readonly name: string;
  readonly what: "added" | "changed" | "no longer named";
  /** For a change: the fields that differ. */
  readonly fields: readonly string[];
  /** For a budget: its spend in the current window, counted from the ledger; null if 0. */
  readonly spent: string | null;
}

/** The names declared at a start, stored for the next one. */
export interface DeclaredNames {
  readonly budgets: readonly string[];
  readonly keys: readonly string[];
  /** Price rows as JSON, by model and start time. */
  readonly prices: Readonly<Record<string, string>>;
}

/** Stores the declared names between starts. */
export interface DeclarationMemory {
  /** Null before the first start. */
  read(): Promise<DeclaredNames | null>;
  write(names: DeclaredNames): Promise<void>;
}

export function added(
  kind: DeclaredChange["kind"],
  name: string,
  spent: string | null = null,
): DeclaredChange {
  return { kind, name, what: "added", fields: [], spent };
}

/** @param fields As JSON before and after; only those that differ are reported. */
export function changed(
  kind: DeclaredChange["kind"],
  name: string,
  fields: { readonly before: object; readonly after: object; readonly spent?: string | null },
): DeclaredChange {
  const before = new Map(Object.entries(fields.before));
  const after = new Map(Object.entries(fields.after));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const differing = names.filter(
    (name) => JSON.stringify(after.get(name)) !== JSON.stringify(before.get(name)),
  );
  return { kind, name, what: "changed", fields: differing, spent: fields.spent ?? null };
}

/** The sum over all counters of the current window. */
export async function spentNow(
  ledger: Ledger,
  { budgetId, currency }: Budget,
  at: number,
): Promise<string | null> {
  const balances = await ledger.balances(budgetId, at);
  const spent = balances.reduce((sum, balance) => sum + balance.spent, 0n);
  return spent === 0n ? null : `${formatAmount(spent, currency)} ${currency}`;
}

export function namesOf(
  declared: {
    readonly budgets: readonly Budget[];
    readonly keys: readonly { readonly definition: { readonly name: string } }[];
  },
  prices: readonly PriceOverride[],
): DeclaredNames {
  return {
    budgets: declared.budgets.map(({ budgetId }) => budgetId),
    keys: declared.keys.map(({ definition }) => definition.name),
    prices: Object.fromEntries(
      prices.map((price) => [priceName(price), JSON.stringify(ratesOf(price))]),
    ),
  };
}

/** Prices that differ from the last start, and names that are no longer declared. */
export function differencesOf(
  before: DeclaredNames | null,
  now: DeclaredNames,
): readonly DeclaredChange[] {
  const old = new Map(Object.entries(before?.prices ?? {}));
  const prices = Object.entries(now.prices).flatMap(([name, row]): readonly DeclaredChange[] => {
    const was = old.get(name);
    if (was === undefined) return [added("price", name)];
    return was === row
      ? []
      : [
          changed("price", name, {
            before: JSON.parse(was) as object,
            after: JSON.parse(row) as object,
          }),
        ];
  });
  return [
    ...prices,
    ...missing("budget", before?.budgets ?? [], now.budgets),
    ...missing("key", before?.keys ?? [], now.keys),
    ...missing("price", [...old.keys()], Object.keys(now.prices)),
  ];
}

function missing(
  kind: DeclaredChange["kind"],
  before: readonly string[],
  now: readonly string[],
): readonly DeclaredChange[] {
  return before
    .filter((name) => !now.includes(name))
    .map((name) => ({ kind, name, what: "no longer named", fields: [], spent: null }));
}

/** In the configuration's field names. */
function ratesOf(override: PriceOverride): object {
  const { valid_to = null, ...row } = override.row;
  const named = new Set<string>(["provider", "model", "valid_from", ...rateFields]);
  const others = Object.entries(row).filter(([name]) => !named.has(name));
  return { ...usdPerMillion(override), valid_to, ...Object.fromEntries(others) };
}

function priceName({ row }: PriceOverride): string {
  return `${row.provider}/${row.model}${row.valid_from === undefined ? "" : ` from ${row.valid_from}`}`;
}
