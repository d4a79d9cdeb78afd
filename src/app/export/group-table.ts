/** Sums of calls as a table: a row for each task, model, team, or combination of them. */

import { tableOf, type ColumnOf, type Table } from "../../domain/table/table.ts";
import { countContext, countOutput, countTokens } from "../../domain/usage/usage.ts";
import type { CallFilter, GroupFigures, GroupKey, LedgerReader } from "../port/reader.ts";
import { callCost, ratio } from "../report/metric.ts";
import { share } from "../report/summary.ts";
import { pagesInTurns } from "./call-pages.ts";

export interface Groups {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
}

/** The most expensive first. */
export function groupTable(
  reader: Pick<LedgerReader, "totals">,
  name: string,
  { filter, by }: Groups,
): Table {
  return tableOf(name, groupColumns(by), pages(reader, { filter, by }));
}

async function* pages(
  reader: Pick<LedgerReader, "totals">,
  { filter, by }: Groups,
): AsyncGenerator<readonly GroupFigures[]> {
  yield* pagesInTurns(await reader.totals(filter, by, null));
}

function groupColumns(by: readonly GroupKey[]): readonly ColumnOf<GroupFigures>[] {
  return [
    ...by.map((key): ColumnOf<GroupFigures> => ({
      name: key,
      kind: "text",
      of: ({ group }) => group[key] ?? null,
    })),
    { name: "calls", kind: "count", of: ({ calls }) => calls },
    { name: "charges", kind: "count", of: ({ charges }) => charges },
    { name: "released", kind: "count", of: ({ released }) => released },
    { name: "refusals", kind: "count", of: ({ refusals }) => refusals },
    { name: "input_tokens", kind: "count", of: ({ usage }) => countContext(usage) },
    { name: "output_tokens", kind: "count", of: ({ usage }) => countOutput(usage) },
    { name: "total_tokens", kind: "count", of: ({ usage }) => countTokens(usage) },
    { name: "cost_usd", kind: "usd", of: ({ cost }) => cost },
    {
      name: "cost_per_call_usd",
      kind: "usd",
      of: (sums) => (sums.calls === 0 ? null : share(callCost(sums), sums.calls)),
    },
    {
      name: "avg_latency_ms",
      kind: "number",
      of: ({ latencyMs, timed }) => ratio(latencyMs, timed),
    },
  ];
}
