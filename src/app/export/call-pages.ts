/** The pages of an export: calls as they are read, and sums that are in memory. */

import { sortInTurns, turns } from "../../domain/turns.ts";
import type {
  CallFilter,
  CallRow,
  CorrectionFilter,
  CorrectionRow,
  LedgerReader,
} from "../port/reader.ts";

/** So few that the text of a page is no large object, which V8 would collect late. */
const rowsPerPage = 100;

/** Those first that were recorded last. Calls that end later are not included. */
export async function* callPages(
  reader: Pick<LedgerReader, "calls">,
  filter: CallFilter,
): AsyncGenerator<readonly CallRow[]> {
  yield* pages((page) => reader.calls(filter, page));
}

/** Those first that were booked last. */
export async function* correctionPages(
  reader: Pick<LedgerReader, "corrections">,
  filter: CorrectionFilter,
): AsyncGenerator<readonly CorrectionRow[]> {
  yield* pages((page) => reader.corrections(filter, page));
}

/** Rows that are in memory, in turns: the writer of a page does not wait for anything else. */
export async function* pagesInTurns<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (let place = 0; place < rows.length; place += rowsPerPage) {
    if (turns.isOver) await turns.next();
    yield rows.slice(place, place + rowsPerPage);
  }
}

/** The most expensive first. */
export async function* byCost<Row extends { readonly cost: bigint }>(
  rows: readonly Row[],
): AsyncGenerator<readonly Row[]> {
  const sorted = await sortInTurns(rows, (left, right) =>
    left.cost === right.cost ? 0 : left.cost > right.cost ? -1 : 1,
  );
  yield* pagesInTurns(sorted);
}

async function* pages<Row extends { readonly seq: number }>(
  read: (page: {
    readonly limit: number;
    readonly before: number | null;
  }) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let before: number | null = null;
  for (;;) {
    const page: readonly Row[] = await read({ limit: rowsPerPage, before });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < rowsPerPage) return;
    before = last.seq;
  }
}
