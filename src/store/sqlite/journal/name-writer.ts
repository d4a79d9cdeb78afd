/** Assigns ids to texts: those in the file for known texts, new ones for others. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { canonicalAttribution, type Attribution } from "../../../domain/attribution/attribution.ts";
import type { CallRoute, CounterKey } from "../../../domain/ledger/entry.ts";
import type { Rate } from "../../../domain/price/row/rate.ts";
import type { OpenMeter } from "../../../domain/usage/usage.ts";
import {
  counterText,
  digestOf,
  nameKinds,
  rateText,
  routeText,
  type NameKind,
  type NameIds,
} from "../../journal/name.ts";

/** Definitions for the writer, {@link nameWidth} columns each: id, seq, kind, digest, text. */
export type NameColumns = (number | string)[];
export const nameWidth = 5;

/** At least this many texts are cached, and at most twice as many. */
const remembered = 50_000;
/** A route is usually served by one model, or by a few versions of it. */
const rememberedServed = 100;

/**
 * Caches recently used names and looks up the others in the file.
 *
 * A name is new once: it stays in memory until the batch that defines it is booked (`settleNames`).
 */
export class NameWriter implements NameIds {
  readonly #find: StatementSync;
  readonly #byObject = new WeakMap<object, number>();
  /** By route, then by served model. */
  readonly #routes = new WeakMap<CallRoute, Map<string | null, number>>();
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #unwritten = new Map<string, number>();
  /** Digests of names looked up ahead that are neither in the file nor defined. */
  readonly #absent = new Map<string, number>();
  #defined: NameColumns = [];
  #next: number;
  #seq = 0;

  /** @param database A connection that can read. */
  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      "SELECT name_id FROM name WHERE digest = ? AND kind = ? AND text = ?",
    );
    this.#next =
      1 + Number(database.prepare("SELECT max(name_id) AS last FROM name").get()?.["last"] ?? 0);
  }

  /** Names requested from now on are used by this entry; it defines those that are new. */
  beginEntry(seq: number): void {
    this.#seq = seq;
  }

  attribution(attribution: Attribution): number {
    return this.#object(attribution, { kind: nameKinds.attribution, textOf: canonicalAttribution });
  }

  counter(key: CounterKey): number {
    return this.#object(key, { kind: nameKinds.counter, textOf: counterText });
  }

  /** Looks up a counter ahead of the entry that will name it; defines nothing. */
  meetCounter(key: CounterKey): void {
    const text = counterText(key);
    const name = `${nameKinds.counter}${text}`;
    if (
      this.#young.has(name) ||
      this.#old.has(name) ||
      this.#unwritten.has(name) ||
      this.#absent.has(name)
    )
      return;
    const digest = digestOf(text);
    const row = this.#find.get(digest, nameKinds.counter, text);
    if (row) this.#young.set(name, Number(row["name_id"]));
    else this.#absent.set(name, digest);
  }

  rate(rate: Rate): number {
    return this.#object(rate, { kind: nameKinds.rate, textOf: rateText });
  }

  /** @param served The model that the provider says it served; null before that is known. */
  route(route: CallRoute, served: string | null): number {
    let ids = this.#routes.get(route);
    if (!ids || ids.size >= rememberedServed) this.#routes.set(route, (ids = new Map()));
    const known = ids.get(served);
    if (known !== undefined) return known;
    const id = this.#text(nameKinds.route, routeText(route, served));
    ids.set(served, id);
    return id;
  }

  meter(meter: OpenMeter): number {
    return this.#text(nameKinds.meter, meter);
  }

  text(text: string): number {
    return this.#text(nameKinds.text, text);
  }

  /**
   * Returns the names defined since the last call.
   *
   * @param lastSeq The last entry of the batch that takes them. Names of a later entry that was
   *   refused go with it too, since others may already use them.
   */
  takeDefined(lastSeq: number): NameColumns {
    const defined = this.#defined;
    this.#defined = [];
    for (let at = 1; at < defined.length; at += nameWidth)
      if (Number(defined[at]) > lastSeq) defined[at] = lastSeq;
    return defined;
  }

  /** Adds names that another instance defined and that are not in the table yet. */
  restore(defined: NameColumns): void {
    for (let at = 0; at < defined.length; at += nameWidth) {
      const id = Number(defined[at]);
      this.#unwritten.set(`${defined[at + 2]}${defined[at + 4]}`, id);
      this.#next = Math.max(this.#next, id + 1);
    }
  }

  /** Marks names taken before as written to the table. */
  settleNames(defined: NameColumns): void {
    for (let at = 0; at < defined.length; at += nameWidth)
      this.#unwritten.delete(`${defined[at + 2]}${defined[at + 4]}`);
  }

  #object<T extends object>(
    value: T,
    how: { readonly kind: NameKind; readonly textOf: (value: T) => string },
  ): number {
    const known = this.#byObject.get(value);
    if (known !== undefined) return known;
    const id = this.#text(how.kind, how.textOf(value));
    this.#byObject.set(value, id);
    return id;
  }

  #text(kind: NameKind, text: string): number {
    const key = `${kind}${text}`;
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const id =
      this.#old.get(key) ??
      this.#unwritten.get(key) ??
      this.#lookUp(kind, text) ??
      this.#define(kind, text);
    if (this.#young.size >= remembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, id);
    return id;
  }

  #lookUp(kind: NameKind, text: string): number | undefined {
    if (this.#absent.size > 0 && this.#absent.has(`${kind}${text}`)) return undefined;
    const row = this.#find.get(digestOf(text), kind, text);
    return row ? Number(row["name_id"]) : undefined;
  }

  #define(kind: NameKind, text: string): number {
    const id = this.#next;
    this.#next += 1;
    const name = `${kind}${text}`;
    this.#defined.push(id, this.#seq, kind, this.#absent.get(name) ?? digestOf(text), text);
    this.#unwritten.set(name, id);
    this.#absent.delete(name);
    return id;
  }
}
