/** Makes files to export from the ledger, a page of calls at a time. */

import type { Exporter, ExportJob } from "../port/exporter.ts";
import { makeFile, type FileParts } from "./make-file.ts";

export class FileExporter implements Exporter {
  readonly #parts: FileParts;

  constructor(parts: FileParts) {
    this.#parts = parts;
  }

  async *run(job: ExportJob, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const part of makeFile(job, this.#parts)) {
      signal.throwIfAborted();
      yield typeof part === "string" ? encoder.encode(part) : part;
    }
  }
}

const encoder = new TextEncoder();
