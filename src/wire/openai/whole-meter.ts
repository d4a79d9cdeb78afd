/** Reads the usage of an answer that comes as one JSON body. */

import { PurserError } from "../../domain/error.ts";
import { AnswerBody } from "../answer/answer-body.ts";
import type { Progress, Reading, RequestFacts, UsageMeter } from "../wire.ts";
import { lastUsage, scanAnswer, takeAnswer } from "./answer-scan.ts";
import { outputOfBytes } from "../answer/meter.ts";
import { AnswerRecord } from "./record.ts";

const nothing = new Uint8Array(0);

export class WholeMeter implements UsageMeter {
  readonly output = null;
  readonly #record: AnswerRecord;
  readonly #generates: boolean;
  readonly #body = new AnswerBody();
  #finished = false;

  constructor(facts: RequestFacts, generates: boolean) {
    this.#record = new AnswerRecord(facts, generates);
    this.#generates = generates;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#body.push(chunk);
    return chunk;
  }

  get progress(): Progress {
    const passed = this.#generates ? outputOfBytes(this.#body.length) : 0;
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
    if (this.#body.isCut) this.#record.flag("malformed");
    this.#read(this.#body.take());
    return { rest: nothing, reading: this.#record.reading() };
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
