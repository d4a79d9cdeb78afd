/** Resolves the ids in journal rows to their texts. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import type { Attribution } from "../../../domain/attribution/attribution.ts";
import type { CounterKey } from "../../../domain/ledger/entry.ts";
import type { Rate } from "../../../domain/price/row/rate.ts";
import type { OpenMeter } from "../../../domain/usage/usage.ts";
import {
  readAttribution,
  readCounter,
  readRate,
  readRoute,
  type ServedRoute,
  type Names,
} from "../../journal/name.ts";

/** At least this many values are cached, and at most twice as many. */
const remembered = 20_000;

/** Names never change, so cached values stay valid. */
export class NameReader implements Names {
  readonly #name: StatementSync;
  readonly #shape: StatementSync;
  #young = new Map<number, unknown>();
  #old = new Map<number, unknown>();
  readonly #shapes = new Map<number, string>();
  readonly #defined = new Map<number, string>();

  constructor(database: DatabaseSync) {
    this.#name = database.prepare("SELECT text FROM name WHERE name_id = ?");
    this.#shape = database.prepare("SELECT text FROM shape WHERE shape_id = ?");
  }

  attribution(id: number): Attribution {
    return this.#read(id, readAttribution);
  }

  route(id: number): ServedRoute {
    return this.#read(id, readRoute);
  }

  rate(id: number): Rate {
    return this.#read(id, readRate);
  }

  counter(id: number): CounterKey {
    return this.#read(id, readCounter);
  }

  meter(id: number): OpenMeter {
    return this.#read(id, (text) => text as OpenMeter);
  }

  text(id: number): string {
    return this.#read(id, (text) => text);
  }

  /** Adds a name that is not in the file yet. */
  define(id: number, text: string): void {
    this.#defined.set(id, text);
  }

  shape(id: number): string {
    const known = this.#shapes.get(id);
    if (known !== undefined) return known;
    const row = this.#shape.get(id);
    assert(row !== undefined, "a shape that a row refers to is in the file");
    const text = String(row["text"]);
    this.#shapes.set(id, text);
    return text;
  }

  #read<T>(id: number, parse: (text: string) => T): T {
    const young = this.#young.get(id);
    if (young !== undefined) return young as T;
    const value = (this.#old.get(id) as T | undefined) ?? parse(this.#load(id));
    if (this.#young.size >= remembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, value);
    return value;
  }

  #load(id: number): string {
    const defined = this.#defined.get(id);
    if (defined !== undefined) return defined;
    const row = this.#name.get(id);
    assert(row !== undefined, "a name that a row refers to is in the file");
    return String(row["text"]);
  }
}
