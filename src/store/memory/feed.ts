/** Follows the journal of a ledger on a server, by asking for one page after another. */

import { setTimeout as pause } from "node:timers/promises";
import type { Feed, FollowedEntry } from "../../app/port/feed.ts";
import { PurserError } from "../../domain/error.ts";
import { followJournal, journalEnds } from "../follow.ts";
import type { Link } from "./link.ts";
import type { MemoryServer } from "./server.ts";

/** Time between two questions when there was nothing new, in milliseconds. */
const pollMs = 10;
const limit = 200;

export class MemoryFeed implements Feed {
  readonly #link: Link<MemoryServer>;
  readonly #closing = new AbortController();

  constructor(link: Link<MemoryServer>) {
    this.#link = link;
  }

  follow(afterSeq: number, signal?: AbortSignal): AsyncIterable<readonly FollowedEntry[]> {
    const closing = this.#closing.signal;
    return followJournal(afterSeq, {
      read: (seq) => this.#read(seq),
      bell: {
        count: 0,
        after: (_count, aborted) =>
          pause(pollMs, undefined, { signal: aborted }).catch(() => undefined),
      },
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
    });
  }

  async last(): Promise<number> {
    return this.#link.askAgain("lastSeq", null);
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #read(seq: number): Promise<readonly FollowedEntry[]> {
    try {
      const page = await this.#link.askAgain("entriesAfter", { seq, limit });
      if (!page) throw journalEnds(seq);
      return page;
    } catch (cause) {
      if (cause instanceof PurserError) throw cause;
      throw new PurserError("store_unavailable", "the journal cannot be read", { cause });
    }
  }
}
