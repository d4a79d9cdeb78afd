/** Reads the usage of a stream of chat or completion chunks as it passes. */

import { PurserError } from "../../../domain/error.ts";
import { isErrorInstead } from "../../answer/error-body.ts";
import { isErrorList } from "../../answer/error-list.ts";
import { PassedOutput } from "../../answer/passed-output.ts";
import type { StreamReader } from "../../answer/stream-meter.ts";
import { afterQuoted } from "../../bytes.ts";
import type { Cut, Reading, RequestFacts } from "../../wire.ts";
import { AnswerRecord } from "../answer-record.ts";
import { lastUsage, mayHideKeys, scanAnswer, takeAnswer } from "../answer-scan.ts";
import { countTextBytes } from "../text-bytes.ts";
import { OpenChoices } from "./open-choices.ts";
import { chatStop } from "./stop.ts";
import { closeBrace, openBrace } from "../../ascii.ts";

/** Most chunks that are scanned for id and model: Azure's first chunk has neither. */
const mostIntroductions = 8;

const chatDeltaKey = Buffer.from('delta"');
const completionDeltaKey = Buffer.from('text"');
/** Where servers put the text of a chunk without a delta; the first one present counts. */
const otherTextKeys = [Buffer.from('message"'), completionDeltaKey, chatDeltaKey];
const errorWord = Buffer.from('"error"');
const choicesKey = Buffer.from('choices"');

export class ChatStream implements StreamReader {
  readonly output = new PassedOutput();
  readonly #facts: RequestFacts;
  readonly #deltaKey: Buffer;
  readonly #object: "chat.completion.chunk" | "text_completion";
  readonly #record: AnswerRecord;
  readonly #choices: OpenChoices;
  #introductions = 0;
  #id: string | undefined;
  #created: number | undefined;
  #finished = false;

  constructor(facts: RequestFacts, endpointName: string) {
    this.#facts = facts;
    this.#choices = new OpenChoices(facts.choices);
    this.#record = new AnswerRecord(facts, true);
    const isChat = endpointName !== "completions";
    this.#deltaKey = isChat ? chatDeltaKey : completionDeltaKey;
    this.#object = isChat ? "chat.completion.chunk" : "text_completion";
  }

  get inputTokens(): number | null {
    return this.#record.inputTokens;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** @returns False for the chunk that only answers Purser's own request for usage. */
  take(payload: Buffer): boolean {
    if (isOtherError(payload)) return this.#fail();
    const bytes = this.#takeText(payload);
    const isIntroduction =
      this.#introductions < mostIntroductions &&
      (this.#id === undefined || this.#record.model === null);
    const mayHaveUsage = lastUsage(payload) !== undefined || (bytes === 0 && mayHideKeys(payload));
    const mayReportError = payload.includes(errorWord);
    if (!isIntroduction && !mayHaveUsage && !mayReportError) return this.#checkShape(payload);
    if (isIntroduction) this.#introductions++;
    return this.#inspect(payload);
  }

  takeCutOff(payload: Buffer): void {
    this.#takeText(payload);
  }

  takeDone(): void {
    this.#finished = true;
  }

  passed(): void {
    this.#choices.passed();
  }

  reading(malformed: boolean): Reading {
    return this.#record.readingOfStream(this.output, { finished: this.#finished, malformed });
  }

  stop({ error, usage }: Cut): string {
    return chatStop({
      error,
      object: this.#object,
      id: this.#id,
      created: this.#created,
      model: this.#record.model ?? this.#facts.model,
      open: this.#choices.open(),
      usage: this.#facts.usageAsked ? usage : undefined,
    });
  }

  /** @returns The bytes of generated text. */
  #takeText(payload: Buffer): number {
    const bytes =
      countTextBytes(payload, this.#deltaKey, this.output) || this.#countOtherText(payload);
    this.#choices.see(payload);
    return bytes;
  }

  /** The message of an error is not generated text. */
  #countOtherText(payload: Buffer): number {
    if (afterQuoted(payload, this.#deltaKey) >= 0 || payload.includes(errorWord)) return 0;
    const key = otherTextKeys.find((one) => afterQuoted(payload, one) >= 0);
    return key ? countTextBytes(payload, key, this.output) : 0;
  }

  /** Cheap, because it is called for every chunk. */
  #checkShape(payload: Buffer): true {
    if (payload[0] !== openBrace || payload.at(-1) !== closeBrace) {
      if (!/^\s*\{[^]*\}\s*$/.test(payload.toString("latin1"))) this.#record.flag("malformed");
    }
    return true;
  }

  #inspect(payload: Buffer): boolean {
    if (isErrorList(payload)) return this.#fail();
    try {
      const chunk = scanAnswer(payload);
      this.#id ||= chunk.string("id");
      this.#created ??= chunk.integer("created", { max: Number.MAX_SAFE_INTEGER });
      takeAnswer(chunk, this.#record, { prefix: "", passed: this.output });
      const isUsageOnly =
        chunk.kind("usage") === "object" && /^\[\s*\]$/.test(chunk.raw("choices") ?? "");
      return this.#facts.usageAsked || !isUsageOnly;
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
      this.#record.flag("malformed");
      return true;
    }
  }

  #fail(): true {
    this.#record.fail();
    return true;
  }
}

/**
 * An error without a field `error`. Every chunk of an answer has choices, so this check is cheap.
 */
function isOtherError(payload: Buffer): boolean {
  if (afterQuoted(payload, choicesKey) >= 0 || payload[0] !== openBrace) return false;
  try {
    return isErrorInstead(scanAnswer(payload));
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return false;
  }
}
