/** Writes files with packages that are loaded when the first one is asked for. */

import type { FileWriter } from "../app/port/file-writer.ts";
import { drawReport } from "../export/draw-report.ts";

export const files: FileWriter = {
  async *workbook(tables) {
    const { workbook } = await import("../export/workbook.ts");
    yield* workbook(tables);
  },
  report: drawReport,
};
