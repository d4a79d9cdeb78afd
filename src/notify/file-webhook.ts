/** Sends an exported file to a program over HTTP, signed like an event. */

import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
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
  readonly resolve?: Resolve;
}

/** The signature comes before the body, so a file is complete on disk before it is sent. */
export class FileWebhook implements ExportSink {
  readonly #target: Target;
  readonly #clock: FileWebhookParts["clock"];
  readonly #sender: HttpSender;

  constructor(target: Target, { clock, resolve = resolveBySystem }: FileWebhookParts) {
    this.#target = target;
    this.#clock = clock;
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
    await this.#sender.post(url, { headers, body: createReadStream(file) }, signal);
    return size;
  }

  #withoutSecrets(error: unknown): Error {
    const secrets = secretsOf(this.#target);
    const text = secrets.reduce((said, secret) => said.replaceAll(secret, "***"), reasonOf(error));
    return new Error(text);
  }
}
