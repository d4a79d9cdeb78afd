/** What the process with the ledger is asked to do, and what it answers. Contract between it and the benchmark. */

export type Work =
  /** Adds calls until there are so many, hold and settlement each, a batch at a time. */
  | { readonly kind: "fill"; readonly directory: string; readonly from: number; readonly to: number }
  /** Makes calls as the gateway does: settled only after the hold is on disk, so many under way at a time. */
  | { readonly kind: "hold"; readonly directory: string; readonly from: number; readonly calls: number; readonly atOnce: number }
  /** Opens holds, and stays as it is until it is killed. */
  | { readonly kind: "leave-open"; readonly directory: string; readonly from: number; readonly calls: number }
  /** Opens the ledger and ends what the last process left open. */
  | { readonly kind: "recover"; readonly directory: string };

export interface Done {
  readonly seconds: number;
  /** Journal entries that were written, or holds that were ended. */
  readonly count: number;
  readonly memoryBytes: number;
}
