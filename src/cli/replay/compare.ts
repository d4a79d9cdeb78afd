/** Reads ledger and books before and after a replay, and compares what the replay added. */

import type { SeriesJson } from "../../contract/series.ts";
import { add, type PicoUsd, zero } from "../../domain/money/money.ts";
import type { CommandContext } from "../context.ts";
import { readFigures } from "../figures.ts";
import { readBooks, readLedger, readSettledLedger } from "./books.ts";
import { type CutCall, readCut } from "./cut.ts";
import {
  type Comparison,
  type LedgerSums,
  type ModelSums,
  priceBooks,
  reconcile,
  since,
} from "./reconcile.ts";
import type { Setting } from "./setting.ts";

/** A side is null if it cannot be read. */
export interface Sides {
  readonly ledger: readonly LedgerSums[] | null;
  readonly books: readonly ModelSums[] | null;
}

/**
 * Costs of cut streams on each side. The ledger estimates them from the output delivered, and the
 * simulator bills the output it generated.
 */
export interface CutCosts {
  readonly calls: number;
  readonly ledger: PicoUsd;
  readonly books: PicoUsd;
}

export interface Compared {
  /** Of all calls that reported usage. */
  readonly comparison: Comparison | null;
  readonly cut: CutCosts | null;
  /** By team; only if the ledger was empty before, so that its figures belong to this replay. */
  readonly byTeam: SeriesJson | null;
}

export interface CompareOptions {
  readonly setting: Setting;
  readonly before: Sides;
  readonly cutCalls: readonly CutCall[];
  readonly context: CommandContext;
}

export async function readSides(setting: Setting): Promise<Sides> {
  return {
    ledger: setting.admin && (await readLedger(setting.admin)),
    books: setting.simulatorUrl === null ? null : await readBooks(setting.simulatorUrl),
  };
}

export async function compareSides({
  setting,
  before,
  cutCalls,
  context,
}: CompareOptions): Promise<Compared> {
  const { admin, simulatorUrl } = setting;
  if (!admin || !before.ledger) return { comparison: null, cut: null, byTeam: null };
  const callsBefore = countCalls(before.ledger);
  const booksBefore = before.books ?? [];
  const billed = async () =>
    simulatorUrl === null ? [] : since(booksBefore, await readBooks(simulatorUrl));
  const after = await readSettledLedger(
    admin,
    async () => callsBefore + countCalls(await billed()),
  );
  const ledger = since(before.ledger, after);
  const byTeam = callsBefore === 0 ? await readFigures(admin, { by: ["team"] }) : null;
  if (simulatorUrl === null) return { comparison: null, cut: null, byTeam };

  const { book } = await context.parts.openCatalogue();
  const cut = await readCut(cutCalls, { admin, simulatorUrl });
  const now = Date.now();
  const priced = priceBooks(book, since(cut.books, await billed()), now);
  const costs = {
    calls: cutCalls.length,
    ledger: costOf(cut.ledger),
    books: costOf(priceBooks(book, cut.books, now)),
  };
  return {
    comparison: reconcile(since(cut.ledger, ledger), priced),
    cut: cutCalls.length > 0 ? costs : null,
    byTeam,
  };
}

function countCalls(rows: readonly ModelSums[]): number {
  return rows.reduce((sum, row) => sum + row.calls, 0);
}

function costOf(rows: readonly LedgerSums[]): PicoUsd {
  return rows.reduce((sum, row) => add(sum, row.cost), zero);
}
