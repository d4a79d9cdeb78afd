/** Looks up ended calls, and counters not in memory, in the file. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CounterState } from "../../../domain/ledger/counter.ts";
import {
  addQuantities,
  nothing,
  type CounterKey,
  type HoldEntry,
} from "../../../domain/ledger/entry.ts";
import type { History, PastAttempt } from "../../../domain/ledger/past.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { decodeHold, decodeMove, decodeSettle, decodeTopUp } from "../../journal/decode.ts";
import { hasTable, JournalFile } from "./journal-file.ts";
import { kinds } from "../../journal/kind.ts";
import { counterText, digestOf, nameKinds } from "../../journal/name.ts";
import { NameReader } from "./name-reader.ts";

/** Answers from its own connection; each question takes one or a few look-ups by key. */
export class FileHistory implements History {
  readonly journal: JournalFile;
  readonly names: NameReader;
  readonly #counter: StatementSync;
  readonly #closings: StatementSync | null;

  constructor(database: DatabaseSync) {
    this.journal = new JournalFile(database);
    this.names = new NameReader(database);
    this.#counter = database.prepare(`
      SELECT counter_id, spent, held, overrun, fired FROM name JOIN counter ON counter_id = name_id
      WHERE digest = ? AND kind = ${nameKinds.counter} AND text = ?`);
    this.#closings = prepareClosings(database);
  }

  /** @param before Only entries with a smaller `seq` count, in their state at that point. */
  attempts(operationId: string, before?: number): readonly PastAttempt[] {
    return this.journal.holds(operationId).flatMap((hold) => this.#attempt(hold, before) ?? []);
  }

  counter(key: CounterKey): CounterState | undefined {
    const text = counterText(key);
    const row = this.#counter.get(digestOf(text), text);
    return row && this.counterState(row);
  }

  /** @param row Of the table `counter`. */
  counterState(row: Readonly<Record<string, unknown>>): CounterState {
    const { fired, runs } = readMarks(String(row["fired"]));
    const closed = this.#closings?.all(Number(row["counter_id"])) ?? [];
    return {
      spent: BigInt(String(row["spent"])),
      held: BigInt(String(row["held"])),
      overrun: BigInt(String(row["overrun"])),
      fired,
      closings: new Set([...runs, ...closed.map(({ run }) => String(run))]),
    };
  }

  /** The counters of a hold, after any moves. */
  countersOf(call: number, hold: Pick<HoldEntry, "counters">): readonly CounterKey[] {
    const move = this.journal.lastMove(call);
    return move ? decodeMove(move, this.names) : hold.counters;
  }

  #attempt(row: JournalRow, before?: number): PastAttempt | undefined {
    const outcome = this.journal.outcome(row.seq, before);
    if (!outcome) return undefined;
    const hold = decodeHold(row, this.names);
    const past = {
      attempt: hold.attempt,
      at: hold.at,
      ...(hold.recordedAt !== undefined && { recordedAt: hold.recordedAt }),
      attribution: hold.attribution,
      route: hold.route,
      holdFingerprint: hold.fingerprint,
      held: this.journal
        .topUps(row.seq)
        .reduce((sum, topUp) => addQuantities(sum, decodeTopUp(topUp)), hold.amount),
      counters: this.countersOf(row.seq, hold),
      hasMoved: false,
    };
    if (outcome.kind === kinds.release || outcome.kind === kinds.expire) {
      const ended = outcome.kind === kinds.release ? "release" : "expire";
      return { ...past, ended, status: null, settleFingerprint: null, cost: nothing };
    }
    const settle = decodeSettle(outcome, hold, this.names);
    const { counters = past.counters } = settle;
    const hasMoved = settle.counters !== undefined;
    return {
      ...past,
      counters,
      hasMoved,
      ended: "settle",
      status: settle.status,
      settleFingerprint: settle.fingerprint,
      cost: settle.cost,
    };
  }
}

/** What a counter keeps in the column `fired`: thresholds, and until version 9 runs that closed. */
export function readMarks(text: string): {
  readonly fired: readonly number[];
  readonly runs: readonly string[];
} {
  const marks = JSON.parse(text) as readonly (number | string)[];
  return {
    fired: marks.filter((mark) => typeof mark === "number"),
    runs: marks.filter((mark) => typeof mark === "string"),
  };
}

/** @returns Null for a file that is older than its table. */
function prepareClosings(database: DatabaseSync): StatementSync | null {
  return hasTable(database, "closing")
    ? database.prepare("SELECT run FROM closing WHERE counter_id = ?")
    : null;
}
