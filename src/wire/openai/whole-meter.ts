/** Reads the usage of an answer that comes as one JSON body. */

import { PurserError } from "../../domain/error.ts";
import type { ScannedBody } from "../body/index.ts";
import { isErrorList } from "../answer/error-list.ts";
import { toBuffer } from "../bytes.ts";
import type { Progress, Reading, RequestFacts, UsageMeter } from "../wire.ts";
import { countGeneratedBytes, lastUsage, scanAnswer, takeAnswer } from "./answer-scan.ts";
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
  /** Of generated text, at least as many as there are. */
  #textBytes = 0;

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
    const { inputTokens, outputTokens } = this.#record;
    if (this.#finished && this.#record.knowsOutput) return { inputTokens, outputTokens };
    const bytes = this.#finished && this.#record.failed ? this.#textBytes : this.#length;
    return { inputTokens, outputTokens: this.#generates ? Math.ceil(bytes / bytesPerToken) : 0 };
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
    if (!this.#finished && this.#generates) this.#textBytes = this.#length;
    return { rest: nothing, reading: this.#record.reading({ bytes: this.#textBytes, isCounted: true }) };
  }

  /** Nothing can be added to a JSON body. */
  stop(): Uint8Array {
    return nothing;
  }

  #read(body: Buffer): void {
    if (isErrorList(body)) return this.#fail();
    try {
      const answer = scanAnswer(body);
      takeAnswer(answer, this.#record, { prefix: "" });
      this.#finished = true;
      if (this.#generates) this.#textBytes = this.#boundText(answer);
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
      this.#record.flag("malformed");
      this.#salvage(body);
    }
  }

  #fail(): void {
    this.#record.fail();
    this.#finished = true;
  }

  /** Looked for only where it matters: what a plain usage says of a body can be no more than its bytes. */
  #boundText(answer: ScannedBody): number {
    return this.#record.outputTokens > 0 && !this.#record.failed ? answer.bytes.length : countGeneratedBytes(answer);
  }

  /** A body that was cut, or is broken elsewhere, may yet hold its whole usage. */
  #salvage(body: Buffer): void {
    const [, model] = /"model"\s*:\s*"([^"\\]{1,256})"/.exec(body.toString("utf8", 0, 4096)) ?? [];
    this.#record.nameModel(model);
    const usage = lastUsage(body);
    if (usage) this.#record.takeUsage(usage);
  }
}
