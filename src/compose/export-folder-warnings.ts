/** Finds scheduled exports whose folder is missing: their first run would fail at night. */

import { stat } from "node:fs/promises";
import type { Configuration } from "../config/configuration.ts";
import type { Warning } from "../cli/failure.ts";
import type { ExportSchedule } from "../app/port/export-schedule.ts";

export async function exportFolderWarnings({
  file,
  exports: schedules,
}: Pick<Configuration, "file" | "exports">): Promise<readonly Warning[]> {
  const found = await Promise.all(
    schedules.map(async ({ target }, index) => {
      const problem = await problemOf(target);
      if (problem === null) return [];
      const field = `exports[${index}].to.folder`;
      const remedy = "Create it, and let the server write to it.";
      return [{ message: `${file}: ${field}: ${problem}`, field, remedy }];
    }),
  );
  return found.flat();
}

/** Null for a folder that is there, and for a URL. */
async function problemOf(target: ExportSchedule["target"]): Promise<string | null> {
  if (target.kind !== "folder") return null;
  const { folder } = target;
  return stat(folder).then(
    (found) => (found.isDirectory() ? null : `${folder} is no folder`),
    (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? `there is no folder ${folder}` : error.message,
  );
}
