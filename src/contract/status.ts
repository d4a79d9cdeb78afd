/** Schemas of the running process: its parts, and checks of its provider keys. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { instantSchema } from "./value.ts";

export const statusSchema = z
  .object({
    version: z.string(),
    node: z.string().describe("Version of Node.js."),
    process_id: z.int(),
    started_at: instantSchema,
    data: z.string().describe("Absolute path of the data folder."),
    configuration: z
      .string()
      .nullable()
      .describe("Absolute path of the configuration file; null without one."),
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
          "The day on which the prices added to the price list were last checked with the providers.",
        ),
      age_days: z.int().describe("Whole days since `checked_on`."),
      updated_at: instantSchema.describe(
        "The newest date of the price book's sources: of the built-in list, or of a later update.",
      ),
      stated: z.int().describe("Number of prices from the configuration and this API."),
    }),
    price_updates: z
      .object({
        from: z.string(),
        every_seconds: z.int(),
        last: z
          .object({
            at: instantSchema,
            result: z.enum(["applied", "unchanged", "checked", "refused", "failed"]),
            message: z.string(),
          })
          .nullable()
          .describe("The last run since the start of the process; null before the first."),
      })
      .nullable()
      .describe("The schedule by which the prices are updated; null for none."),
    providers: z.array(
      z.object({
        name: z.string(),
        base_urls: z.array(z.string()),
        key: z.enum(["set", "callers_bring_theirs", "simulated"]),
      }),
    ),
  })
  .meta({ id: "Status" });

export const probesSchema = z
  .object({
    data: z.array(
      z.object({
        provider: z.string(),
        url: z.string(),
        state: z
          .enum(["accepted", "refused", "unchecked", "failing", "unreachable"])
          .describe("`unchecked`: the provider answered, but not about the key."),
        status: z.int().nullable(),
        elapsed_ms: z.int(),
        models: z.int().nullable(),
        problem: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "ProviderProbes" });

export type StatusJson = Json<typeof statusSchema>;
export type ProbesJson = Json<typeof probesSchema>;
