/** Reads the calls of an export page by page, so that memory does not grow with their number. */

import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";

/** Small enough that reading a page does not delay calls. */
const callsPerPage = 250;

/** Newest first. Calls that end later are not included. */
export async function* callPages(
  reader: Pick<LedgerReader, "calls">,
  filter: CallFilter,
): AsyncGenerator<readonly CallRow[]> {
  let before: number | null = null;
  for (;;) {
    const page: readonly CallRow[] = await reader.calls(filter, { limit: callsPerPage, before });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < callsPerPage) return;
    before = last.seq;
  }
}
