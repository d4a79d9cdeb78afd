/** The commands of a client that wait to be decided, and which of them make the next batch. */

import type { AnswerOf, Command } from "../../domain/ledger/command.ts";

export interface Waiting {
  readonly command: Command;
  /** Whether it is rejected, rather than kept, while the server cannot be reached. */
  readonly mayFail: boolean;
  readonly resolve: (answer: AnswerOf[Command["kind"]]) => void;
  readonly reject: (error: unknown) => void;
}

const mostPerBatch = 50;

/**
 * Removes the next batch from the front of the queue.
 *
 * Definitions and expiries are batches of their own. Other batches have at most one command about
 * each operation: what a command needs is then not changed by an earlier one of the batch, apart
 * from the amounts of counters.
 */
export function takeBatch(queue: Waiting[]): readonly Waiting[] {
  const operations = new Set<string>();
  let size = 0;
  for (const { command } of queue) {
    if (!("operationId" in command)) {
      if (size === 0) size = 1;
      break;
    }
    if (operations.has(command.operationId) || size === mostPerBatch) break;
    operations.add(command.operationId);
    size += 1;
  }
  return queue.splice(0, size);
}
