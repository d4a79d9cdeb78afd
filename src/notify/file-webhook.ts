/** Sends an exported file to a program over HTTP, signed like an event. */

import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../app/port/clock.ts";
import type { ExportSink, ExportTarget, FileToKeep } from "../app/port/export-schedule.ts";
import { type Resolve, resolveBySystem } from "./destination.ts";
import { HttpSender, reasonOf } from "./http.ts";
import { secretsOf } from "./notifiers.ts";
import { signStream } from "./signature.ts";

type Target = Extract<ExportTarget, { readonly kind: "webhook" }>;

export interface FileWebhookParts {
  readonly clock: Pick<Clock, "now">;
  /** A receiver that takes nothing of the file for this long, or does not answer, has failed. */
  readonly stallMs?: number;
  readonly resolve?: Resolve;
}

const usualStallMs = 60_000;

/** The signature comes before the body, so a file is complete on disk before it is sent. */
export class FileWebhook implements ExportSink {
  readonly #target: Target;
  readonly #clock: FileWebhookParts["clock"];
  readonly #sender: HttpSender;
  readonly #stallMs: number;

  constructor(
    target: Target,
    { clock, stallMs = usualStallMs, resolve = resolveBySystem }: FileWebhookParts,
  ) {
    this.#target = target;
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#sender = new HttpSender({ allowPrivate: target.allowPrivateAddress, resolve });
  }

  async keep({ name, mediaType, parts }: FileToKeep, signal: AbortSignal): Promise<number> {
    const folder = await mkdtemp(path.join(tmpdir(), "purser-export-"));
    const file = path.join(folder, "file");
    try {
      await pipeline(parts, createWriteStream(file, { mode: 0o600 }), { signal });
      return await this.#send(file, { name, mediaType }, signal);
    } catch (error) {
      throw this.#withoutSecrets(error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #send(
    file: string,
    { name, mediaType }: Omit<FileToKeep, "parts">,
    signal: AbortSignal,
  ): Promise<number> {
    const { url, secrets } = this.#target;
    const { size } = await stat(file);
    const signature = await signStream(createReadStream(file), { secrets, at: this.#clock.now() });
    const headers = {
      "content-type": mediaType,
      "content-length": String(size),
      "content-disposition": `attachment; filename="${name}"`,
      "purser-signature": signature,
    };
    const progress = new Progress(this.#stallMs);
    try {
      const body = Readable.from(progress.of(createReadStream(file)), { highWaterMark: 1 });
      await this.#sender.post(url, { headers, body }, AbortSignal.any([signal, progress.signal]));
    } finally {
      progress.end();
    }
    return size;
  }

  #withoutSecrets(error: unknown): Error {
    const secrets = secretsOf(this.#target);
    const text = secrets.reduce((said, secret) => said.replaceAll(secret, "***"), reasonOf(error));
    return new Error(text);
  }
}

/** Ends an upload of which nothing was taken for a while. */
class Progress {
  readonly #stalled = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(stallMs: number) {
    const error = new Error(`it took nothing and answered nothing for ${stallMs / 1000} seconds`);
    this.#timer = setTimeout(() => this.#stalled.abort(error), stallMs);
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  async *of(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      yield part;
      this.#timer.refresh();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
