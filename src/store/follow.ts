/** Follows a journal page by page; each store says how to read a page and when to look again. */

import type { NumberedEntry } from "../app/port/feed.ts";
import { PurserError } from "../domain/error.ts";

export interface Followed {
  /** At most one page of the entries after this one; empty at the end of the journal. */
  readonly read: (afterSeq: number) => Promise<readonly NumberedEntry[]>;
  /**
   * Resolves when there may be more, at the latest when `signal` is aborted. It is asked before the
   * page is read, so that no news is missed.
   */
  readonly news: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export async function* followJournal(
  afterSeq: number,
  { read, news, signal }: Followed,
): AsyncGenerator<readonly NumberedEntry[], void, void> {
  let last = afterSeq;
  while (!signal.aborted) {
    const more = news(signal);
    const page = await read(last);
    if (signal.aborted) return;
    last = page.at(-1)?.seq ?? last;
    if (page.length > 0) yield page;
    else await more;
  }
}

/** The error for a checkpoint that the journal does not have. */
export function journalEnds(afterSeq: number): PurserError {
  return new PurserError("conflict", `the journal ends before entry ${afterSeq}`, {
    remedy:
      "It is not the journal that was followed, or an older copy of it. Begin again after entry 0.",
  });
}
