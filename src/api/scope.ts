/** Which figures a caller may see, and the filter that follows from it and from what was asked. */

import { z } from "zod";
import type { CallFilter } from "../app/port/reader.ts";
import { withoutSimulated } from "../app/route/simulated.ts";
import { dimensions, type Attribution } from "../domain/attribution/attribution.ts";
import { everyValue } from "../domain/budget/applies.ts";
import type { Budget } from "../domain/budget/budget.ts";
import { narrowest, ownValue } from "../domain/budget/own.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import type { ApiContext, Caller } from "./context.ts";
import { nameSchema } from "./schema.ts";

const dimensionQuery = Object.fromEntries(
  dimensions.map((dimension) => [dimension, nameSchema.optional()]),
) as Record<(typeof dimensions)[number], z.ZodOptional<z.ZodString>>;

const filterQuery = {
  ...dimensionQuery,
  provider: nameSchema.optional(),
  model: nameSchema.optional().describe("The model served."),
  status: z
    .enum(["settled", "estimated", "unresolved", "released", "refused"])
    .optional()
    .describe("`refused` finds calls that a budget refused, which are no calls otherwise."),
  operation_id: nameSchema.optional(),
  from: z.string().optional().describe("RFC 3339 or a day (UTC), included."),
  to: z.string().optional().describe("RFC 3339 or a day (UTC), excluded."),
};

export type FilterQuery = z.output<z.ZodObject<typeof filterQuery>> &
  Readonly<Record<string, unknown>>;

/** The filters of every route that reads calls, besides its own fields. `tag:NAME=VALUE` filters by a tag. */
export function filterSchema<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = { ...filterQuery, ...shape };
  return z
    .object(known)
    .catchall(z.string())
    .superRefine((query, check) => {
      for (const name of Object.keys(query)) {
        if (Object.hasOwn(known, name) || name.startsWith("tag:")) continue;
        check.addIssue({
          code: "custom",
          path: [name],
          message: `is not a filter. ${suggest(name, [...Object.keys(known), "tag:NAME"])}`,
        });
      }
    });
}

/**
 * @throws PurserError `forbidden` when the filter asks for what lies outside of the caller's attribution, `invalid_request` for
 *   a time that is none.
 */
export function scopedFilter(caller: Caller, query: FilterQuery): CallFilter {
  const asked: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const isDimension =
      name.startsWith("tag:") || dimensions.some((dimension) => dimension === name);
    if (isDimension && typeof value === "string") asked[name] = value;
  }
  const from = query.from === undefined ? undefined : parseInstant(query.from, "from");
  const to = query.to === undefined ? undefined : parseInstant(query.to, "to");
  if (from !== undefined && to !== undefined && to <= from) {
    throw new PurserError("invalid_request", "to: must be after `from`", {
      field: "to",
      remedy: "Give a later time, or an earlier `from`.",
    });
  }
  return {
    attribution: confine(caller, asked),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(query.provider !== undefined && { provider: query.provider }),
    ...(query.model !== undefined && { model: query.model }),
    ...(query.status !== undefined && { status: query.status }),
    ...(query.operation_id !== undefined && { operationId: query.operation_id }),
  };
}

/** For figures: once there are other calls, the simulator's are left out unless they are asked for. */
export function figuresFilter(
  caller: Caller,
  query: FilterQuery & { readonly include?: "simulator" | undefined },
  { simulatedApart = false }: Pick<ApiContext, "simulatedApart">,
): CallFilter {
  const filter = scopedFilter(caller, query);
  return simulatedApart && query.include === undefined ? withoutSimulated(filter) : filter;
}

export const includeSchema = z
  .enum(["simulator"])
  .optional()
  .describe(
    "`simulator` adds its calls, whose money is invented, where they are left out: beside calls of other providers.",
  );

/** What the caller's key fixes, as filters by dimension. An administrator is not confined. */
function fixedValues(caller: Caller): Readonly<Record<string, string>> {
  if (caller.role === "admin" || !caller.key) return {};
  return valuesOf(caller.key.attribution);
}

/** @throws PurserError `forbidden` for a reader whose key is for a part of the figures. */
export function checkSeesAll(caller: Caller): void {
  const [dimension] = Object.keys(fixedValues(caller));
  if (dimension === undefined) return;
  throw new PurserError("forbidden", `this key reads the figures of one ${dimension} only`, {
    remedy: "Use a reader's key without attribution.",
  });
}

function valuesOf({ tags, ...attribution }: Attribution): Record<string, string> {
  const values: Record<string, string> = { ...attribution };
  for (const [name, value] of Object.entries(tags ?? {})) values[`tag:${name}`] = value;
  return values;
}

function confine(
  caller: Caller,
  asked: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fixed = fixedValues(caller);
  for (const [name, value] of Object.entries(asked)) {
    const own = fixed[name];
    if (own === undefined || own === value) continue;
    throw new PurserError(
      "forbidden",
      `${name}: this key reads the figures of another ${name} only`,
      {
        field: name,
        remedy: `Leave ${name} out, or use a key for it.`,
      },
    );
  }
  return { ...asked, ...fixed };
}

/**
 * The value of a budget's dimension to which a caller is confined: null when it may see all of the budget, undefined when
 * it may see nothing of it.
 *
 * A reader that is confined to nothing sees all; a key that makes calls sees what counts its own calls alone, and so nothing where
 * it fixes nothing.
 */
export function visibleValue({ role, key }: Caller, budget: Budget): string | null | undefined {
  if (role === "admin" || !key) return null;
  if (role === "reader" && narrowest(key.attribution) === undefined) return null;
  const own = ownValue(budget, key.attribution);
  return own !== undefined && budget.resourceId !== everyValue ? null : own;
}
