/** Reads both sides of a replay: the ledger of the gateway, and the books of the simulator. */

import type { Usage } from "../../domain/usage/usage.ts";
import { ask, type Connection, overHttp } from "../connection.ts";
import { readFigures } from "../figures.ts";
import { type LedgerSums, ledgerSums, type ModelSums } from "./reconcile.ts";

/** The counts that the simulator bills. */
const counted = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "reasoning",
  "web_search",
] as const;

interface BooksRow extends Readonly<Record<(typeof counted)[number], number>> {
  readonly model: string;
  readonly billed: number;
}

/** Sums of the ledger for the models of the simulator. */
export async function readLedger(admin: Connection): Promise<readonly LedgerSums[]> {
  const figures = await readFigures(admin, { by: ["provider", "model"] });
  return figures.groups
    .filter((row) => row.group["provider"] === "sim" && row.calls > 0)
    .map(ledgerSums);
}

/** What the simulator billed, by model. */
export async function readBooks(simulatorUrl: string): Promise<readonly ModelSums[]> {
  const summary = await ask(overHttp(simulatorUrl, undefined), "GET", {
    path: "/sim/books/summary",
  });
  const sums = new Map<string, ModelSums>();
  for (const row of (summary as { readonly models: readonly BooksRow[] }).models) {
    const usage: Usage = Object.fromEntries(counted.map((name) => [name, row[name]]));
    const known = sums.get(row.model);
    sums.set(
      row.model,
      known
        ? { ...known, calls: known.calls + row.billed, usage: added(known.usage, usage) }
        : { model: row.model, calls: row.billed, usage },
    );
  }
  return [...sums.values()];
}

/** Calls settle after their answers, so this waits a while for the ledger to have all of them. */
export async function readSettledLedger(
  admin: Connection,
  calls: () => Promise<number>,
): Promise<readonly LedgerSums[]> {
  for (let attempt = 0; ; attempt++) {
    const ledger = await readLedger(admin);
    const settled = ledger.reduce((sum, row) => sum + row.calls, 0);
    if (settled >= (await calls()) || attempt === settleAttempts) return ledger;
    await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
  }
}

const settleAttempts = 50;
const settlePauseMs = 100;

function added(left: Usage, right: Usage): Usage {
  return Object.fromEntries(counted.map((name) => [name, (left[name] ?? 0) + (right[name] ?? 0)]));
}
