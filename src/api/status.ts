/** Serves `/api/v1/status`: the running process, and whether providers accept their keys. */

import type { PriceSchedule } from "../app/port/price-lists.ts";
import type { ScheduledRun } from "../app/manage/update-prices.ts";
import { probesSchema, statusSchema, type StatusJson } from "../contract/status.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { adminOnly, answer, ok, route, type Route } from "./route.ts";

const dayMs = 86_400_000;

export const statusRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/status",
    access: adminOnly,
    tag: "process",
    summary: "Describe the running process",
    description: "Its version, data folder, ledger, prices and providers. Never a key.",
    responses: { 200: answer("The current status.", statusSchema) },
    async handler({ context }) {
      const {
        node,
        processId,
        startedAt,
        data,
        configuration,
        durability,
        pricesCheckedOn,
        pricesUpdatedAt,
        pricesStated,
        priceSchedule,
        providers,
      } = context.status();
      const problem = context.ledger.problem()?.message ?? null;
      const ageDays = Math.max(
        0,
        Math.floor((context.clock.now() - Date.parse(pricesCheckedOn)) / dayMs),
      );
      return ok({
        version: context.version,
        node,
        process_id: processId,
        started_at: formatInstant(startedAt),
        data,
        configuration,
        durability,
        ledger: {
          writable: problem === null,
          problem,
          open_holds: (await context.ledger.openHolds()).length,
        },
        prices: {
          version: context.prices().version,
          checked_on: pricesCheckedOn,
          age_days: ageDays,
          updated_at: formatInstant(pricesUpdatedAt),
          stated: pricesStated,
        },
        price_updates: priceSchedule && scheduleJson(priceSchedule, context.priceUpdates.lastRun),
        providers: providers.map(({ name, baseUrls, key }) => ({ name, base_urls: baseUrls, key })),
      });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/status/providers",
    access: adminOnly,
    tag: "process",
    summary: "Check each provider's key by requesting its list of models",
    description: "Free: no model is called. Each provider has ten seconds to answer.",
    responses: { 200: answer("The answer of each provider.", probesSchema) },
    async handler({ context }) {
      const probes = await context.probeProviders();
      return ok({
        data: probes.map(({ elapsedMs, ...probe }) => ({
          ...probe,
          elapsed_ms: Math.round(elapsedMs),
        })),
      });
    },
  }),
];

function scheduleJson(
  { from, everyMs }: PriceSchedule,
  last: ScheduledRun | null,
): NonNullable<StatusJson["price_updates"]> {
  return {
    from,
    every_seconds: everyMs / 1000,
    last: last && { at: formatInstant(last.at), result: last.result, message: last.message },
  };
}
