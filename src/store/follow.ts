/** Follows a journal page by page; each store says how to read a page and when to look again. */

import type { FollowedEntry } from "../app/port/feed.ts";
import { PurserError } from "../domain/error.ts";
import type { Bell } from "./bell.ts";

export interface Followed {
  /** At most one page of the entries after this one; empty at the end of the journal. */
  readonly read: (afterSeq: number) => Promise<readonly FollowedEntry[]>;
  /** Rings when there may be new entries. */
  readonly bell: Pick<Bell, "count" | "after">;
  readonly signal: AbortSignal;
}

/** Reads a page when the follower asks for one, so it never has more than one in memory. */
export async function* followJournal(
  afterSeq: number,
  { read, bell, signal }: Followed,
): AsyncGenerator<readonly FollowedEntry[], void, void> {
  let last = afterSeq;
  while (!signal.aborted) {
    // Counted before reading: entries that come meanwhile are not missed.
    const { count } = bell;
    const page = await read(last);
    if (signal.aborted) return;
    last = page.at(-1)?.seq ?? last;
    if (page.length > 0) yield page;
    else await bell.after(count, signal);
  }
}

/** The error for a checkpoint that the journal does not have. */
export function journalEnds(afterSeq: number): PurserError {
  return new PurserError("conflict", `the journal ends before entry ${afterSeq}`, {
    remedy:
      "It is not the journal that was followed, or an older copy of it. Begin again after entry 0.",
  });
}
