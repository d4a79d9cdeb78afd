/** Reads streams cut by a budget call by call: without usage they are compared separately. */

import type { EntryJson } from "../../contract/entry.ts";
import type { PageJson } from "../../contract/page.ts";
import { add, parseUsd, type PicoUsd, zero } from "../../domain/money/money.ts";
import { sumUsage, type Usage } from "../../domain/usage/usage.ts";
import { ask, type Connection, overHttp } from "../connection.ts";
import { type LedgerSums, type ModelSums } from "./reconcile.ts";

/** The ids of a cut call on both sides. */
export interface CutCall {
  /** In the ledger; null if the answer did not have it. */
  readonly operationId: string | null;
  /** In the simulator's books. */
  readonly tag: string;
}

export interface CutSums {
  readonly ledger: readonly LedgerSums[];
  readonly books: readonly ModelSums[];
}

/** Sums by model over these calls only. */
export async function readCut(
  calls: readonly CutCall[],
  sides: { readonly admin: Connection; readonly simulatorUrl: string },
): Promise<CutSums> {
  const simulator = overHttp(sides.simulatorUrl, undefined);
  const ledger: LedgerSums[] = [];
  const books: ModelSums[] = [];
  for (const { operationId, tag } of calls) {
    if (operationId !== null) ledger.push(...(await readEntries(sides.admin, operationId)));
    books.push(...(await readRows(simulator, tag)));
  }
  return {
    ledger: merged(ledger).map((rows) => ({ ...sumOf(rows), cost: costOf(rows) })),
    books: merged(books).map(sumOf),
  };
}

async function readEntries(admin: Connection, operationId: string): Promise<readonly LedgerSums[]> {
  const page = await ask(admin, "GET", {
    path: `/api/v1/entries?operation_id=${encodeURIComponent(operationId)}`,
  });
  const { data } = page as PageJson<EntryJson>;
  return data.map(({ model, usage, cost_usd }) => ({
    model,
    calls: 1,
    usage,
    cost: parseUsd(cost_usd, "cost_usd"),
  }));
}

interface BookRow extends Readonly<
  Record<
    | "input"
    | "cache_read"
    | "cache_write_5m"
    | "cache_write_1h"
    | "output"
    | "reasoning"
    | "web_search",
    number
  >
> {
  readonly model: string;
  readonly billed: boolean;
}

async function readRows(simulator: Connection, tag: string): Promise<readonly ModelSums[]> {
  const page = await ask(simulator, "GET", { path: `/sim/books?tag=${encodeURIComponent(tag)}` });
  const { data } = page as { readonly data: readonly BookRow[] };
  return data
    .filter((row) => row.billed)
    .map((row) => ({ model: row.model, calls: 1, usage: countsOf(row) }));
}

function countsOf({
  input,
  cache_read,
  cache_write_5m,
  cache_write_1h,
  output,
  reasoning,
  web_search,
}: BookRow): Usage {
  return { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_search };
}

function merged<Row extends ModelSums>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return [...Map.groupBy(rows, (row) => row.model).values()];
}

function sumOf(rows: readonly ModelSums[]): ModelSums {
  return {
    model: rows[0]?.model ?? "",
    calls: rows.reduce((sum, row) => sum + row.calls, 0),
    usage: sumUsage(rows.map((row) => row.usage)),
  };
}

function costOf(rows: readonly LedgerSums[]): PicoUsd {
  return rows.reduce((sum, row) => add(sum, row.cost), zero);
}
