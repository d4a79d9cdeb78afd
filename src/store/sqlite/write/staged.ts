/** The table where batches wait to be booked. */

import type { DatabaseSync } from "node:sqlite";
import type { Batch } from "./batch.ts";

export interface StagedBatch {
  /** Grows with each batch. */
  readonly id: number;
  readonly batch: Batch;
}

/** The oldest first. */
export function readStaged(database: DatabaseSync): readonly StagedBatch[] {
  const rows = database.prepare("SELECT staged_id, batch FROM staged ORDER BY staged_id").all();
  return rows.map((row) => ({ id: Number(row["staged_id"]), batch: JSON.parse(String(row["batch"])) as Batch }));
}
