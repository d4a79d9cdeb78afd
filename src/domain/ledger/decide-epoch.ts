/** Decides the start of an epoch, and the end of a run of a scheduled export. */

import type { AnswerOf, EndExportCommand, StartEpochCommand } from "./command.ts";
import type { Decided } from "./decided.ts";
import type { LedgerView } from "./view.ts";

export function decideStartEpoch(
  books: LedgerView,
  { at, epoch: asked }: StartEpochCommand,
): Decided<AnswerOf["start_epoch"]> {
  const epoch = { ...asked, epochId: `epoch-${books.epochs.length + 1}` };
  return {
    answer: { epoch: { ...epoch, startedAt: at } },
    entries: [{ kind: "epoch", at, epoch }],
  };
}

/** A period has one file: a run that ends after another made it is not recorded. */
export function decideEndExport(
  books: LedgerView,
  { at, run }: EndExportCommand,
): Decided<AnswerOf["end_export"]> {
  const done = books.exports.get(run.schedule)?.done ?? null;
  if (done !== null && done.to >= run.to) return { answer: { repeated: true }, entries: [] };
  const kind = run.error === null ? "export_done" : "export_failed";
  return { answer: { repeated: false }, entries: [{ kind, at, run }] };
}
