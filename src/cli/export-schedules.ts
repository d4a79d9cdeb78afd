/** Lists the scheduled exports: their last and next runs. */

import type { ExportScheduleJson, ExportSchedulesJson } from "../contract/export-schedule.ts";
import { ask } from "./connection.ts";
import type { CommandContext } from "./context.ts";
import type { TargetOptions } from "./option.ts";
import { printJson, withConnection } from "./session.ts";
import { table } from "./terminal/table.ts";

export async function listSchedules(
  context: CommandContext,
  options: TargetOptions,
): Promise<void> {
  const { data } = (await withConnection(context, { target: options, words: {} }, (connection) =>
    ask(connection, "GET", { path: "/api/v1/exports/schedules" }),
  )) as ExportSchedulesJson;
  if (options.json === true) return printJson(context, { data });
  const { out } = context.screen;
  if (data.length === 0) return out.write("No scheduled exports: add one in purser.yaml.\n");
  const columns = [
    { title: "export" },
    { title: "every" },
    { title: "to" },
    { title: "next" },
    { title: "last", spare: 1 },
  ] as const;
  out.write(table(columns, data.map(rowOf), { heading: out.paint.dim, room: out.columns }));
}

function rowOf({ name, every, to, ...runs }: ExportScheduleJson): readonly string[] {
  const { last_run: last, next_run: next } = runs;
  const state =
    last === null
      ? "none yet"
      : last.error === null
        ? `${last.file} at ${last.at}`
        : `failed (attempt ${last.attempt}): ${last.error}`;
  return [name, every, to.place, next.at, state];
}
