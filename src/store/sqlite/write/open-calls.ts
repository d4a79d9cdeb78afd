/** Calls whose end is not in the tables yet, with the data that their later rows refer to. */

import { assert } from "../../../domain/assert.ts";
import { PassingMap } from "../../../domain/passing/passing-map.ts";
import type { CallId, HoldEntry } from "../../../domain/ledger/entry.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { decodeHold } from "../../journal/decode.ts";
import type { CallOnFile, EncodedEntry } from "../../journal/encode.ts";
import type { FileHistory } from "../journal/file-history.ts";

export class OpenCalls {
  readonly #file: FileHistory;
  /**
   * Nearly all calls are first attempts: looking them up by plain id takes 12 ns, building a key
   * 170 (Node 26).
   */
  readonly #firsts = new PassingMap<string, CallOnFile>();
  readonly #laters = new PassingMap<string, CallOnFile>();
  #ended: CallId[] = [];

  constructor(file: FileHistory) {
    this.#file = file;
  }

  open(entry: HoldEntry, encoded: EncodedEntry): void {
    this.restore(encoded, entry);
  }

  restore(row: JournalRow, entry: HoldEntry): void {
    const call = callOfHold(row, entry);
    if (entry.attempt === 1) this.#firsts.set(entry.operationId, call);
    else this.#laters.set(laterKey(call), call);
  }

  /** The hold of a call, open or not. */
  find(id: CallId): CallOnFile {
    const call =
      id.attempt === 1 ? this.#firsts.get(id.operationId) : this.#laters.get(laterKey(id));
    return call ?? this.#findOnFile(id);
  }

  /**
   * Whether the operation's only attempt is in memory, so the tables have no ended attempt of it.
   */
  isFirst(operationId: string): boolean {
    return this.#firsts.has(operationId);
  }

  /** Keeps only the names of the call, not the rest of the entry that ended it. */
  end({ operationId, attempt }: CallId): void {
    this.#ended.push({ operationId, attempt });
  }

  /**
   * Returns the calls that ended since the last call; forget them once their end is in the tables.
   */
  takeEnded(): readonly CallId[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  forget(ended: readonly CallId[]): void {
    for (const id of ended) {
      if (id.attempt === 1) this.#firsts.delete(id.operationId);
      else this.#laters.delete(laterKey(id));
    }
  }

  #findOnFile(id: CallId): CallOnFile {
    const row = this.#file.journal
      .holds(id.operationId)
      .find(({ attempt }) => attempt === id.attempt);
    assert(row !== undefined, "an entry about a call finds its hold");
    const { route } = decodeHold(row, this.#file.names);
    return {
      ...id,
      call: row.seq,
      route,
      attributionId: row.attributionId ?? 0,
      routeId: row.routeId ?? 0,
    };
  }
}

/** What the later rows about a call take from its hold. */
export function callOfHold(
  { seq, attributionId, routeId }: JournalRow,
  { operationId, attempt, route }: HoldEntry,
): CallOnFile {
  assert(attributionId !== null && routeId !== null, "a hold has an attribution and a route");
  return { operationId, attempt, call: seq, route, attributionId, routeId };
}

function laterKey({ operationId, attempt }: CallId): string {
  return `${attempt} ${operationId}`;
}
