/** Reads the calls that budgets refused, newest first. */

import type { CallFilter, RefusalRow } from "../../../app/port/reader.ts";
import { assert } from "../../../domain/assert.ts";
import { decodeEntry } from "../../journal/decode.ts";
import { prepareRows, readRow, rowColumns, type RowValues } from "../journal/journal-file.ts";
import { kinds } from "../../journal/kind.ts";
import type { Source } from "./calls.ts";
import type { Page } from "./find-calls.ts";
import { matcher, select } from "./selection.ts";

export function readRefusals(
  { database, file, names }: Source,
  filter: CallFilter,
  page: Page,
): readonly RefusalRow[] {
  names.refresh();
  const matches = matcher(select({ ...filter, status: "refused" }, names));
  const isOfOperation = filter.operationId === undefined ? "" : "AND operation_id = ?";
  const statement = prepareRows(
    database,
    `SELECT ${rowColumns("entry")} FROM entry WHERE kind = ${kinds.refusal} AND seq < ? ${isOfOperation} ORDER BY seq DESC`,
  );
  const context = { names: file.names, callOf: (seq: number) => file.journal.callOf(seq) };
  const parameters = [
    page.before ?? Number.MAX_SAFE_INTEGER,
    ...(filter.operationId === undefined ? [] : [filter.operationId]),
  ];
  const found: RefusalRow[] = [];
  for (const values of statement.iterate(
    ...parameters,
  ) as Iterable<unknown> as Iterable<RowValues>) {
    if (found.length >= page.limit) break;
    const row = readRow(values);
    const { kind, attributionId, routeId, at: endedAt } = row;
    if (!matches({ kind, attributionId: attributionId ?? 0, routeId: routeId ?? 0, endedAt }))
      continue;
    const entry = decodeEntry(row, context);
    assert(entry.kind === "refusal", "the kind of a row is that of its entry");
    const { at, operationId, attribution, route, reason, budgetId } = entry;
    found.push({ seq: row.seq, at, operationId, attribution, route, reason, budgetId });
  }
  return found;
}
