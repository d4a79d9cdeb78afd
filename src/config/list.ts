/** Reads a section of the configuration that is a list of objects, each with an id of its own. */

import { type Fields, invalid, optionalList, requiredText, show } from "../domain/input/fields.ts";
import type { Faults } from "./fault.ts";

export interface ListSection<Item> {
  /** The field of the configuration, such as `exports`. */
  readonly section: string;
  /** The word for one item in errors, such as `export`. */
  readonly item: string;
  readonly idField: "name" | "rule_id";
  readonly idOf: (item: Item) => string;
  /** Values that replace faulty fields while the other faults of an item are looked for. */
  readonly standIns: (index: number) => Readonly<Record<string, unknown>>;
  /** @param prefix The prefix of field names in errors: `exports[0].` */
  readonly read: (input: unknown, prefix: string) => Item;
}

/** Errors are added to `faults`. @returns The items without errors. */
export function readList<Item>(
  fields: Fields,
  faults: Faults,
  { section, item, idField, idOf, standIns, read }: ListSection<Item>,
): readonly Item[] {
  const remedy = `Give a list: one line with - for each ${item}.`;
  const ids = new Set<string>();
  return (optionalList(fields, section, remedy) ?? []).flatMap((input, index) => {
    const prefix = `${section}[${index}].`;
    const found = faults.readObject({ input, prefix, standIns: standIns(index) }, (object) =>
      read(object, prefix),
    );
    if (!found) return [];
    const id = idOf(found);
    const isRepeated = ids.has(id);
    ids.add(id);
    const unique = faults.attempt(() => {
      if (!isRepeated) return found;
      const problem = `is ${show(id)}, which is already used`;
      const word = idField === "name" ? "name" : "id";
      throw invalid(prefix + idField, problem, `Give every ${item} a unique ${word}.`);
    });
    return unique ?? [];
  });
}

/** The `name` of an item: in paths and in names of files, it needs no escapes. */
export function readShortName(fields: Fields): string {
  const remedy = "Use 1 to 64 of the characters a-z 0-9 _ - as its name.";
  const name = requiredText(fields, "name", remedy);
  if (/^[a-z0-9_-]{1,64}$/.test(name)) return name;
  throw invalid(`${fields.prefix}name`, `is ${show(name)}, which is not a valid name`, remedy);
}
