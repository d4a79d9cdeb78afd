/** The table where batches wait to be booked. */

import type { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../../domain/error.ts";
import { readMarks } from "../journal/file-history.ts";
import { nameWidth } from "../journal/name-writer.ts";
import { damageRemedy } from "../schema.ts";
import { closingWidth, counterWidth, entryWidth, type Batch, type Column } from "./batch.ts";

export interface StagedBatch {
  /** Increases with each batch. */
  readonly id: number;
  readonly batch: Batch;
}

/**
 * Oldest first. Together they must follow the last entry in the tables without a gap; otherwise
 * none is booked.
 *
 * @throws PurserError `store_unavailable` if a batch is damaged, missing or duplicated.
 */
export function readStaged(database: DatabaseSync): readonly StagedBatch[] {
  const rows = database.prepare("SELECT staged_id, batch FROM staged ORDER BY staged_id").all();
  if (rows.length === 0) return [];
  let lastSeq = Number(database.prepare("SELECT max(seq) AS seq FROM entry").get()?.["seq"] ?? 0);
  return rows.map((row) => {
    const id = Number(row["staged_id"]);
    const batch = parseBatch(String(row["batch"]));
    if (!batch) throw damaged(database, `batch ${id} is not a valid batch`);
    const count = batch.entries.length / entryWidth;
    if (count > 0 && batch.firstSeq !== lastSeq + 1)
      throw damaged(
        database,
        `batch ${id} begins with entry ${batch.firstSeq}, but entry ${lastSeq + 1} was expected`,
      );
    lastSeq += count;
    return { id, batch };
  });
}

function parseBatch(text: string): Batch | null {
  try {
    const batch = withClosings(JSON.parse(text) as Batch | OldBatch);
    const { firstSeq, entries, names, counters, closings, opened, ended } = batch;
    const isWhole =
      Number.isSafeInteger(firstSeq) &&
      isRows(entries, entryWidth) &&
      isRows(names, nameWidth) &&
      isRows(counters, counterWidth) &&
      isRows(closings, closingWidth) &&
      isRows(opened, 1) &&
      isRows(ended, 1);
    return isWhole ? batch : null;
  } catch {
    return null;
  }
}

/** Until version 9, the runs of a counter were in its column `fired`, all of them each time. */
type OldBatch = Omit<Batch, "closings">;

function withClosings(batch: Batch | OldBatch): Batch {
  if ("closings" in batch) return batch;
  const counters: Column[] = [];
  const closings: Column[] = [];
  for (let place = 0; place < batch.counters.length; place += counterWidth) {
    const [id = null, spent, held, overrun, marks, end] = batch.counters.slice(
      place,
      place + counterWidth,
    );
    const { fired, runs } = readMarks(String(marks));
    counters.push(id, `${spent}`, `${held}`, `${overrun}`, JSON.stringify(fired), end ?? null);
    closings.push(id, null, 0, ...runs.flatMap((run) => [id, run, 1]));
  }
  return { ...batch, counters, closings };
}

function isRows(columns: unknown, width: number): boolean {
  return Array.isArray(columns) && columns.length % width === 0;
}

function damaged(database: DatabaseSync, what: string): PurserError {
  return new PurserError(
    "store_unavailable",
    `${database.location()} is damaged: in its table \`staged\`, ${what}`,
    {
      field: "data",
      remedy: damageRemedy,
    },
  );
}
