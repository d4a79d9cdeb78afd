/** Puts the prices of updates into the sources of the catalogue, before the rows they replace. */

import type { RowSource } from "../domain/price/book.ts";
import { idWithDates } from "../domain/price/id-rule.ts";
import type { CatalogueRow } from "../domain/price/row.ts";

/**
 * A newer row is found by the same ids as the row of the same model that it replaces, with the same
 * precedence among models: only its rates and its time are new. Models that no source has are added
 * to the last one.
 *
 * @param updated The newest first.
 */
export function withUpdated(
  sources: readonly RowSource[],
  updated: readonly CatalogueRow[],
): readonly RowSource[] {
  if (updated.length === 0) return sources;
  const byProvider = Map.groupBy(updated, ({ provider }) => provider);
  const known = new Map<string, readonly (readonly CatalogueRow[])[]>();
  const rowsOf = (provider: string): readonly (readonly CatalogueRow[])[] => {
    let lists = known.get(provider);
    if (!lists) {
      const newer = byProvider.get(provider) ?? [];
      lists = replaced(
        sources.map((source) => source(provider)),
        newer,
      );
      known.set(provider, lists);
    }
    return lists;
  };
  return sources.map((_, index) => (provider) => rowsOf(provider)[index] ?? []);
}

function replaced(
  lists: readonly (readonly CatalogueRow[])[],
  newer: readonly CatalogueRow[],
): readonly (readonly CatalogueRow[])[] {
  if (newer.length === 0) return lists;
  const byModel = Map.groupBy(newer, modelOf);
  const listed = new Set(lists.flat().map(modelOf));
  const added = newer.filter((row) => !listed.has(modelOf(row)));
  return lists.map((rows, index) => {
    const done = new Set<string>();
    const changed = rows.flatMap((row) => {
      const model = modelOf(row);
      if (done.has(model)) return [row];
      done.add(model);
      return [...(byModel.get(model) ?? []).map((one) => sameIds(one, row)), row];
    });
    const isLast = index === lists.length - 1;
    return isLast ? [...added.map(withDates), ...changed] : changed;
  });
}

function modelOf({ model }: CatalogueRow): string {
  return model.toLowerCase();
}

function sameIds(row: CatalogueRow, { ids }: CatalogueRow): CatalogueRow {
  return { ...row, ids: { any: [ids, row.ids] } };
}

function withDates(row: CatalogueRow): CatalogueRow {
  return { ...row, ids: { any: [idWithDates(row.model), row.ids] } };
}
