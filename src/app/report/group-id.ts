/** Identifies groups of calls by their values. */

import type { GroupKey } from "../port/reader.ts";

export type Group = Readonly<Record<string, string>>;

export function valuesOf(group: Group, by: readonly GroupKey[]): readonly string[] {
  return by.map((key) => group[key] ?? "");
}

export function groupId(group: Group, by: readonly GroupKey[]): string {
  return idOfValues(valuesOf(group, by));
}

/** Remembers the ids of groups, of which an answer has the same in each bucket. */
export function groupIds(by: readonly GroupKey[]): (group: Group) => string {
  const known = new WeakMap<Group, string>();
  return (group) => {
    const id = known.get(group) ?? groupId(group, by);
    known.set(group, id);
    return id;
  };
}

/** Never empty. */
export function idOfValues(values: readonly string[]): string {
  return JSON.stringify(values);
}
