/** Reads what the ledger has for the days of a provider's bill, and compares the two. */

import { dayMs, type Bill } from "../../domain/reconcile/bill.ts";
import { zero } from "../../domain/money/money.ts";
import {
  reconcile,
  type LedgerLine,
  type ReconciledLine,
} from "../../domain/reconcile/reconcile.ts";
import type { LedgerReader, Totals } from "../port/reader.ts";

/** @param provider The name under which the bill's provider is configured. */
export async function reconcileBill(
  reader: Pick<LedgerReader, "totals">,
  { bill, provider }: { readonly bill: Bill; readonly provider: string },
): Promise<readonly ReconciledLine[]> {
  const { from, to } = bill;
  const totals = await reader.totals({ provider, from, to }, ["model", "status"], dayMs);
  return reconcile(
    bill,
    totals.filter(({ calls, charges }) => calls + charges > 0).map(ledgerLine),
  );
}

function ledgerLine({ bucket, group, cost, calls: ofModels, charges, usage }: Totals): LedgerLine {
  const calls = ofModels + charges;
  const isFree = cost === 0n && Object.values(usage).some((count) => count > 0);
  return {
    day: bucket ?? 0,
    model: group["model"] ?? "",
    cost,
    calls,
    unresolved: group["status"] === "unresolved" ? cost : zero,
    free: isFree ? calls : 0,
  };
}
