/** A table to export: named columns, and rows that are read as they are written. */

/**
 * What a column holds, and how a format shows it:
 *
 * - `text` text from users and providers
 * - `usd` pico-USD
 * - `count` a whole number
 * - `number` any other number
 * - `instant` milliseconds since the epoch
 */
export type ColumnKind = "text" | "usd" | "count" | "number" | "instant";

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** A bigint in a `usd` column. Null is an empty cell. */
export type Cell = string | number | bigint | null;

export type Row = readonly Cell[];

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** In pages, so that a reader and a writer each work on one page at a time. */
  readonly pages: AsyncIterable<readonly Row[]>;
}

/** A column of a table whose rows are made from records. */
export interface ColumnOf<Record> extends Column {
  readonly of: (record: Record) => Cell;
}

/** A table with a row for each record. */
export function tableOf<Record>(
  name: string,
  columns: readonly ColumnOf<Record>[],
  pages: AsyncIterable<readonly Record[]>,
): Table {
  return {
    name,
    columns: columns.map((column) => ({ name: column.name, kind: column.kind })),
    pages: rowsOf(columns, pages),
  };
}

async function* rowsOf<Record>(
  columns: readonly ColumnOf<Record>[],
  pages: AsyncIterable<readonly Record[]>,
): AsyncGenerator<readonly Row[]> {
  for await (const page of pages)
    yield page.map((record) => columns.map((column) => column.of(record)));
}
