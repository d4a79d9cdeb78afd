/** Schemas of pages: the query that asks for one, and the list of rows that answers it. */

import { z } from "zod";

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Rows on a page: 1 to 500."),
  cursor: z.string().max(100).optional().describe("`next_cursor` of the previous page."),
};

/** A page of rows, newest first. */
export function pageSchema<Row extends z.ZodType>(row: Row) {
  return z.object({
    data: z.array(row),
    next_cursor: z
      .string()
      .nullable()
      .describe("The `cursor` of the next page; null on the last page."),
  });
}

export interface PageJson<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}
