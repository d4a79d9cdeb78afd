/** Events about epochs, and about runs of scheduled exports. */

import { formatInstant } from "../input/scalar.ts";
import type { EpochEntry, ExportEntry } from "../ledger/entry.ts";
import type { Happening } from "./event.ts";

export function epochStarted({ at, epoch }: EpochEntry): Happening {
  const { epochId, name, attribution, by, note } = epoch;
  return {
    type: "epoch.started",
    at,
    subject: epochId,
    about: { kind: "epoch" },
    data: { epoch_id: epochId, name, attribution, by, note, timestamp: formatInstant(at) },
  };
}

export function exportEnded({ kind, at, run }: ExportEntry): Happening {
  const { schedule, from, to, attempt, file, bytes, error } = run;
  return {
    type: kind === "export_done" ? "export.done" : "export.failed",
    at,
    subject: schedule,
    about: { kind: "export" },
    data: {
      schedule,
      from: formatInstant(from),
      to: formatInstant(to),
      file,
      attempt,
      ...(error === null ? { bytes } : { error }),
      timestamp: formatInstant(at),
    },
  };
}
