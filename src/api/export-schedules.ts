/** Serves `/api/v1/exports/schedules`: the scheduled exports, and whether their files are made. */

import type { ScheduleStatus } from "../app/export/scheduled.ts";
import type { ExportTarget } from "../app/port/export-schedule.ts";
import { exportSchedulesSchema, type ExportScheduleJson } from "../contract/export-schedule.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { KeptExportRun } from "../domain/ledger/export-run.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";

export const exportScheduleRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/exports/schedules",
    access: adminOnly,
    tag: "exports",
    summary: "List the scheduled exports, their last and next runs",
    responses: {
      200: answer("All of the configuration.", exportSchedulesSchema),
      404: problem("No exports run without a server."),
    },
    handler({ context: { scheduledExports } }) {
      if (!scheduledExports)
        throw new PurserError("not_found", "no scheduled exports run without a server", {
          remedy: "Start the server: it makes their files.",
        });
      return ok({ data: scheduledExports.list().map(scheduleJson) });
    },
  }),
];

function scheduleJson({ schedule, state, next }: ScheduleStatus): ExportScheduleJson {
  const { name, format, every, timeZone, at, target } = schedule;
  return {
    name,
    format,
    every,
    time_zone: timeZone,
    at: [Math.floor(at / 60), at % 60].map((part) => String(part).padStart(2, "0")).join(":"),
    to: { kind: target.kind, place: placeOf(target) },
    last_run: state ? runJson(state.last) : null,
    last_done: state?.done ? runJson(state.done) : null,
    next_run: {
      from: formatInstant(next.from),
      to: formatInstant(next.to),
      at: formatInstant(next.at),
    },
  };
}

/** A path of a URL may be a secret. */
function placeOf(target: ExportTarget): string {
  return target.kind === "folder" ? target.folder : new URL(target.url).host;
}

function runJson(run: KeptExportRun): NonNullable<ExportScheduleJson["last_run"]> {
  const { from, to, file, at, attempt, bytes, error } = run;
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    file,
    at: formatInstant(at),
    attempt,
    bytes,
    error,
  };
}
