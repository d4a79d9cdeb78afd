/** Looks up what a journal entry refers to: its call, its budget, and what it names first. */

import type { StatementSync } from "node:sqlite";
import type { Budget } from "../../../domain/budget/budget.ts";
import {
  contextOf,
  budgetOf,
  countersOf,
  describesCall,
  keyUsedBy,
  type EntryContext,
  type HeldCall,
  type OpenedCounter,
} from "../../../domain/event/context.ts";
import type { Key } from "../../../domain/key/key.ts";
import type { CounterKey, Entry } from "../../../domain/ledger/entry.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { decodeEntry, decodeHold } from "../../journal/decode.ts";
import { kinds } from "../../journal/kind.ts";
import { counterText, digestOf, nameKinds, readRoute } from "../../journal/name.ts";
import { allRows, prepareRows, readRow, rowColumns } from "../journal/journal-file.ts";
import { otherRows } from "../journal/kind-condition.ts";
import type { Source } from "./calls.ts";

/** A definition with its place in the journal. */
interface Defined<Definition> {
  readonly seq: number;
  readonly definition: Definition;
  readonly deleted: boolean;
}

/**
 * A name is written with the first entry that uses it, so its `seq` shows whether an entry is the
 * first. Definitions are few, and kept in memory.
 */
export class ContextReader {
  readonly #file: Source["file"];
  readonly #findCounter: StatementSync;
  readonly #routes: StatementSync;
  readonly #definitions: StatementSync;
  readonly #firstOf = new WeakMap<CounterKey, number>();
  /** By key: the first entry that names it in a route. */
  readonly #firstUse = new Map<string, number>();
  readonly #budgets = new Map<string, Defined<Budget>[]>();
  readonly #keys = new Map<string, Defined<Key>[]>();
  #lastRoute = 0;
  #lastDefinition = 0;

  constructor({ database, file }: Pick<Source, "database" | "file">) {
    this.#file = file;
    this.#findCounter = database.prepare(
      `SELECT seq FROM name WHERE digest = ? AND kind = ${nameKinds.counter} AND text = ?`,
    );
    this.#routes = database.prepare(
      `SELECT name_id, seq, text FROM name WHERE kind = ${nameKinds.route} AND name_id > ? ORDER BY name_id`,
    );
    this.#definitions = prepareRows(
      database,
      `SELECT ${rowColumns("entry")} FROM entry
       WHERE ${otherRows("kind")} AND kind IN (${kinds.budget}, ${kinds.key}) AND seq > ? ORDER BY seq`,
    );
  }

  of(row: JournalRow, entry: Entry): EntryContext {
    const opened = this.#opened(row.seq, entry);
    const firstUseOf = this.#firstUseOf(row.seq, entry);
    const before = this.#before(row.seq, entry);
    const budgetId = budgetOf(entry);
    const budget = budgetId === null ? undefined : this.#budget(budgetId, row.seq);
    const key = firstUseOf === undefined ? undefined : this.#key(firstUseOf, row.seq);
    const call = describesCall(entry) ? this.#call(row) : undefined;
    return contextOf({ before, opened, firstUseOf, call, budget, key });
  }

  #call({ call }: JournalRow): HeldCall | undefined {
    const row = this.#file.journal.row(call ?? 0);
    if (!row) return undefined;
    const { at, attribution, route } = decodeHold(row, this.#file.names);
    return { at, attribution, route };
  }

  #opened(seq: number, entry: Entry): readonly OpenedCounter[] {
    const seen = new Set<CounterKey>();
    return countersOf(entry).flatMap((counter) => {
      if (seen.has(counter) || this.#firstEntryOf(counter) !== seq) return [];
      seen.add(counter);
      const budget = this.#budget(counter.budgetId, seq);
      return budget ? [{ counter, budget }] : [];
    });
  }

  /** Decoded counters are the same objects while they are remembered, so most need no look-up. */
  #firstEntryOf(counter: CounterKey): number {
    const known = this.#firstOf.get(counter);
    if (known !== undefined) return known;
    const text = counterText(counter);
    const first = Number(this.#findCounter.get(digestOf(text), text)?.["seq"] ?? 0);
    this.#firstOf.set(counter, first);
    return first;
  }

  #firstUseOf(seq: number, entry: Entry): string | undefined {
    const keyId = keyUsedBy(entry);
    if (keyId === null) return undefined;
    if (!this.#firstUse.has(keyId)) this.#readRoutes();
    return this.#firstUse.get(keyId) === seq ? keyId : undefined;
  }

  #readRoutes(): void {
    for (const row of this.#routes.iterate(this.#lastRoute)) {
      this.#lastRoute = Number(row["name_id"]);
      const { keyId } = readRoute(String(row["text"])).route;
      if (keyId !== null && !this.#firstUse.has(keyId))
        this.#firstUse.set(keyId, Number(row["seq"]));
    }
  }

  #before(seq: number, entry: Entry): Budget | Key | null | undefined {
    if (entry.kind === "budget") {
      const before = lastOf(this.#definedBudgets(entry.budget.budgetId, seq), seq - 1);
      return before && !before.deleted ? before.definition : null;
    }
    if (entry.kind !== "key") return undefined;
    this.#readDefinitions(seq);
    return lastOf(this.#keys.get(entry.key.keyId), seq - 1)?.definition ?? null;
  }

  #budget(budgetId: string, seq: number): Budget | undefined {
    return lastOf(this.#definedBudgets(budgetId, seq), seq)?.definition;
  }

  #definedBudgets(budgetId: string, seq: number): readonly Defined<Budget>[] | undefined {
    this.#readDefinitions(seq);
    return this.#budgets.get(budgetId);
  }

  #key(keyId: string, seq: number): Key | undefined {
    this.#readDefinitions(seq);
    return lastOf(this.#keys.get(keyId), seq)?.definition;
  }

  /** Reads on until the definitions up to this entry are known. */
  #readDefinitions(seq: number): void {
    if (seq <= this.#lastDefinition) return;
    const context = {
      names: this.#file.names,
      callOf: (call: number) => this.#file.journal.callOf(call),
    };
    for (const values of allRows(this.#definitions, this.#lastDefinition)) {
      const row = readRow(values);
      const entry = decodeEntry(row, context);
      if (entry.kind === "budget") {
        const { budget, deleted } = entry;
        add(this.#budgets, budget.budgetId, { seq: row.seq, definition: budget, deleted });
      } else if (entry.kind === "key") {
        const { key } = entry;
        add(this.#keys, key.keyId, { seq: row.seq, definition: key, deleted: false });
      }
      this.#lastDefinition = row.seq;
    }
    this.#lastDefinition = Math.max(this.#lastDefinition, seq);
  }
}

// oxlint-disable-next-line max-params -- a map, and what to add
function add<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The last definition at or before an entry. */
function lastOf<Definition>(
  defined: readonly Defined<Definition>[] | undefined,
  seq: number,
): Defined<Definition> | undefined {
  return defined?.findLast((one) => one.seq <= seq);
}
