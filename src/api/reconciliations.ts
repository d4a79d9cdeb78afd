/** Serves `/api/v1/reconciliations`: compares a provider's bill with the ledger. */

import { reconcileBill } from "../app/report/reconcile-bill.ts";
import {
  reconciliationInput,
  reconciliationSchema,
  type ReconciliationJson,
} from "../contract/reconciliation.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { add, formatUsd, subtract, zero } from "../domain/money/money.ts";
import { readBill } from "../domain/reconcile/bill.ts";
import type { ReconciledLine } from "../domain/reconcile/reconcile.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";

const mostBillBytes = 16 * 1024 * 1024;

export const reconciliationRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/reconciliations",
    access: adminOnly,
    tag: "figures",
    summary: "Compare a provider's bill with the ledger",
    description:
      "By day (UTC) and model, or by day if the bill names no model. The causes of each line add up to its residual. Nothing is stored.",
    body: reconciliationInput,
    mostBodyBytes: mostBillBytes,
    responses: {
      200: answer("The comparison.", reconciliationSchema),
      400: problem("The bill is invalid, or in another currency."),
    },
    async handler({ body, context }) {
      const bill = readBill(body.bill);
      const provider = body.provider ?? bill.format;
      const lines = await reconcileBill(context.reader, { bill, provider });
      const { format, from, to } = bill;
      return ok({
        format,
        provider,
        from: formatInstant(from),
        to: formatInstant(to),
        total: totalOf(lines),
        data: lines.map(lineJson),
      });
    },
  }),
];

function totalOf(lines: readonly ReconciledLine[]): ReconciliationJson["total"] {
  const billed = lines.reduce((sum, line) => add(sum, line.billed), zero);
  const ours = lines.reduce((sum, line) => add(sum, line.ours), zero);
  return {
    billed_usd: formatUsd(billed),
    ours_usd: formatUsd(ours),
    residual_usd: formatUsd(subtract(billed, ours)),
  };
}

function lineJson(line: ReconciledLine): ReconciliationJson["data"][number] {
  return {
    day: formatInstant(line.day).slice(0, 10),
    model: line.model,
    calls: line.calls,
    billed_usd: formatUsd(line.billed),
    ours_usd: formatUsd(line.ours),
    residual_usd: formatUsd(line.residual),
    causes: line.causes.map(({ cause, amount }) => ({ cause, amount_usd: formatUsd(amount) })),
  };
}
