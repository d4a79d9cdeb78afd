/** Serves `/api/v1/reconciliations`: compares a provider's bill with the ledger. */

import { reconcileBill } from "../app/report/reconcile-bill.ts";
import {
  reconciliationInput,
  reconciliationSchema,
  type ReconciliationJson,
} from "../contract/reconciliation.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";
import { shorten } from "../domain/input/shorten.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { add, formatUsd, subtract, zero } from "../domain/money/money.ts";
import { readBill } from "../domain/reconcile/bill.ts";
import type { ReconciledLine } from "../domain/reconcile/reconcile.ts";
import type { ApiContext } from "./context.ts";
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
      400: problem("The bill is invalid, or in another currency, or the provider is unknown."),
    },
    async handler({ body, context }) {
      const bill = readBill(body.bill);
      const provider = body.provider ?? bill.format;
      if (body.provider !== undefined) await checkProvider(context, body.provider);
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

/** Usage that was metered elsewhere may have a provider of any name. */
async function checkProvider(
  { reader, providerNames }: Pick<ApiContext, "reader" | "providerNames">,
  name: string,
): Promise<void> {
  if (providerNames.includes(name)) return;
  const totals = await reader.totals({}, ["provider"], null);
  const used = totals.map(({ group }) => group["provider"] ?? "");
  if (used.includes(name)) return;
  const known = [...new Set([...providerNames, ...used])];
  throw new PurserError("invalid_request", `provider "${shorten(name, 40)}" is not known`, {
    field: "provider",
    remedy: suggest(name, known),
  });
}

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
