/** Reads the usage of an answer that comes as one JSON body. */

import { PurserError } from "../../domain/error.ts";
import { AnswerBody } from "../answer/answer-body.ts";
import { isErrorList } from "../answer/error-list.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import type { ScannedBody } from "../body/index.ts";
import type { Progress, Reading, RequestFacts, UsageMeter } from "../wire.ts";
import { countGeneratedBytes, lastUsage, scanAnswer, takeAnswer } from "./answer-scan.ts";
import { AnswerRecord } from "./answer-record.ts";

const nothing = new Uint8Array(0);

export class WholeMeter implements UsageMeter {
  readonly output = null;
  readonly #record: AnswerRecord;
  readonly #generates: boolean;
  readonly #body = new AnswerBody();
  #finished = false;
  /** Of generated text, at least as many as there are. */
  #textBytes = 0;

  constructor(facts: RequestFacts, generates: boolean) {
    this.#record = new AnswerRecord(facts, generates);
    this.#generates = generates;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#body.push(chunk);
    return chunk;
  }

  get progress(): Progress {
    const { inputTokens, outputTokens } = this.#record;
    if (this.#finished && this.#record.knowsOutput) return { inputTokens, outputTokens };
    const bytes = this.#finished && this.#record.failed ? this.#textBytes : this.#body.length;
    return { inputTokens, outputTokens: this.#generates ? tokensOfBytes(bytes) : 0 };
  }

  /** Known only at the end: a body says nowhere but in its last byte that it is whole. */
  get finished(): boolean {
    return this.#finished;
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    if (this.#body.isCut) this.#record.flag("malformed");
    this.#read(this.#body.take());
    if (!this.#finished && this.#generates) this.#textBytes = this.#body.length;
    return {
      rest: nothing,
      reading: this.#record.reading({
        bytes: this.#textBytes + this.#body.unreadTextBytes,
        isCounted: true,
      }),
    };
  }

  passed(): void {
    // A body opens nothing that could be closed.
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
    return this.#record.outputTokens > 0 && !this.#record.failed
      ? answer.bytes.length
      : countGeneratedBytes(answer);
  }

  /** A body that was cut, or is broken elsewhere, may yet hold its whole usage. */
  #salvage(body: Buffer): void {
    const [, model] = /"model"\s*:\s*"([^"\\]{1,256})"/.exec(body.toString("utf8", 0, 4096)) ?? [];
    this.#record.nameModel(model);
    const usage = lastUsage(body);
    if (usage) this.#record.takeUsage(usage);
  }
}
