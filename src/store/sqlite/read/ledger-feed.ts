/** Follows the journal of the embedded ledger, read on a thread of its own. */

import type { Feed, FollowedEntry } from "../../../app/port/feed.ts";
import type { Bell } from "../../bell.ts";
import { followJournal, journalEnds } from "../../follow.ts";
import { ReaderThread } from "./reader-thread.ts";

export interface FeedParts {
  readonly directory: string;
  /** Rings whenever entries have been booked. */
  readonly booked: Bell;
}

/** Entries in a page: they are in memory while a follower deals with them. */
const limit = 200;

/**
 * One thread reads for all followers. A follower sees an entry once it is booked: from then on it
 * is never written again. A staged entry is on disk, too, but it is booked a moment later.
 */
export class SqliteFeed implements Feed {
  readonly #parts: FeedParts;
  readonly #thread: ReaderThread;
  readonly #closing = new AbortController();

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#thread = new ReaderThread({ directory: parts.directory });
  }

  follow(afterSeq: number, signal?: AbortSignal): AsyncIterable<readonly FollowedEntry[]> {
    const closing = this.#closing.signal;
    return followJournal(afterSeq, {
      read: (seq) => this.#read(seq),
      bell: this.#parts.booked,
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
    });
  }

  async last(): Promise<number> {
    return (await this.#thread.ask({ method: "last" })) as number;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#thread.close();
  }

  async #read(afterSeq: number): Promise<readonly FollowedEntry[]> {
    const page = await this.#thread.ask({ method: "entries", afterSeq, limit });
    if (!page) throw journalEnds(afterSeq);
    return page as readonly FollowedEntry[];
  }
}
