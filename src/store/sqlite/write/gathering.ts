/** The batch that is being gathered while another is written. */

import type { Command } from "../../../domain/ledger/command.ts";
import type { Column } from "./batch.ts";

/** Somebody who waits for what was decided to be on file. */
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
  /** Answered before they are on file: decided again should the batch fail. */
  readonly answered: Command[] = [];

  constructor(firstSeq: number) {
    this.firstSeq = firstSeq;
  }

  /** @param call The `seq` of the hold. */
  end(call: number): void {
    if (!this.opened.delete(call)) this.ended.push(call);
  }
}
