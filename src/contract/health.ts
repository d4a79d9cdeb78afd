/** Schemas of health: liveness, readiness, and the check of the ledger. */

import { z } from "zod";
import type { Json } from "./json.ts";

export const readySchema = z
  .object({ ready: z.boolean(), reasons: z.array(z.string()) })
  .meta({ id: "Readiness" });

export const verifySchema = z
  .object({
    ok: z.boolean(),
    entries: z.int(),
    damage: z
      .array(z.string())
      .describe(
        "Pages of the file that are not what was written there; the rest was not looked at then.",
      ),
    broken_at: z
      .int()
      .nullable()
      .describe("The first entry whose hash does not follow from the one before."),
    drift: z.array(z.object({ counter: z.string(), kept: z.string(), journal: z.string() })),
    rollup_drift: z.array(z.object({ hour: z.string(), kept: z.string(), journal: z.string() })),
  })
  .meta({ id: "Verification" });

export const aliveSchema = z.object({ status: z.literal("ok"), version: z.string() });

export type AliveJson = Json<typeof aliveSchema>;
export type ReadinessJson = Json<typeof readySchema>;
export type VerificationJson = Json<typeof verifySchema>;
