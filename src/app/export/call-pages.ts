/** Reads the calls of an export page by page, so that memory does not grow with their number. */

import type {
  CallFilter,
  CallRow,
  CorrectionFilter,
  CorrectionRow,
  LedgerReader,
} from "../port/reader.ts";

/** So few that the text of a page is no large object, which V8 would collect late. */
const callsPerPage = 100;

/** Newest first. Calls that end later are not included. */
export async function* callPages(
  reader: Pick<LedgerReader, "calls">,
  filter: CallFilter,
): AsyncGenerator<readonly CallRow[]> {
  yield* pages((page) => reader.calls(filter, page));
}

/** Newest first. */
export async function* correctionPages(
  reader: Pick<LedgerReader, "corrections">,
  filter: CorrectionFilter,
): AsyncGenerator<readonly CorrectionRow[]> {
  yield* pages((page) => reader.corrections(filter, page));
}

async function* pages<Row extends { readonly seq: number }>(
  read: (page: {
    readonly limit: number;
    readonly before: number | null;
  }) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let before: number | null = null;
  for (;;) {
    const page: readonly Row[] = await read({ limit: callsPerPage, before });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < callsPerPage) return;
    before = last.seq;
  }
}
