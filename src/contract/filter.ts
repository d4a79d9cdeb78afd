/** Schemas of the filters of every route that reads calls. */

import { z } from "zod";
import { dimensions } from "../domain/attribution/attribution.ts";
import { suggest } from "../domain/input/nearest.ts";
import { nameSchema } from "./value.ts";

/** A filter for each dimension. */
export const dimensionQuery = Object.fromEntries(
  dimensions.map((dimension) => [dimension, nameSchema.optional()]),
) as Record<(typeof dimensions)[number], z.ZodOptional<z.ZodString>>;

const filterQuery = {
  ...dimensionQuery,
  provider: nameSchema.optional(),
  model: nameSchema.optional().describe("The model served."),
  endpoint: nameSchema.optional(),
  key_id: nameSchema.optional().describe("`unattributed` finds calls without a key."),
  status: z
    .enum(["settled", "estimated", "unresolved", "released", "refused"])
    .optional()
    .describe("`refused` finds calls that a budget refused; they are not listed otherwise."),
  operation_id: nameSchema.optional(),
  from: z
    .string()
    .optional()
    .describe(
      "RFC 3339 or a date (UTC), inclusive. Figures: `epoch` for the last one that applies.",
    ),
  to: z.string().optional().describe("RFC 3339 or a date (UTC), exclusive."),
};

export type FilterQuery = z.output<z.ZodObject<typeof filterQuery>> &
  Readonly<Record<string, unknown>>;

/** The filters, with fields of the route's own. `tag:NAME=VALUE` filters by a tag. */
export function filterSchema<Shape extends z.ZodRawShape>(shape: Shape) {
  return taggedQuery({ ...filterQuery, ...shape });
}

/** A query with these fields, and `tag:NAME=VALUE` for tags. */
export function taggedQuery<Shape extends z.ZodRawShape>(known: Shape) {
  return z
    .object(known)
    .catchall(z.string())
    .superRefine((query, check) => {
      const isKnown = (name: string): boolean =>
        Object.hasOwn(known, name) || name.startsWith("tag:");
      // Only the first problem is reported.
      const name = Object.keys(query).find((asked) => !isKnown(asked));
      if (name === undefined) return;
      check.addIssue({
        code: "custom",
        path: [name],
        message: "is an unknown filter",
        params: { remedy: suggest(name, [...Object.keys(known), "tag:NAME"]) },
      });
    });
}

export const includeSchema = z
  .enum(["simulator"])
  .optional()
  .describe(
    "`simulator` adds simulated calls, which are left out once there are calls of other providers.",
  );
