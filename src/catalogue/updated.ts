/** Puts the rows of price updates before the rows that they replace. */

import type { RowSource } from "../domain/price/book.ts";
import { equalsAny } from "../domain/price/id/id-rule.ts";
import { isValidAt, type CatalogueRow } from "../domain/price/row/row.ts";

/**
 * A newer row is found by the ids of the row that it replaces, with the same precedence among models;
 * only its rates and its time are new. Its own id always finds it. Models that no source has are added
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
  const replacing = lists.map((rows) => pairs(rows, newer));
  const done = new Set(replacing.flatMap((found) => [...found.values()].flat()));
  const added = newer.filter((row) => !done.has(row)).map(addOwnId);
  return lists.map((rows, index) => {
    const found = replacing[index] ?? new Map<CatalogueRow, CatalogueRow[]>();
    const here = new Set([...found.values()].flat());
    const own = newer.filter((row) => here.has(row));
    const isLast = index === lists.length - 1;
    return [
      ...own.map(withOwnId),
      ...(isLast ? added : []),
      ...rows.flatMap((row) => [
        ...(found.get(row) ?? []).map((one) => ({ ...one, ids: { any: [row.ids, one.ids] } })),
        row,
      ]),
    ];
  });
}

/** The newer rows by the row that they replace: of the same model, and valid when they begin. */
function pairs(
  rows: readonly CatalogueRow[],
  newer: readonly CatalogueRow[],
): ReadonlyMap<CatalogueRow, readonly CatalogueRow[]> {
  const byModel = Map.groupBy(rows, modelOf);
  const found = new Map<CatalogueRow, CatalogueRow[]>();
  for (const one of newer) {
    const from = one.validFrom ?? -Infinity;
    const old = byModel.get(modelOf(one))?.find((row) => isValidAt(row, from));
    if (!old) continue;
    const known = found.get(old);
    if (known) known.push(one);
    else found.set(old, [one]);
  }
  return found;
}

function modelOf({ model }: CatalogueRow): string {
  return model.toLowerCase();
}

function withOwnId(row: CatalogueRow): CatalogueRow {
  return { ...row, ids: { equals: row.model } };
}

function addOwnId(row: CatalogueRow): CatalogueRow {
  return { ...row, ids: { any: [equalsAny(row.model), row.ids] } };
}
