/** Wires scheduled exports: each with where its files go. */

import { realpathSync } from "node:fs";
import path from "node:path";
import { ScheduledExports, type ScheduledExportsParts } from "../app/export/scheduled.ts";
import type { ExportSchedule, ExportSink } from "../app/port/export-schedule.ts";
import { withoutSimulated } from "../app/route/simulated.ts";
import { PurserError } from "../domain/error.ts";
import { FolderSink, isInside } from "../export/folder-sink.ts";
import type { Log } from "../metrics/log.ts";
import { FileWebhook } from "../notify/file-webhook.ts";
import { clock } from "./clock.ts";

export interface ScheduledExportsOptions extends Pick<
  ScheduledExportsParts,
  "ledger" | "exporter"
> {
  readonly schedules: readonly ExportSchedule[];
  /** The data folder. */
  readonly directory: string;
  readonly simulatedApart: boolean;
  readonly log: Log;
}

/** @throws PurserError `invalid_configuration` for a folder inside the data folder. */
export function openScheduledExports(options: ScheduledExportsOptions): ScheduledExports {
  const { schedules, directory, simulatedApart, log, ledger, exporter } = options;
  return new ScheduledExports({
    scheduled: schedules.map((schedule, index) => ({
      schedule,
      sink: sinkOf(schedule, { directory, field: `exports[${index}].to.folder` }),
    })),
    ledger,
    exporter,
    clock,
    filter: simulatedApart ? withoutSimulated({}) : {},
    onProblem: (message, error) =>
      log.warn(`${message}: ${error instanceof Error ? error.message : String(error)}`),
  });
}

interface Place {
  readonly directory: string;
  readonly field: string;
}

function sinkOf({ target }: ExportSchedule, { directory, field }: Place): ExportSink {
  if (target.kind === "webhook") return new FileWebhook(target, { clock });
  const folders = [path.resolve(directory), realpathSync(directory)];
  if (folders.some((data) => isInside(target.folder, data)))
    throw new PurserError(
      "invalid_configuration",
      `${field}: ${target.folder} is inside the data folder`,
      { field, remedy: "Choose a folder outside it." },
    );
  return new FolderSink(target.folder, directory);
}
