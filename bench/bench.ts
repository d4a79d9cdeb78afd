/** What a benchmark is. Contract of this folder: it measures in rounds, and says of itself whether the run was valid. */

export interface BenchOptions {
  readonly rounds: number;
  /** Seconds measured in each cell of a round. */
  readonly seconds: number;
  /** Everything as small as it can be: shows that it runs, and its figures say nothing. */
  readonly quick: boolean;
  /** Of the soak. */
  readonly minutes: number;
  /** Names of targets to leave out. */
  readonly without: readonly string[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know to read it rightly. */
  readonly notes: readonly string[];
}

/** One of the figures that were agreed on, beside what was measured. */
export interface Figure {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface BenchResult {
  /** How long was measured, where it is not in rounds. */
  readonly span?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
  /** Why the run cannot be trusted; empty for a valid one. */
  readonly invalid: readonly string[];
  /** Every round as it was measured. */
  readonly rounds: unknown;
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** @param note Tells what is going on, a line at a time. */
  run(options: BenchOptions, note: (text: string) => void): Promise<BenchResult>;
}
