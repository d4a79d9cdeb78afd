/** Schemas of pages: the query that asks for one, and the list of rows that answers it. */

import { z } from "zod";

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Rows on a page: 1 to 500."),
  cursor: z.string().max(100).optional().describe("From `next_cursor` of the page before."),
};

/** A page of rows, newest first. */
export function pageSchema<Row extends z.ZodType>(row: Row) {
  return z.object({
    data: z.array(row),
    next_cursor: z
      .string()
      .nullable()
      .describe("Give it as `cursor` for the next page; null at the end."),
  });
}

export interface PageJson<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}
