/** Serves `/api/v1/series`: figures over time. */

import { usualRangeMs } from "../app/report/range.ts";
import { series } from "../app/report/series.ts";
import { unpricedModels } from "../app/report/unpriced-models.ts";
import type { Figures, GroupFigures } from "../app/port/reader.ts";
import {
  seriesQuery,
  seriesSchema,
  type FiguresJson,
  type GroupFiguresJson,
} from "../contract/series.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd } from "../domain/money/money.ts";
import { countTokens } from "../domain/usage/usage.ts";
import type { ApiContext } from "./context.ts";
import { figuresFilter } from "./filter.ts";
import { readBy } from "./group-by.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

export const seriesRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/series",
    access: readers,
    tag: "figures",
    summary: "Get figures over time, grouped as you choose",
    description:
      "Without `from`: the last 24 hours, 30 days, 12 weeks or 12 months, depending on the bucket. Without `to`: until now.",
    query: seriesQuery,
    responses: {
      200: answer("The series.", seriesSchema),
      400: problem("A field is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const filter = figuresFilter(caller, query, context);
      const to = filter.to ?? context.clock.now() + 1;
      const from = filter.from ?? to - usualRangeMs[query.bucket];
      const by = readBy(query.by, maxGroupKeys);
      const result = await series(context.reader, {
        filter,
        from,
        to,
        bucket: query.bucket,
        by,
        timeZone: query.time_zone,
      });
      const unpriced = await unpricedModels(context.reader, { ...filter, from, to });
      return ok({
        from: formatInstant(from),
        to: formatInstant(to),
        bucket: query.bucket,
        time_zone: query.time_zone,
        by,
        total: figuresJson(result.total),
        groups: result.groups.map(groupJson),
        key_names: by.includes("key") ? keyNames(context, result.groups) : {},
        unpriced,
        data: result.buckets.map(({ start, end, total, groups }) => ({
          start: formatInstant(start),
          end: formatInstant(end),
          total: figuresJson(total),
          groups: groups.map(groupJson),
        })),
      });
    },
  }),
];

const maxGroupKeys = 4;

export function keyNames(
  { ledger }: ApiContext,
  groups: readonly Pick<GroupFigures, "group">[],
): Readonly<Record<string, string>> {
  const wanted = new Set(groups.map(({ group }) => group["key"]));
  return Object.fromEntries(
    ledger.keys().flatMap(({ keyId, name }) => (wanted.has(keyId) ? [[keyId, name]] : [])),
  );
}

function figuresJson({ calls, released, refusals, cost, usage, latencyMs }: Figures): FiguresJson {
  return {
    calls,
    released,
    refusals,
    cost_usd: formatUsd(cost),
    tokens: countTokens(usage),
    usage,
    avg_latency_ms: calls === 0 ? 0 : latencyMs / calls,
  };
}

function groupJson(group: GroupFigures): GroupFiguresJson {
  return { group: group.group, ...figuresJson(group) };
}
