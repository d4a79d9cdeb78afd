/** Shapes that several routes take or give. */

import { z } from "zod";
import { dimensions } from "../domain/attribution/attribution.ts";
import {
  isOpenMeter,
  mostOpenMeters,
  openMeterPattern,
  openMeterProblem,
} from "../domain/usage/open-meter.ts";
import { fixedMeters } from "../domain/usage/usage.ts";
import { PurserError } from "../domain/error.ts";
import { decimalText, formatInstant } from "../domain/input/scalar.ts";
import { mostPerCall, parseUsd, type PicoUsd } from "../domain/money/money.ts";
import { problemSchema } from "./problem.ts";
import type { ResponseSpecification } from "./route.ts";

/** Exact money or counts as they leave: never a JSON number, which a reader would round. */
export const decimalSchema = z.string().describe('A plain decimal, such as "0.021".');

export const usdSchema = decimalSchema.describe('USD as a plain decimal, such as "0.021": exact.');

export const usdInput = z
  .union([z.string(), z.number()])
  .describe('USD as a decimal string, such as "0.05".');

/** An amount that a call can hold or cost. @throws PurserError `invalid_request` for another. */
export function readUsd(value: string | number, field: string): PicoUsd {
  const amount = parseUsd(decimalText(value, field), field);
  if (amount >= 0n && amount <= mostPerCall) return amount;
  throw new PurserError("invalid_request", `${field}: out of range`, {
    field,
    remedy: "Give an amount in USD, from 0 to 9223372.",
  });
}

/** What a moment may be in a request. */
export const instantInput = "RFC 3339 with its offset, or a date, which is its midnight in UTC.";
export const instantSchema = z.string().meta({ format: "date-time" }).describe("RFC 3339, in UTC.");

/** Of a budget: `start` is null for one that has always been open, `end` for one that stays so. */
export const windowSchema = z.object({
  start: instantSchema.nullable(),
  end: instantSchema.nullable(),
});

/** A window as {@link windowSchema} has it. A budget without a beginning counts from the epoch on. */
export function windowJson({
  start,
  end,
}: {
  readonly start: number;
  readonly end: number | null;
}): object {
  return {
    start: start === 0 ? null : formatInstant(start),
    end: end === null ? null : formatInstant(end),
  };
}

export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  // In the document, too: written so that a client can generate by it.
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, "must not have control characters");

export const idSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._:/@+=-]+$/, "may have letters, digits and . _ : / @ + = - only");

/** Attribution as a request gives it: values by dimension, and tags. The rules of refining follow in the domain. */
export const attributionSchema = z
  .strictObject({
    ...(Object.fromEntries(
      dimensions.map((dimension) => [dimension, nameSchema.optional()]),
    ) as Record<(typeof dimensions)[number], z.ZodOptional<z.ZodString>>),
    tags: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: "Attribution" });

const count = z.int().min(0).max(1_000_000_000_000);
/** Of an open meter, which may cost nothing: the sums of many calls stay exact. */
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
      `Disjoint counts: no token is in two of them. An absent one is zero. Besides the meters listed, up to ${mostOpenMeters} ` +
      `others: calls of a tool as \`tool:NAME\`, and units such as \`pages\` or \`audio_seconds\`.`,
    propertyNames: { pattern: openMeterPattern.source },
  });

function checkOpenMeters(usage: object, context: z.RefinementCtx): void {
  const names = Object.keys(usage).filter(isOpenMeter);
  for (const name of names) {
    const message = openMeterProblem(name);
    if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
  }
  if (names.length > mostOpenMeters)
    context.addIssue({
      code: "custom",
      message: `has more than ${mostOpenMeters} meters besides the listed ones`,
    });
}

export const serviceTierSchema = z.enum(["standard", "batch", "flex", "priority", "fast"]);

/** A page of rows, newest first. */
export function pageSchema(row: z.ZodType): z.ZodType {
  return z.object({
    data: z.array(row),
    next_cursor: z
      .string()
      .nullable()
      .describe("Give it as `cursor` for the next page; null at the end."),
  });
}

export function answer(description: string, schema: z.ZodType): ResponseSpecification {
  return { description, schema };
}

export function problem(description: string): ResponseSpecification {
  return { description, schema: problemSchema, mediaType: "application/problem+json" };
}
