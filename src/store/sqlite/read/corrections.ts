/** Reads corrections from the journal: each with its call before and after. */

import type { CorrectionFilter, CorrectionRow } from "../../../app/port/reader.ts";
import { isCorrection } from "../../journal/kind.ts";
import { prepareRows } from "../journal/journal-file.ts";
import { readCall, type Source } from "./calls.ts";
import type { Page } from "./find-calls.ts";
import { matcher, select } from "./selection.ts";

/** @returns Newest first. */
export function readCorrections(
  source: Source,
  { bookedFrom = -maxTime, bookedTo = maxTime, ...filter }: CorrectionFilter,
  { limit, before }: Page,
): readonly CorrectionRow[] {
  source.names.refresh();
  // A corrected call may have had another status before.
  const matches = matcher({ ...select(filter, source.names), kinds: null });
  const statement = prepareRows(
    source.database,
    // CROSS JOIN makes SQLite start from the few amendments, not the many entries.
    `SELECT entry.seq, entry.at, amendment.ended_at, amendment.replaces, kind, attribution_id, route_id
     FROM amendment CROSS JOIN entry USING (seq)
     WHERE amendment.seq < ? AND entry.at >= ? AND entry.at < ? ORDER BY amendment.seq DESC`,
  );
  const found: CorrectionRow[] = [];
  for (const values of statement.iterate(
    before ?? Number.MAX_SAFE_INTEGER,
    bookedFrom,
    bookedTo,
  ) as Iterable<unknown> as Iterable<readonly number[]>) {
    const [seq = 0, at = 0, endedAt = 0, replaces = 0, kind = 0, attributionId, routeId] = values;
    const fields = { kind, attributionId: attributionId ?? 0, routeId: routeId ?? 0, endedAt };
    if (!isCorrection(kind) || !matches(fields)) continue;
    found.push({
      seq,
      at,
      before: readCall(source.file, { seq: replaces, endedAt }),
      after: readCall(source.file, { seq, endedAt }),
    });
    if (found.length >= limit) break;
  }
  return found;
}

/** The last time that a date can have, in milliseconds. */
const maxTime = 8.64e15;
