/** A thread that draws one printed report. */

import { parentPort, workerData } from "node:worker_threads";
import type { ReportFigures } from "../app/port/file-writer.ts";
import { assert } from "../domain/assert.ts";
import { reportPdf } from "./report-pdf.ts";

assert(parentPort !== null, "a report is drawn in a worker thread");
parentPort.postMessage(await reportPdf(workerData as ReportFigures));
