/** Finds the lines of requests: the attempts of their operations, and the charges that name them. */

import type { CallFilter, CallRow } from "../../../app/port/reader.ts";
import { requestOf } from "../../../domain/ledger/request.ts";
import { idOfOperation } from "../../../domain/ledger/operation.ts";
import { kinds } from "../../journal/kind.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { findEnds, readCall, type Source } from "./calls.ts";
import { select } from "./selection.ts";

/** @returns Oldest first. */
export function readRequestLines(
  source: Source,
  filter: CallFilter,
  requestIds: readonly string[],
): readonly CallRow[] {
  const { database, file, names } = source;
  names.refresh();
  const charges = prepareRows(database, "SELECT call FROM request_charge WHERE request_id = ?");
  const selection = select(filter, names);
  const page = { limit: Number.MAX_SAFE_INTEGER, before: null };
  const lines = requestIds.flatMap((id) => {
    const named = file.journal.withId(id, kinds.hold);
    const known = new Set(named.map(({ seq }) => seq));
    // The id of a charge may be that of the request that it names.
    const others = allRows(charges, id).filter(([call]) => !known.has(Number(call)));
    const holds = [...named, ...others.flatMap(([call]) => file.journal.row(Number(call)) ?? [])];
    return (
      findEnds(source, { holds, selection, page })
        .map((found) => readCall(file, found))
        // The id of an operation may be that of a charge that names another request.
        .filter((row) => requestOf(row) === id && isOfOperation(row, filter))
    );
  });
  return lines.sort((left, right) => left.seq - right.seq);
}

function isOfOperation(
  { operationId: own }: CallRow,
  { operation, operationId }: CallFilter,
): boolean {
  return (
    (operation === undefined || own === operation) &&
    (operationId === undefined || idOfOperation(own) === operationId)
  );
}
