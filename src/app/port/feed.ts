/** Port to the journal as a feed, for what reacts to entries: alerts, exports, dashboards. */

import type { EntryContext } from "../../domain/event/context.ts";
import type { Entry } from "../../domain/ledger/entry.ts";

/** An entry with its place in the journal. */
export interface NumberedEntry {
  /** 1 for the first entry; each later entry has the next number. */
  readonly seq: number;
  readonly entry: Entry;
}

/** An entry with what it refers to, as it was at that point. */
export interface FollowedEntry extends NumberedEntry {
  readonly context: EntryContext;
}

/**
 * The journal, entry by entry and in order, without delaying calls.
 *
 * A follower saves the `seq` of the last entry it has dealt with, and continues after it when it is
 * restarted: it sees each entry at least once and misses none.
 */
export interface Feed {
  /**
   * All entries after a sequence number, then new ones as they come, in pages of one or more. The
   * next page is read only when it is asked for, so a slow follower takes no more memory than a
   * fast one.
   *
   * Entries in a page are permanent: they are durable, have their final numbers, and are in the
   * figures of a reader. That is up to a quarter of a second after the command resolved.
   *
   * @param afterSeq 0 to begin with the first entry.
   * @param signal Ends the iteration, without an error.
   * @throws PurserError `conflict` if the journal ends before `afterSeq`, such as after a backup
   *   was restored; `store_unavailable` if it cannot be read. A new iteration continues after the
   *   last page.
   */
  follow(afterSeq: number, signal?: AbortSignal): AsyncIterable<readonly FollowedEntry[]>;

  /**
   * The number of the last permanent entry; 0 if there is none.
   *
   * @throws PurserError `store_unavailable` if the journal cannot be read.
   */
  last(): Promise<number>;

  /** Ends all iterations. */
  close(): Promise<void>;
}
