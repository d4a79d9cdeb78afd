/** Reads the usage of an answer in OpenAI's format that comes as a single JSON body. */

import { PurserError } from "../../domain/error.ts";
import type { BodyReader } from "../answer/body-meter.ts";
import { isErrorList } from "../answer/error-list.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import type { ScannedBody } from "../body/index.ts";
import type { Progress, Reading, RequestFacts } from "../wire.ts";
import { countGeneratedBytes, lastUsage, scanAnswer, takeAnswer } from "./answer-scan.ts";
import { AnswerRecord } from "./answer-record.ts";

export class OpenaiAnswer implements BodyReader {
  readonly #record: AnswerRecord;
  readonly #generates: boolean;
  #finished = false;
  /** Upper bound of the kept bytes of generated text. */
  #textBytes = 0;
  /** The bytes that count as generated text if no output was reported. */
  #mostBytes = 0;

  /** @param generates Whether the endpoint generates output; embeddings do not. */
  constructor(facts: RequestFacts, generates: boolean) {
    this.#record = new AnswerRecord(facts, generates);
    this.#generates = generates;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get progress(): Progress {
    const { inputTokens, outputTokens, knowsOutput } = this.#record;
    if (knowsOutput) return { inputTokens, outputTokens };
    return { inputTokens, outputTokens: this.#generates ? tokensOfBytes(this.#mostBytes) : 0 };
  }

  take(body: Buffer, unreadTextBytes: number): void {
    this.#read(body);
    if (!this.#finished && this.#generates) this.#textBytes = body.length;
    this.#mostBytes = (this.#record.failed ? this.#textBytes : body.length) + unreadTextBytes;
  }

  reading(malformed: boolean): Reading {
    if (malformed || !this.#finished) this.#record.flag("malformed");
    return this.#record.reading({ bytes: this.#textBytes, isCounted: true });
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

  /**
   * Text is searched only if no output was reported; otherwise the body's length is bound enough.
   */
  #boundText(answer: ScannedBody): number {
    return this.#record.outputTokens > 0 && !this.#record.failed
      ? answer.bytes.length
      : countGeneratedBytes(answer);
  }

  /** A body that is cut off or invalid elsewhere may still have its whole usage. */
  #salvage(body: Buffer): void {
    const [, model] = /"model"\s*:\s*"([^"\\]{1,256})"/.exec(body.toString("utf8", 0, 4096)) ?? [];
    this.#record.nameModel(model);
    const usage = lastUsage(body);
    if (usage) this.#record.takeUsage(usage);
  }
}
