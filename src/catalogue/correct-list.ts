/** Applies to a list that was read what is known to be right, as when the built-in list is made. */

import type { StatedList } from "../domain/price/update/list-change.ts";
import { isValidAt, type CatalogueRow } from "../domain/price/row/row.ts";
import { inRegion } from "./bedrock-place.ts";
import type { BuiltInList } from "./built-in-list.ts";
import { dearerOf } from "./dearer-row.ts";
import { endOf } from "./overlay/retired.ts";
import { whyWrong, isDisputed, withRightFees } from "./resolved.ts";
import { completeSameModels } from "./same-model.ts";
import { withWholeRegions } from "./whole-region.ts";

export interface Correction {
  /** When the list was read, in milliseconds since the epoch. */
  readonly at: number;
  readonly builtIn: BuiltInList;
}

/**
 * The list without models that are no longer served, and prices that another list has right: both are
 * skipped, with the reason. Where nothing decides between lists, no price is below the built-in one.
 */
export function correctList<List extends StatedList>(
  list: List,
  { at, builtIn }: Correction,
): List {
  const skipped: StatedList["skipped"][number][] = [];
  const kept = withRightFees(list).rows.flatMap((row): readonly CatalogueRow[] => {
    const end = endOf(row) ?? Infinity;
    const why =
      end <= at && (row.validTo ?? Infinity) > at
        ? `is not served since ${new Date(end).toISOString().slice(0, 10)}`
        : whyWrong(row);
    if (why === undefined) return [{ ...row, ...(end < Infinity && { validTo: end }) }];
    skipped.push({ provider: row.provider, model: row.model, path: null, why });
    return [];
  });
  const rows = completeSameModels(regional(kept, builtIn), at)
    .map(withWholeRegions)
    .map((row) => (isDisputed(row) ? notBelow(row, { at, builtIn }) : row));
  return { ...list, rows, skipped: [...list.skipped, ...skipped] };
}

/** A list may lack the `global.` id of a model, whose price the built-in list has. */
function regional(rows: readonly CatalogueRow[], builtIn: BuiltInList): readonly CatalogueRow[] {
  return rows.some(({ provider }) => provider === "aws")
    ? inRegion(rows, builtIn.rowsOf("aws"))
    : rows;
}

function notBelow(row: CatalogueRow, { at, builtIn }: Correction): CatalogueRow {
  const model = row.model.toLowerCase();
  const known = builtIn
    .rowsOf(row.provider)
    .find((other) => other.model.toLowerCase() === model && isValidAt(other, at));
  if (!known) return row;
  const { contextTiers, rates, regions, serviceTiers } = dearerOf(known, row);
  return {
    ...row,
    rates,
    ...(contextTiers && { contextTiers }),
    ...(regions && { regions }),
    ...(serviceTiers && { serviceTiers }),
  };
}
