/** Rows of a table as JSON objects, by the names of their columns. */

import { formatInstant } from "../input/scalar.ts";
import { formatUsd, pico } from "../money/money.ts";
import type { Cell, Column, Table } from "./table.ts";

/** `{"data":[…]}` with a row on each line. Amounts are decimal strings, times RFC 3339. */
export async function* jsonOf({ columns, pages }: Table): AsyncGenerator<string> {
  yield* jsonRows(objectsOf(columns, pages));
}

/** `{"data":[…]}` of any records. */
export async function* jsonRows(pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  yield '{"data":[';
  let separator = "\n";
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield `${separator}${page.map((row) => JSON.stringify(row)).join(",\n")}`;
    separator = ",\n";
  }
  yield "\n]}\n";
}

async function* objectsOf(
  columns: readonly Column[],
  pages: Table["pages"],
): AsyncGenerator<readonly Readonly<Record<string, unknown>>[]> {
  for await (const page of pages) {
    yield page.map((row) =>
      Object.fromEntries(
        columns.map((column, place) => [column.name, jsonCell(column, row[place] ?? null)]),
      ),
    );
  }
}

function jsonCell({ kind }: Column, cell: Cell): string | number | null {
  if (typeof cell === "bigint") return formatUsd(pico(cell));
  return kind === "instant" && typeof cell === "number" ? formatInstant(cell) : cell;
}
