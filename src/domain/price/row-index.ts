/**
 * Finds the rows that may match a model without trying all of them: callers choose model names, and
 * a provider has up to a thousand rows.
 */

import { beginningsOf, type IdRule } from "./id/id-rule.ts";
import type { Spelling } from "./id/model-id.ts";
import type { CatalogueRow } from "./row/row.ts";

export interface RowIndex {
  /** Rows that may match a spelling, in the order of the list. */
  named(spellings: readonly Spelling[]): readonly CatalogueRow[];
}

const indexes = new WeakMap<readonly CatalogueRow[], RowIndex>();

/** @param rows A list that does not change; its index is made once. */
export function rowIndex(rows: readonly CatalogueRow[]): RowIndex {
  let index = indexes.get(rows);
  if (!index) indexes.set(rows, (index = makeIndex(rows)));
  return index;
}

function makeIndex(rows: readonly CatalogueRow[]): RowIndex {
  const byName = new Map<string, number[]>();
  /** Rows with a rule other than names and prefixes: they are always tried. */
  const searched: number[] = [];
  rows.forEach((row, place) => {
    const { names, isWhole } = namesOf(row.ids);
    for (const name of new Set([row.model.toLowerCase(), ...names])) {
      const places = byName.get(name);
      if (places) places.push(place);
      else byName.set(name, [place]);
    }
    if (!isWhole) searched.push(place);
  });
  return {
    named(spellings) {
      const places = spellings.flatMap(({ name }) => byName.get(name) ?? []);
      return [...new Set([...places, ...searched])]
        .sort((left, right) => left - right)
        .flatMap((place) => rows[place] ?? []);
    },
  };
}

interface Names {
  readonly names: readonly string[];
  /** Whether every id that the rule matches has a spelling among the names. */
  readonly isWhole: boolean;
}

function namesOf(rule: IdRule): Names {
  if ("equals" in rule) return { names: [rule.equals.toLowerCase()], isWhole: true };
  if ("startsWith" in rule) return { names: beginningsOf(rule.startsWith), isWhole: true };
  if (!("any" in rule)) return { names: [], isWhole: false };
  const parts = rule.any.map(namesOf);
  return {
    names: parts.flatMap(({ names }) => names),
    isWhole: parts.every(({ isWhole }) => isWhole),
  };
}
