/** Reads the usage of a stream of chat or completion chunks as it passes. */

import { PurserError } from "../../../domain/error.ts";
import { PassedOutput } from "../../answer/passed-output.ts";
import { isErrorInstead } from "../../answer/error-body.ts";
import { isErrorList } from "../../answer/error-list.ts";
import { isJson } from "../../answer/meter.ts";
import { afterQuoted } from "../../bytes.ts";
import { SseSplitter, type SseEvent } from "../../sse/index.ts";
import type { Cut, Progress, Reading, RequestFacts, UsageMeter } from "../../wire.ts";
import { lastUsage, mayHideKeys, scanAnswer, takeAnswer } from "../answer-scan.ts";
import { countTextBytes } from "../text-bytes.ts";
import { OpenChoices } from "./open-choices.ts";
import { AnswerRecord } from "../answer-record.ts";
import { chatStop } from "./stop.ts";

/** Looked at whole until id and model are known, at most: Azure's first chunk names neither. */
const mostIntroductions = 8;
const longestDone = 16;
const nothing = new Uint8Array(0);

const chatDeltaKey = Buffer.from('delta"');
const completionDeltaKey = Buffer.from('text"');
/** Where servers have been seen to put the text of a chunk that has no delta: the first of these that is there. */
const otherTextKeys = [Buffer.from('message"'), completionDeltaKey, chatDeltaKey];
const errorWord = Buffer.from('"error"');
const choicesKey = Buffer.from('choices"');

export class ChatMeter implements UsageMeter {
  readonly output = new PassedOutput();
  readonly #facts: RequestFacts;
  readonly #deltaKey: Buffer;
  readonly #object: "chat.completion.chunk" | "text_completion";
  readonly #record: AnswerRecord;
  readonly #splitter = new SseSplitter({ onEvent: (event) => this.#see(event) });
  readonly #choices: OpenChoices;
  #introductions = 0;
  #id: string | undefined;
  #created: number | undefined;
  #ending = false;
  #finished = false;
  /** Whether what has passed ends in the middle of an event that was too large to wait for. */
  #isInsideEvent = false;
  #hasPassedEnd = false;

  constructor(facts: RequestFacts, endpointName: string) {
    this.#facts = facts;
    this.#choices = new OpenChoices(facts.choices);
    this.#record = new AnswerRecord(facts, true);
    const isChat = endpointName !== "completions";
    this.#deltaKey = isChat ? chatDeltaKey : completionDeltaKey;
    this.#object = isChat ? "chat.completion.chunk" : "text_completion";
  }

  push(chunk: Uint8Array): Uint8Array {
    const passed = this.#splitter.push(chunk);
    this.output.noteUnread(this.#splitter.unreadTextBytes);
    return passed;
  }

  get progress(): Progress {
    return { inputTokens: this.#record.inputTokens, outputTokens: this.output.mostTokens };
  }

  get finished(): boolean {
    return this.#finished;
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    this.#ending = true;
    const rest = this.#splitter.end();
    if (!this.#finished && !this.#record.failed) this.#record.flag("unfinished");
    if (this.#splitter.malformed) this.#record.flag("malformed");
    const isCounted = this.#finished || !this.output.grewSinceReport;
    return { rest, reading: this.#record.reading({ bytes: this.output.allTextBytes, isCounted }) };
  }

  passed(): void {
    this.#isInsideEvent = this.#splitter.insideOversized;
    this.#choices.passed();
    this.#hasPassedEnd = this.#finished;
  }

  stop({ error, usage }: Cut): Uint8Array {
    if (this.#hasPassedEnd) return nothing;
    return chatStop({
      error,
      object: this.#object,
      id: this.#id,
      created: this.#created,
      model: this.#record.model ?? this.#facts.model,
      open: this.#choices.open(),
      usage: this.#facts.usageAsked ? usage : undefined,
      insideEvent: this.#isInsideEvent,
    });
  }

  /** @returns Whether the caller gets the event: not the chunk that only answers Purser's own question for usage. */
  #see(event: SseEvent): boolean {
    const payload = event.data();
    if (!payload) return true;
    if (payload.length <= longestDone && payload.toString().trim() === "[DONE]") {
      this.#finished = true;
      return true;
    }
    if (isOtherError(payload)) return this.#fail();
    const bytes =
      countTextBytes(payload, this.#deltaKey, this.output) || this.#countOtherText(payload);
    this.#choices.see(payload);
    // What the stream's end cuts off is unfinished, and not wrong.
    if (this.#ending && !isJson(payload)) return true;
    const isIntroduction =
      this.#introductions < mostIntroductions &&
      (this.#id === undefined || this.#record.model === null);
    const mayHaveUsage = lastUsage(payload) !== undefined || (bytes === 0 && mayHideKeys(payload));
    const mayReportError = payload.includes(errorWord);
    if (!isIntroduction && !mayHaveUsage && !mayReportError) return this.#checkShape(payload);
    if (isIntroduction) this.#introductions++;
    return this.#inspect(payload);
  }

  /** The message of an error is no text of the model. */
  #countOtherText(payload: Buffer): number {
    if (afterQuoted(payload, this.#deltaKey) >= 0 || payload.includes(errorWord)) return 0;
    const key = otherTextKeys.find((one) => afterQuoted(payload, one) >= 0);
    return key ? countTextBytes(payload, key, this.output) : 0;
  }

  /** Cheap, as it is asked of every chunk. */
  #checkShape(payload: Buffer): true {
    if (payload[0] !== 0x7b || payload.at(-1) !== 0x7d) {
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

/** An error that does not call itself one in a field `error`: every chunk of an answer has choices. Cheap, as it is asked of every event. */
function isOtherError(payload: Buffer): boolean {
  if (afterQuoted(payload, choicesKey) >= 0 || payload[0] !== 0x7b) return false;
  try {
    return isErrorInstead(scanAnswer(payload));
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return false;
  }
}
