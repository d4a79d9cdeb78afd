/** A simulated caller: it makes a request, reads the answer, and may disconnect at any time. */

import type { Reply } from "../../src/app/port/reply.ts";

export class Caller implements Reply {
  readonly operationId: string;
  status = 0;
  /** The answer has ended: complete, broken off, or abandoned by its reader. */
  isOver = false;
  gone = false;
  #onGone: () => void = () => undefined;

  constructor(operationId: string) {
    this.operationId = operationId;
  }

  head(status: number): void {
    this.status = status;
  }

  write(): boolean {
    return true;
  }

  end(): void {
    this.isOver = true;
  }

  abort(): void {
    this.isOver = true;
  }

  onDrain(): void {}

  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  leave(): void {
    if (this.isOver || this.gone) return;
    this.gone = true;
    this.#onGone();
  }
}
