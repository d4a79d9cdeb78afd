/** Lists the calls that budgets refused: when, by which budget, for which model and caller. */

import type { EntryJson } from "../contract/entry.ts";
import type { PageJson } from "../contract/page.ts";
import { ask, type Connection } from "./connection.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

export type RefusedCall = Pick<
  EntryJson,
  "operation_id" | "started_at" | "provider" | "requested_model" | "attribution"
> & { readonly refusal: NonNullable<EntryJson["refusal"]> };

export interface RefusedCalls {
  /** Newest first, at most the requested number. */
  readonly calls: readonly RefusedCall[];
  readonly hasMore: boolean;
}

/** Reads as many pages as `top` needs. */
export async function readRefused(
  connection: Connection,
  { from, to, top }: { readonly from?: string; readonly to?: string; readonly top: number },
): Promise<RefusedCalls> {
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const calls: RefusedCall[] = [];
  let cursor: string | null = null;
  do {
    const limit = String(Math.min(top - calls.length, mostOnAPage));
    const parameters = new URLSearchParams({
      status: "refused",
      limit,
      ...range,
      ...(cursor !== null && { cursor }),
    });
    const page = (await ask(connection, "GET", {
      path: `/api/v1/entries?${parameters.toString()}`,
    })) as PageJson<RefusedCall>;
    calls.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null && calls.length < top);
  return { calls, hasMore: cursor !== null };
}

const mostOnAPage = 500;
/** The maximum of `--top`. */
const mostAtOnce = 10_000;

/** @param isRanged Whether the user gave a range of time. */
export function refusedText(
  { calls, hasMore }: RefusedCalls,
  { output, isRanged }: { readonly output: Output; readonly isRanged: boolean },
): string {
  const { paint } = output;
  if (calls.length === 0)
    return paint.dim(`No calls were refused${isRanged ? " in this range" : ""}.\n`);
  const rows = calls.map(
    ({ started_at: at, refusal, provider, requested_model: model, attribution }) => [
      withMilliseconds(at),
      refusal.budget_id ?? "",
      refusal.reason,
      `${provider}/${model}`,
      whose(attribution),
    ],
  );
  const columns = ["refused at", "budget", "reason", "model", "for"].map((title) => ({ title }));
  const further =
    calls.length < mostAtOnce
      ? `--top ${Math.min(calls.length * 10, mostAtOnce)}`
      : `--to ${calls.at(-1)?.started_at}`;
  const more = hasMore ? paint.dim(`Older calls are left out: ${further} shows more.\n`) : "";
  return `${table(columns, rows, { heading: paint.dim, room: output.columns })}${more}`;
}

/** Always with milliseconds, so that times align. */
function withMilliseconds(instant: string): string {
  return Temporal.Instant.from(instant).toString({ fractionalSecondDigits: 3 });
}

function whose({ tags, ...dimensions }: Readonly<Record<string, unknown>>): string {
  const ofTags = Object.entries(typeof tags === "object" && tags !== null ? tags : {}).map(
    ([name, value]) => [`tag:${name}`, value] as const,
  );
  return [...Object.entries(dimensions), ...ofTags]
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
