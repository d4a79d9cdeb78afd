/** Keeps all attributions and routes in memory, to map values to ids and back without queries. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CallFilter } from "../../../app/port/reader.ts";
import { unattributed, type Attribution } from "../../../domain/attribution/attribution.ts";
import { assert } from "../../../domain/assert.ts";
import { nameKinds, readAttribution, readRoute, type ServedRoute } from "../../journal/name.ts";

/** The values of one dimension: a small number for each attribution, 0 for none. */
interface ValueColumn {
  readonly numbers: number[];
  readonly values: string[];
  readonly byValue: Map<string, number>;
}

/** A few bytes per attribution and dimension: a million attributions take tens of megabytes. */
export class NameIndex {
  readonly #load: StatementSync;
  readonly #ids: number[] = [];
  readonly #places = new Map<number, number>();
  readonly #columns = new Map<string, ValueColumn>();
  readonly #routes = new Map<number, ServedRoute>();
  #last = 0;

  constructor(database: DatabaseSync) {
    this.#load = database.prepare(`
      SELECT name_id, kind, text FROM name
      WHERE name_id > ? AND kind IN (${nameKinds.attribution}, ${nameKinds.route}) ORDER BY name_id`);
  }

  /** Reads the names added since the last call. */
  refresh(): void {
    for (const row of this.#load.iterate(this.#last)) {
      const id = Number(row["name_id"]);
      const text = String(row["text"]);
      if (row["kind"] === nameKinds.route) this.#routes.set(id, readRoute(text));
      else this.#add(id, readAttribution(text));
      this.#last = id;
    }
  }

  route(id: number): ServedRoute {
    const route = this.#routes.get(id);
    assert(route !== undefined, "a route that a row refers to is in the file");
    return route;
  }

  /** The ids of the matching routes. */
  routes(matches: (route: ServedRoute) => boolean): readonly number[] {
    return [...this.#routes].filter(([, route]) => matches(route)).map(([id]) => id);
  }

  /** @param key A dimension, or `tag:NAME`. */
  value(attributionId: number, key: string): string {
    const place = this.#places.get(attributionId);
    const column = this.#columns.get(key);
    const number = place === undefined ? 0 : (column?.numbers[place] ?? 0);
    return (number === 0 ? undefined : column?.values[number]) ?? unattributed;
  }

  /** The ids of the attributions that have all these values, and one of those `among`. */
  attributions(
    values: Readonly<Record<string, string>>,
    among?: CallFilter["among"],
  ): readonly number[] {
    const wanted = Object.entries(values);
    return this.#ids.filter(
      (id) =>
        wanted.every(([key, value]) => this.value(id, key) === value) &&
        (among === undefined || among.values.has(this.value(id, among.dimension))),
    );
  }

  #add(id: number, { tags, ...dimensions }: Attribution): void {
    const place = this.#ids.push(id) - 1;
    this.#places.set(id, place);
    for (const [key, value] of Object.entries(dimensions)) this.#set(key, place, value);
    for (const [name, value] of Object.entries(tags ?? {})) this.#set(`tag:${name}`, place, value);
  }

  #set(key: string, place: number, value: string): void {
    let column = this.#columns.get(key);
    if (!column)
      this.#columns.set(key, (column = { numbers: [], values: [""], byValue: new Map() }));
    let number = column.byValue.get(value);
    if (number === undefined) {
      number = column.values.push(value) - 1;
      column.byValue.set(value, number);
    }
    column.numbers[place] = number;
  }
}
