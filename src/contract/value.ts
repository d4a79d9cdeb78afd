/** Schemas of single values in the API: money, counts, times, names, attribution and usage. */

import { z } from "zod";
import { matches } from "../domain/price/row/rate.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import {
  isOpenMeter,
  mostOpenMeters,
  openMeterPattern,
  meterMistake,
} from "../domain/usage/open-meter.ts";
import { fixedMeters } from "../domain/usage/usage.ts";
import type { Json } from "./json.ts";

/** Exact amounts in answers. Readers would round a JSON number. */
export const decimalSchema = z.string().describe('A plain decimal, such as "0.021".');

export const usdSchema = decimalSchema.describe('Exact USD as a plain decimal, such as "0.021".');

export const usdInput = z
  .union([z.string(), z.number()])
  .describe('USD as a decimal string, such as "0.05".');

/** Describes times in requests. */
export const instantInput = "RFC 3339 with an offset, or a date for its midnight in UTC.";
export const instantSchema = z.string().meta({ format: "date-time" }).describe("RFC 3339, in UTC.");

/** A budget's window. `start` is null if it has always been open, `end` if it never closes. */
export const windowSchema = z.object({
  start: instantSchema.nullable(),
  end: instantSchema.nullable(),
});

export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  // The pattern is in the OpenAPI document too, in a form that generators understand.
  // oxlint-disable-next-line no-control-regex -- these are refused
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, "must not have control characters");

export const idSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._:/@+=-]+$/, "may have letters, digits and . _ : / @ + = - only");

/** Attribution in a request: values by dimension, and tags. The domain checks what may be set. */
export const attributionSchema = z
  .strictObject({
    ...(Object.fromEntries(
      dimensions.map((dimension) => [dimension, nameSchema.optional()]),
    ) as Record<(typeof dimensions)[number], z.ZodOptional<z.ZodString>>),
    tags: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: "Attribution" });

const count = z.int().min(0).max(1_000_000_000_000);

/** Of an open meter, which may cost nothing. The limit keeps the sums of many calls exact. */
const openCount = z.int().min(0).max(1_000_000_000);

/** Disjoint counts; `reasoning` is the part of `output` that was reasoning. */
export const usageSchema = z
  .object({
    ...(Object.fromEntries(fixedMeters.map((meter) => [meter, count.optional()])) as Record<
      (typeof fixedMeters)[number],
      z.ZodOptional<z.ZodInt>
    >),
    reasoning: count.optional(),
  })
  .catchall(openCount)
  .superRefine(checkOpenMeters)
  .meta({
    id: "Usage",
    description:
      `Disjoint counts: no token is in two of them. An absent count is zero. In addition to the listed meters, up to ${mostOpenMeters} ` +
      `others: calls of a tool as \`tool:NAME\`, and units such as \`pages\` or \`audio_seconds\`.`,
    propertyNames: { pattern: openMeterPattern.source },
  });

/** Counts before it looks at names: the search for the name that was meant is slow. */
function checkOpenMeters(usage: object, context: z.RefinementCtx): void {
  const names = Object.keys(usage).filter(isOpenMeter);
  if (names.length > mostOpenMeters) {
    const message = `has more than ${mostOpenMeters} meters in addition to the listed ones`;
    return context.addIssue({ code: "custom", message });
  }
  for (const name of names) {
    const invalid = meterMistake(name);
    if (!invalid) continue;
    const { problem: message, remedy } = invalid;
    context.addIssue({ code: "custom", path: [name], message, params: { remedy } });
  }
}

export const serviceTierSchema = z.enum(["standard", "batch", "flex", "priority", "fast"]);

export type WindowJson = Json<typeof windowSchema>;
export type UsageJson = Json<typeof usageSchema>;

export const matchSchema = z
  .enum(matches)
  .describe(
    "How the price row was found: by its id (`exact`), another name (`alias`), the id without its " +
      "date (`snapshot`), a shorter id (`prefix`: check that it is the same model), the model that " +
      "the answer names (`served`), or the list of the model's own vendor (`fallback`). `rule` in " +
      "entries of earlier releases: an alias or a snapshot.",
  );
