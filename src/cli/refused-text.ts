/** Calls that budgets refused, as people read them: when, whose, what for, and which budget said no. */

import { ask, type Connection } from "./connection.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

export interface RefusedCall {
  readonly operation_id: string;
  readonly started_at: string;
  readonly provider: string;
  readonly requested_model: string;
  readonly attribution: Readonly<Record<string, unknown>>;
  readonly refusal: { readonly reason: string; readonly budget_id: string | null };
}

/** The newest first, at most `top`. */
export async function readRefused(
  connection: Connection,
  { from, to, top }: { readonly from?: string; readonly to?: string; readonly top: number },
): Promise<readonly RefusedCall[]> {
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const parameters = new URLSearchParams({ status: "refused", limit: String(Math.min(top, mostOnAPage)), ...range });
  const page = (await ask(connection, "GET", { path: `/api/v1/entries?${parameters.toString()}` })) as {
    readonly data: readonly RefusedCall[];
  };
  return page.data;
}

const mostOnAPage = 500;

export function refusedText(calls: readonly RefusedCall[], output: Output): string {
  const { paint } = output;
  if (calls.length === 0) return paint.dim("No call was refused in this range.\n");
  const rows = calls.map(({ started_at: at, refusal, provider, requested_model: model, attribution }) => [
    at,
    refusal.budget_id ?? "",
    refusal.reason,
    `${provider}/${model}`,
    whose(attribution),
  ]);
  const columns = ["refused at", "budget", "reason", "model", "for"].map((title) => ({ title, maxWidth: 40 }));
  return table(columns, rows, { heading: paint.dim });
}

function whose({ tags, ...dimensions }: Readonly<Record<string, unknown>>): string {
  const ofTags = Object.entries(typeof tags === "object" && tags !== null ? tags : {}).map(
    ([name, value]) => [`tag:${name}`, value] as const,
  );
  return [...Object.entries(dimensions), ...ofTags].map(([name, value]) => `${name}=${String(value)}`).join(" ");
}
