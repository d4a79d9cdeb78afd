/** Schemas of the running process: its parts, and checks of its provider keys. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { instantSchema } from "./value.ts";

export const statusSchema = z
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

export const probesSchema = z
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

export type StatusJson = Json<typeof statusSchema>;
export type ProbesJson = Json<typeof probesSchema>;
