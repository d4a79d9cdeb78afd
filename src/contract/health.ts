/** Schemas of health: liveness, readiness, and the check of the ledger. */

import { z } from "zod";
import type { Json } from "./json.ts";

export const readinessSchema = z
  .object({ ready: z.boolean(), reasons: z.array(z.string()) })
  .meta({ id: "Readiness" });

export const verificationSchema = z
  .object({
    ok: z.boolean(),
    entries: z.int(),
    damage: z
      .array(z.string())
      .describe("Corrupt pages of the file. If there are any, nothing else was checked."),
    broken_at: z.int().nullable().describe("The first entry that breaks the hash chain."),
    drift: z.array(z.object({ counter: z.string(), kept: z.string(), journal: z.string() })),
    rollup_drift: z.array(z.object({ hour: z.string(), kept: z.string(), journal: z.string() })),
  })
  .meta({ id: "Verification" });

export const aliveSchema = z.object({ status: z.literal("ok"), version: z.string() });

export type AliveJson = Json<typeof aliveSchema>;
export type ReadinessJson = Json<typeof readinessSchema>;
export type VerificationJson = Json<typeof verificationSchema>;
