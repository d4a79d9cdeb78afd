/** Schemas of the filters of every route that reads calls. */

import { z } from "zod";
import { dimensions } from "../domain/attribution/attribution.ts";
import { suggest } from "../domain/input/nearest.ts";
import { nameSchema } from "./value.ts";

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

export const includeSchema = z
  .enum(["simulator"])
  .optional()
  .describe(
    "`simulator` adds its calls, whose money is invented, where they are left out: beside calls of other providers.",
  );
