/** `/api/v1/status`: what the running process is made of, and whether its providers take their keys. */

import { z } from "zod";
import { formatInstant } from "../domain/input/scalar.ts";
import { adminOnly, ok, route, type Route } from "./route.ts";
import { answer, instantSchema } from "./schema.ts";

const statusSchema = z
  .object({
    version: z.string(),
    node: z.string().describe("The version of Node that runs it."),
    process_id: z.int(),
    started_at: instantSchema,
    data: z.string().describe("The data folder, as an absolute path."),
    durability: z.string(),
    ledger: z.object({
      writable: z.boolean(),
      problem: z.string().nullable(),
      open_holds: z.int(),
    }),
    prices: z.object({
      version: z.string(),
      checked_on: z
        .string()
        .describe(
          "The day on which prices beside the price list were last read from their providers.",
        ),
      age_days: z.int(),
      stated: z.int().describe("Prices of the configuration and of this API."),
    }),
    providers: z.array(
      z.object({
        name: z.string(),
        base_urls: z.array(z.string()),
        key: z.enum(["set", "callers_bring_theirs", "simulated"]),
      }),
    ),
  })
  .meta({ id: "Status" });

const probesSchema = z
  .object({
    data: z.array(
      z.object({
        provider: z.string(),
        url: z.string(),
        state: z
          .enum(["accepted", "refused", "unchecked", "failing", "unreachable"])
          .describe("`unchecked`: it answers, and the answer says nothing about the key."),
        status: z.int().nullable(),
        elapsed_ms: z.int(),
        models: z.int().nullable(),
        problem: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "ProviderProbes" });

const dayMs = 86_400_000;

export const statusRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/status",
    access: adminOnly,
    tag: "process",
    summary: "Describe the running process",
    description: "Its version, data folder, ledger, prices and providers. Never a key.",
    responses: { 200: answer("As it is now.", statusSchema) },
    async handler({ context }) {
      const {
        node,
        processId,
        startedAt,
        data,
        durability,
        pricesCheckedOn,
        pricesStated,
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
          stated: pricesStated,
        },
        providers: providers.map(({ name, baseUrls, key }) => ({ name, base_urls: baseUrls, key })),
      });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/status/providers",
    access: adminOnly,
    tag: "process",
    summary: "Ask each provider for its list of models, with its key",
    description: "Free: no model is called. Each provider has ten seconds.",
    responses: { 200: answer("What each of them answered.", probesSchema) },
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
