/** The server of a memory ledger: it has the journal, and commits what its clients decide. */

import type { FollowedEntry, NumberedEntry } from "../../app/port/feed.ts";
import { Contexts, type EntryContext } from "../../domain/event/context.ts";
import { Books } from "../../domain/ledger/books.ts";
import type { CounterState } from "../../domain/ledger/counter.ts";
import type { Counted, CounterKey, Entry } from "../../domain/ledger/entry.ts";
import { load } from "../../domain/ledger/load.ts";
import type { Loaded } from "../../domain/ledger/loaded.ts";
import type { Needs } from "../../domain/ledger/needs.ts";
import { noHistory } from "../../domain/ledger/past.ts";
import { type ChargedCall, type Counting, Tally } from "../../domain/ledger/recount.ts";
import { isDefinition } from "../../domain/ledger/registry.ts";
import { counterItem, definitions, keyItem, operationItem, type Reads } from "./item.ts";

export interface LoadRequest {
  readonly needs: Needs;
  /** What the client has read before, for the same batch. */
  readonly reads: Reads;
}

export interface CommitRequest {
  /** A repeated request is carried out once. */
  readonly id: string;
  readonly client: string;
  readonly entries: readonly Entry[];
  readonly reads: Reads;
}

/** Each method is one request of a client, and is carried out as a whole. */
export class MemoryServer {
  readonly #journal: Entry[] = [];
  readonly #contexts = new Contexts();
  readonly #contextOf: EntryContext[] = [];
  readonly #books = new Books(noHistory);
  readonly #charges: ChargedCall[] = [];
  /** The last entry that changed an item. */
  readonly #changedAt = new Map<string, number>();
  /** The first entry of each request that was committed. */
  readonly #committed = new Map<string, number>();
  /** The client that has locked out the others. */
  #owner: string | null = null;

  constructor() {
    this.#books.watch((charged) => this.#charges.push(charged));
  }

  /** @returns null if something that was read before has changed. */
  load({ needs, reads }: LoadRequest): { readonly seq: number; readonly loaded: Loaded } | null {
    if (this.#hasChanged(reads)) return null;
    return { seq: this.#journal.length, loaded: load(this.#books, needs) };
  }

  /**
   * Appends all entries, or none.
   *
   * @returns The `seq` of the first; null if something that was read has changed, or another client
   *   has locked the ledger.
   */
  commit({ id, client, entries, reads }: CommitRequest): number | null {
    const known = this.#committed.get(id);
    if (known !== undefined) return known;
    if ((this.#owner ?? client) !== client || this.#hasChanged(reads)) return null;
    const first = this.#journal.length + 1;
    for (const entry of entries) this.#append(entry);
    this.#committed.set(id, first);
    return first;
  }

  /** Locks out the commits of other clients. @returns Whether the client has the lock. */
  lock(client: string): boolean {
    this.#owner ??= client;
    return this.#owner === client;
  }

  unlock(client: string): void {
    if (this.#owner === client) this.#owner = null;
  }

  /** Adds up past charges. The caller has the lock, so no charge is missed. */
  count(counting: Counting): readonly Counted[] {
    const tally = new Tally(counting);
    for (const charged of this.#charges) tally.add(charged);
    return tally.counted();
  }

  /** The definitions after an entry. */
  definitionsAfter(seq: number): readonly NumberedEntry[] {
    return this.#after(seq).filter(({ entry }) => isDefinition(entry));
  }

  /** At most `limit` entries; null if the journal ends before `seq`. */
  entriesAfter({
    seq,
    limit,
  }: {
    readonly seq: number;
    readonly limit: number;
  }): readonly FollowedEntry[] | null {
    return seq > this.#journal.length ? null : this.#after(seq, limit);
  }

  lastSeq(_request: null): number {
    return this.#journal.length;
  }

  /** The counters as kept, to compare with the journal. */
  counters(_request: null): readonly { readonly key: CounterKey; readonly state: CounterState }[] {
    return [...this.#books.counters()].map(({ key, spent, held, overrun, fired, closings }) => ({
      key,
      state: { spent, held, overrun, fired, closings },
    }));
  }

  #after(seq: number, limit = Number.POSITIVE_INFINITY): readonly FollowedEntry[] {
    return this.#journal.slice(seq, seq + limit).map((entry, place) => ({
      seq: seq + place + 1,
      entry,
      context: this.#contextOf[seq + place] ?? {},
    }));
  }

  #hasChanged(reads: Reads): boolean {
    return [...reads].some(([item, asOf]) => (this.#changedAt.get(item) ?? 0) > asOf);
  }

  #append(entry: Entry): void {
    const changed = this.#itemsOf(entry);
    this.#books.apply(entry);
    this.#journal.push(entry);
    this.#contextOf.push(this.#contexts.next(entry));
    for (const { key } of this.#books.takeChanges().counters) changed.push(counterItem(key));
    for (const item of changed) this.#changedAt.set(item, this.#journal.length);
  }

  /** What the entry changes, besides counters. */
  #itemsOf(entry: Entry): string[] {
    if (isDefinition(entry)) return [definitions];
    if (!("attempt" in entry)) return [];
    const hold = entry.kind === "hold" ? entry : this.#books.openHold(entry.operationId);
    const keyId = hold?.expiresAt == null ? null : hold.route.keyId;
    const operation = operationItem(entry.operationId);
    return keyId === null ? [operation] : [operation, keyItem(keyId)];
  }
}
