/** Reads the usage of an answer that comes as one JSON body. */

import { PurserError } from "../../domain/error.ts";
import { toBuffer } from "../bytes.ts";
import type { Progress, Reading, RequestFacts, UsageMeter } from "../wire.ts";
import { lastUsage, scanAnswer, takeAnswer } from "./answer-scan.ts";
import { AnswerRecord } from "./record.ts";

/** A longer body passes, and is not read. */
const longestBody = 64 * 1024 * 1024;
const bytesPerToken = 3;
const nothing = new Uint8Array(0);

export class WholeMeter implements UsageMeter {
  readonly #record: AnswerRecord;
  readonly #generates: boolean;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #finished = false;

  constructor(facts: RequestFacts, generates: boolean) {
    this.#record = new AnswerRecord(facts, generates);
    this.#generates = generates;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#length += chunk.length;
    if (this.#length <= longestBody) this.#chunks.push(chunk);
    else this.#chunks = [];
    return chunk;
  }

  get progress(): Progress {
    const passed = this.#generates ? Math.ceil(this.#length / bytesPerToken) : 0;
    return {
      inputTokens: this.#record.inputTokens,
      outputTokens: this.#finished && this.#record.knowsOutput ? this.#record.outputTokens : passed,
    };
  }

  /** Known only at the end: a body says nowhere but in its last byte that it is whole. */
  get finished(): boolean {
    return this.#finished;
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    const [first, ...others] = this.#chunks;
    const body = first && others.length === 0 ? toBuffer(first) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#length > longestBody) this.#record.flag("malformed");
    else this.#read(body);
    return { rest: nothing, reading: this.#record.reading() };
  }

  passed(): void {
    // A body opens nothing that could be closed.
  }

  /** Nothing can be added to a JSON body. */
  stop(): Uint8Array {
    return nothing;
  }

  #read(body: Buffer): void {
    try {
      takeAnswer(scanAnswer(body), this.#record, { prefix: "" });
      this.#finished = true;
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
      this.#record.flag("malformed");
      this.#salvage(body);
    }
  }

  /** A body that was cut, or is broken elsewhere, may yet hold its whole usage. */
  #salvage(body: Buffer): void {
    const [, model] = /"model"\s*:\s*"([^"\\]{1,256})"/.exec(body.toString("utf8", 0, 4096)) ?? [];
    this.#record.nameModel(model);
    const usage = lastUsage(body);
    if (usage) this.#record.takeUsage(usage);
  }
}
