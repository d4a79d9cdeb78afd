/** Writes the query of `/api/v1/entries` that lists the calls of a figure. */

import type { CallFilter } from "../app/port/reader.ts";
import { formatInstant } from "../domain/input/scalar.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The queries of an answer that has many: what they have in common is written once for each range
 * and each group.
 */
export class Drill {
  readonly #filter: CallFilter;
  readonly #instant: (atMs: number) => string;
  readonly #ofRange = remembered((range: Range) => this.#rangeText(range));
  readonly #ofGroup = remembered((group: Group) => this.#groupText(group));

  /** @param instant Prints times. */
  constructor(filter: CallFilter, instant: (atMs: number) => string) {
    this.#filter = filter;
    this.#instant = instant;
  }

  /** The same as {@link drillQuery}, of a range of the filter. */
  query(range: Range, group: Group): string {
    const rest = this.#ofGroup(group);
    return rest === "" ? this.#ofRange(range) : `${this.#ofRange(range)}&${rest}`;
  }

  #rangeText({ from, to }: Range): string {
    const parameters = { from: this.#instant(from), to: this.#instant(to) };
    return new URLSearchParams(parameters).toString();
  }

  #groupText(group: Group): string {
    const { from: _, to: __, ...filter } = this.#filter;
    return drillQuery(filter, group);
  }
}

/** The same function, which computes each result once. */
export function remembered<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}

type Group = Readonly<Record<string, string>>;

/** @param group The values of the figure's group, by the names that it is grouped by. */
export function drillQuery(filter: CallFilter, group: Group): string {
  const { key, ...values } = group;
  const wanted: Readonly<Record<string, string | undefined>> = {
    from: filter.from === undefined ? undefined : formatInstant(filter.from),
    to: filter.to === undefined ? undefined : formatInstant(filter.to),
    ...filter.attribution,
    provider: filter.provider,
    except_provider: filter.exceptProvider,
    model: filter.model,
    endpoint: filter.endpoint,
    key_id: key ?? filter.keyId,
    status: filter.status,
    operation_id: filter.operationId,
    ...values,
  };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) parameters.set(name, value);
  return parameters.toString();
}
