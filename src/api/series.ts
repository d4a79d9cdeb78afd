/** Serves `/api/v1/series`: figures over time. */

import { series, type BucketName } from "../app/report/series.ts";
import { unpricedModels } from "../app/report/unpriced-models.ts";
import type { Figures, GroupFigures } from "../app/port/reader.ts";
import {
  seriesQuery,
  seriesSchema,
  type FiguresJson,
  type GroupFiguresJson,
} from "../contract/series.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd } from "../domain/money/money.ts";
import { countTokens } from "../domain/usage/usage.ts";
import type { ApiContext } from "./context.ts";
import { figuresFilter } from "./filter.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

const dayMs = 86_400_000;

/** The length of a range without `from`. */
const usualRangeMs: Readonly<Record<BucketName, number>> = {
  none: 30 * dayMs,
  hour: dayMs,
  day: 30 * dayMs,
  week: 12 * 7 * dayMs,
  month: 365 * dayMs,
};

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
      const by = readBy(query.by);
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

function keyNames(
  { ledger }: ApiContext,
  groups: readonly GroupFigures[],
): Readonly<Record<string, string>> {
  const wanted = new Set(groups.map(({ group }) => group["key"]));
  return Object.fromEntries(
    ledger.keys().flatMap(({ keyId, name }) => (wanted.has(keyId) ? [[keyId, name]] : [])),
  );
}

const groupKeys: readonly string[] = [
  "provider",
  "model",
  "endpoint",
  "key",
  "status",
  ...dimensions,
];
const maxGroupKeys = 4;

function readBy(text: string | undefined): readonly string[] {
  const names = [...new Set(text?.split(",").map((name) => name.trim()) ?? [])];
  const unknown = names.find(
    (name) => !groupKeys.includes(name) && !/^tag:[A-Za-z0-9._:/-]{1,64}$/.test(name),
  );
  if (unknown !== undefined) {
    throw new PurserError("invalid_request", `by: cannot group by "${unknown.slice(0, 60)}"`, {
      field: "by",
      remedy: suggest(unknown, [...groupKeys, "tag:NAME"]),
    });
  }
  if (names.length > maxGroupKeys) {
    throw new PurserError("invalid_request", `by: more than ${maxGroupKeys} names`, {
      field: "by",
      remedy: `Give at most ${maxGroupKeys}.`,
    });
  }
  return names;
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
