/** The batch being gathered while another is written. */

import type { Command } from "../../../domain/ledger/command.ts";
import type { Column } from "./batch.ts";

/** A caller waiting for a decision to be on disk. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Gathering {
  readonly firstSeq: number;
  readonly entries: Column[] = [];
  /** Holds that this batch opened and did not end. */
  readonly opened = new Set<number>();
  readonly ended: number[] = [];
  readonly waiters: Waiter[] = [];
  /** Answered before they are on disk: decided again if the batch fails. */
  readonly answered: Command[] = [];

  constructor(firstSeq: number) {
    this.firstSeq = firstSeq;
  }

  /** @param call The `seq` of the hold. */
  end(call: number): void {
    if (!this.opened.delete(call)) this.ended.push(call);
  }
}
