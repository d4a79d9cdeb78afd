/** Puts the rows of price updates before the rows that they replace. */

import type { RowSource } from "../domain/price/candidate.ts";
import { equalsAny } from "../domain/price/id/id-rule.ts";
import { isValidAt, type CatalogueRow, type Supplement } from "../domain/price/row/row.ts";

interface UpdatedRows {
  readonly rows: readonly CatalogueRow[];
  readonly complete: (row: CatalogueRow) => CatalogueRow;
}

/**
 * A newer row is found by the ids of the row that it replaces, with the same precedence among
 * models; only its rates and its time are new. Its own id always finds it. Models that no source
 * has are added to the last one.
 *
 * @param updates.rows The newest first.
 * @param updates.complete Adds what the row of a new model lacks, such as the fees of its vendor.
 */
export function withUpdated(
  sources: readonly RowSource[],
  { rows: updated, complete }: UpdatedRows,
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
        { rows: newer, complete },
      );
      known.set(provider, lists);
    }
    return lists;
  };
  return sources.map((_, index) => (provider) => rowsOf(provider)[index] ?? []);
}

function replaced(
  lists: readonly (readonly CatalogueRow[])[],
  { rows: newer, complete }: UpdatedRows,
): readonly (readonly CatalogueRow[])[] {
  if (newer.length === 0) return lists;
  const replacing = lists.map((rows) => pairs(rows, newer));
  const possibleFees = possibleFeesOf(replacing.flat());
  const done = new Set(replacing.flatMap((found) => found.map(({ one }) => one)));
  const added = newer.filter((row) => !done.has(row)).map((row) => complete(addOwnId(row)));
  return lists.map((rows, index) => {
    const byModel = Map.groupBy(replacing[index] ?? [], ({ one }) => modelOf(one));
    const isLast = index === lists.length - 1;
    const placed = new Set<string>();
    return [
      ...(isLast ? added : []),
      ...rows.flatMap((row) => {
        const model = modelOf(row);
        if (placed.has(model)) return [row];
        placed.add(model);
        // Before every row of the model, also those of other times.
        const newest = byModel.get(model) ?? [];
        return [...newest.map((pair) => withOld(pair, possibleFees)), row];
      }),
    ];
  });
}

interface Pair {
  readonly one: CatalogueRow;
  readonly old: CatalogueRow;
}

/**
 * The newer rows, each with the row that it replaces: of the same model, and valid when it begins.
 */
function pairs(rows: readonly CatalogueRow[], newer: readonly CatalogueRow[]): readonly Pair[] {
  const byModel = Map.groupBy(rows, modelOf);
  return newer.flatMap((one) => {
    const from = one.validFrom ?? -Infinity;
    const old = byModel.get(modelOf(one))?.find((row) => isValidAt(row, from));
    return old ? [{ one, old }] : [];
  });
}

function modelOf({ model }: CatalogueRow): string {
  return model.toLowerCase();
}

/** A text has no fees that a reseller may charge. Copies of a row must have the same list of them. */
function possibleFeesOf(
  replacing: readonly Pair[],
): ReadonlyMap<CatalogueRow, readonly Supplement[]> {
  return new Map(
    [...Map.groupBy(replacing, ({ one }) => one)].map(([one, all]) => [
      one,
      all.flatMap(({ old: { supplements = [] } }) =>
        supplements.flatMap(({ mayCost, source, version }) =>
          mayCost ? [{ mayCost, source, version }] : [],
        ),
      ),
    ]),
  );
}

function withOld(
  { one, old }: Pair,
  possibleFees: ReturnType<typeof possibleFeesOf>,
): CatalogueRow {
  const supplements = possibleFees.get(one) ?? [];
  return {
    ...one,
    ids: { any: [old.ids, one.ids] },
    ...(supplements.length > 0 && { supplements }),
  };
}

function addOwnId(row: CatalogueRow): CatalogueRow {
  return { ...row, ids: { any: [equalsAny(row.model), row.ids] } };
}
