/** Messages between the benchmark and the ledger process: the work to do, and its result. */

export type Work =
  /** Adds calls up to this number, each a hold and a settlement, one batch at a time. */
  | {
      readonly kind: "fill";
      readonly directory: string;
      readonly from: number;
      readonly to: number;
    }
  /**
   * Makes calls as the gateway does, with `atOnce` in flight: each settles only after its hold is
   * on disk.
   */
  | {
      readonly kind: "hold";
      readonly directory: string;
      readonly from: number;
      readonly calls: number;
      readonly atOnce: number;
    }
  /** Records calls that were metered elsewhere, in batches that are awaited one by one. */
  | {
      readonly kind: "record";
      readonly directory: string;
      readonly from: number;
      readonly calls: number;
    }
  /** Opens holds and waits to be killed. */
  | {
      readonly kind: "leave-open";
      readonly directory: string;
      readonly from: number;
      readonly calls: number;
    }
  /** Opens the ledger and ends the holds that the last process left open. */
  | { readonly kind: "recover"; readonly directory: string };

export interface Done {
  readonly seconds: number;
  /** Journal entries written, or holds ended. */
  readonly count: number;
  readonly memoryBytes: number;
}
