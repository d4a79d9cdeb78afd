/** Compares what the ledger charged with what the simulator billed. */

import type { PriceBook } from "../../domain/price/sheet.ts";
import { add, parseUsd, type PicoUsd, subtract, zero } from "../../domain/money/money.ts";
import { type Meter, type Usage, countTokens } from "../../domain/usage/usage.ts";
import { PurserError } from "../../domain/error.ts";

/** The sums of one model on one side. */
export interface ModelSums {
  readonly model: string;
  /** Charged or billed calls. */
  readonly calls: number;
  readonly usage: Usage;
}

export interface LedgerSums extends ModelSums {
  readonly cost: PicoUsd;
}

export interface ModelComparison {
  readonly model: string;
  readonly ledger: LedgerSums;
  readonly books: LedgerSums;
  /** Meters whose counts differ, and `calls` or `cost` if they differ. */
  readonly differences: readonly string[];
}

export interface Comparison {
  readonly models: readonly ModelComparison[];
  readonly calls: { readonly ledger: number; readonly books: number };
  readonly tokens: { readonly ledger: number; readonly books: number };
  readonly cost: { readonly ledger: PicoUsd; readonly books: PicoUsd };
  readonly equal: boolean;
}

/** The meters that the simulator bills. */
const compared: readonly Meter[] = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "web_search",
];

/** @param books Priced by the local price book, not by the gateway under test. */
export function reconcile(ledger: readonly LedgerSums[], books: readonly LedgerSums[]): Comparison {
  const names = [...new Set([...ledger, ...books].map((sums) => sums.model))].sort();
  const models = names.map((model) => {
    const ofLedger = ledger.find((sums) => sums.model === model) ?? nothing(model);
    const ofBooks = books.find((sums) => sums.model === model) ?? nothing(model);
    return {
      model,
      ledger: ofLedger,
      books: ofBooks,
      differences: differencesOf(ofLedger, ofBooks),
    };
  });
  const total = (side: "ledger" | "books", count: (sums: LedgerSums) => number): number =>
    models.reduce((sum, row) => sum + count(row[side]), 0);
  const both = (count: (sums: LedgerSums) => number) => ({
    ledger: total("ledger", count),
    books: total("books", count),
  });
  const cost = (side: "ledger" | "books"): PicoUsd =>
    models.reduce((sum, row) => add(sum, row[side].cost), zero);
  return {
    models,
    calls: both((sums) => sums.calls),
    tokens: both((sums) => countTokens(sums.usage)),
    cost: { ledger: cost("ledger"), books: cost("books") },
    equal: models.every((row) => row.differences.length === 0),
  };
}

/**
 * Prices sums exactly. This is correct because the simulator's rates do not depend on the context.
 *
 * @throws PurserError `unpriced` for an unknown model.
 */
export function priceBooks(
  book: PriceBook,
  rows: readonly ModelSums[],
  at: number,
): readonly LedgerSums[] {
  return rows.map((row) => {
    const sheet = book.sheet({ provider: "sim", model: row.model, at });
    if (!sheet) {
      throw new PurserError("unpriced", `the simulator billed ${row.model}, which has no price`, {
        field: "model",
        remedy: "Compare manually: `purser report --by model`.",
      });
    }
    const charges = sheet.charge(
      { model: row.model, usage: row.usage },
      { serviceTier: "standard", at },
    );
    return { ...row, cost: charges.reduce((sum, charge) => add(sum, charge.cost), zero) };
  });
}

/** The difference between two readings. */
export function since<Row extends ModelSums>(
  before: readonly Row[],
  after: readonly Row[],
): readonly Row[] {
  return after
    .map((row) => {
      const old = before.find((candidate) => candidate.model === row.model);
      return old
        ? {
            ...row,
            calls: row.calls - old.calls,
            usage: lessUsage(row.usage, old.usage),
            ...lessCost(row, old),
          }
        : row;
    })
    .filter((row) => row.calls > 0);
}

/** Converts a group of ledger figures by model. */
export function ledgerSums(group: {
  readonly group: Readonly<Record<string, string>>;
  readonly calls: number;
  readonly cost_usd: string;
  readonly usage: Usage;
}): LedgerSums {
  return {
    model: group.group["model"] ?? "unattributed",
    calls: group.calls,
    usage: group.usage,
    cost: parseUsd(group.cost_usd, "cost_usd"),
  };
}

function differencesOf(ledger: LedgerSums, books: LedgerSums): readonly string[] {
  const meters = compared.filter(
    (meter) => (ledger.usage[meter] ?? 0) !== (books.usage[meter] ?? 0),
  );
  return [
    ...(ledger.calls === books.calls ? [] : ["calls"]),
    ...meters,
    ...(ledger.cost === books.cost ? [] : ["cost"]),
  ];
}

function lessUsage(after: Usage, before: Usage): Usage {
  return Object.fromEntries(
    Object.entries(after).map(([meter, count]) => [meter, count - (before[meter as Meter] ?? 0)]),
  );
}

function lessCost(after: ModelSums, before: ModelSums): { readonly cost?: PicoUsd } {
  return "cost" in after && "cost" in before
    ? { cost: subtract((after as LedgerSums).cost, (before as LedgerSums).cost) }
    : {};
}

function nothing(model: string): LedgerSums {
  return { model, calls: 0, usage: {}, cost: zero };
}
