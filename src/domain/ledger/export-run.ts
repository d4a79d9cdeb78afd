/** Runs of scheduled exports: what was made of one period, or why not. */

export interface ExportRun {
  /** The name of the schedule. */
  readonly schedule: string;
  /** The period that the file is about, in milliseconds since the epoch; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** 1 for the first attempt of the period. */
  readonly attempt: number;
  /** The name of the file. */
  readonly file: string;
  /** Of the file; 0 if it was not made. */
  readonly bytes: number;
  /** Why it was not made; null if it was. */
  readonly error: string | null;
}

export interface KeptExportRun extends ExportRun {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
}

/** What is known of a schedule. */
export interface ExportState {
  /** The last run, done or failed. */
  readonly last: KeptExportRun;
  /** The last one that made a file; null before the first. */
  readonly done: KeptExportRun | null;
}
