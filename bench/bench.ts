/** The interface of a benchmark: it measures in rounds and reports whether the run is valid. */

export interface BenchOptions {
  readonly rounds: number;
  /** Seconds measured in each cell of a round. */
  readonly seconds: number;
  /** Runs everything as small as possible, as a smoke test; the figures are meaningless. */
  readonly quick: boolean;
  /** Duration of the soak. */
  readonly minutes: number;
  /** Names of targets to leave out. */
  readonly without: readonly string[];
  /** The root of another checkout, measured in the same rounds; null for none. */
  readonly other: string | null;
  /** The data folder that `ledger` keeps: filled if it has no ledger yet. Null for a new one. */
  readonly ledger: string | null;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Explanations for the reader. */
  readonly notes: readonly string[];
}

/** A target and the measured value. */
export interface Figure {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface BenchResult {
  /** The measured duration, if the benchmark does not use rounds. */
  readonly span?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
  /** Why the run is invalid; empty if it is valid. */
  readonly invalid: readonly string[];
  /** The raw measurements of every round. */
  readonly rounds: unknown;
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** @param note Reports progress, one line at a time. */
  run(options: BenchOptions, note: (text: string) => void): Promise<BenchResult>;
}
