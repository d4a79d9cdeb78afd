/** Reads the usage of a Responses stream as it passes. */

import { PurserError } from "../../../domain/error.ts";
import { reportsError } from "../../answer/error-body.ts";
import { isErrorList } from "../../answer/error-list.ts";
import { PassedOutput } from "../../answer/passed-output.ts";
import type { StreamReader } from "../../answer/stream-meter.ts";
import { answerScanner, type ScannedBody } from "../../body/index.ts";
import { afterQuoted } from "../../bytes.ts";
import type { Cut, Reading, RequestFacts } from "../../wire.ts";
import { AnswerRecord } from "../answer-record.ts";
import { mayHideKeys, scanAnswer, takeAnswer } from "../answer-scan.ts";
import type { BilledTool } from "../server-tools.ts";
import { countTextBytes } from "../text-bytes.ts";
import { PartialOutput } from "./partial-output.ts";
import { responsesStop } from "./stop.ts";
import { serverTypes, ToolTally } from "./tool-tally.ts";
import { openBrace } from "../../ascii.ts";

const responseKey = Buffer.from('response"');
const deltaKey = Buffer.from('delta"');
const callCompleted = Buffer.from("_call.completed");
const closing: ReadonlySet<string | undefined> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
]);
/**
 * The response of the first event is kept, to end the stream with. A longer one, with instructions
 * and tools, is reduced to its head.
 */
const longestKeptResponse = 64 * 1024;

/** Events that end a call without its details. */
const endEvents: ReadonlyMap<string | undefined, BilledTool> = new Map([
  ["response.web_search_call.completed", "web_search"],
  ["response.file_search_call.completed", "file_search"],
  ["response.code_interpreter_call.completed", "code_execution"],
]);
const itemDone = Buffer.from("response.output_item.done");
const serverWords = serverTypes.map((type) => Buffer.from(`"${type}"`));
const errorWord = Buffer.from('"error"');
const scanItem = answerScanner();
/** The longest head of an event in which its type is looked for. */
const headBytes = 64;
/** Shorter data that is not JSON has no meaning. */
const longestWord = 16;

export class ResponsesStream implements StreamReader {
  readonly output = new PassedOutput();
  readonly #facts: RequestFacts;
  readonly #record: AnswerRecord;
  readonly #items = new PartialOutput();
  /** Tool calls that have ended: the closing event's own list replaces them. */
  readonly #calls = new ToolTally();
  /** Events that were read and have not been passed on. */
  readonly #unsent: { readonly payload: Buffer; readonly isDelta: boolean }[] = [];
  #response: Buffer | undefined;
  #sequence = -1;
  #passedSequence = -1;
  #finished = false;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
    this.#record = new AnswerRecord(facts, true);
  }

  get inputTokens(): number | null {
    return this.#record.inputTokens;
  }

  get finished(): boolean {
    return this.#finished;
  }

  take(payload: Buffer): true {
    if (payload.length <= longestWord && payload[0] !== openBrace) return true;
    this.#sequence++;
    try {
      if (afterQuoted(payload, responseKey) >= 0) this.#inspect(scanAnswer(payload));
      else this.#takePart(payload);
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
      this.#record.flag("malformed");
    }
    return true;
  }

  takeCutOff(payload: Buffer): void {
    countTextBytes(payload, deltaKey, this.output);
  }

  passed(): void {
    for (const { payload, isDelta } of this.#unsent.splice(0)) this.#items.take(payload, isDelta);
    this.#passedSequence = this.#sequence;
  }

  reading(malformed: boolean): Reading {
    return this.#record.readingOfStream(this.output, { finished: this.#finished, malformed });
  }

  stop({ error, usage, showsOnlyReason }: Cut): string {
    const { events, items } = this.#items.close();
    return responsesStop({
      error,
      response: this.#response,
      hasBegun: this.#passedSequence >= 0,
      model: this.#record.model ?? this.#facts.model,
      closing: events,
      sequenceNumber: this.#passedSequence + 1,
      output: items,
      usage,
      reason: showsOnlyReason ? error.message : "max_output_tokens",
    });
  }

  /** Events that carry the whole response object: the first two and the closing one. */
  #inspect(event: ScannedBody): void {
    if (event.kind("response") !== "object") return;
    const field = event.field("response");
    this.#sequence =
      event.integer("sequence_number", { max: Number.MAX_SAFE_INTEGER }) ?? this.#sequence;
    if (field && !this.#response) {
      const isShort = field.end - field.start <= longestKeptResponse;
      this.#response = isShort
        ? Buffer.from(event.bytes.subarray(field.start, field.end))
        : headOf(event);
    }
    takeAnswer(event, this.#record, { prefix: "response.", passed: this.output });
    const type = event.string("type");
    if (closing.has(type)) this.#finished = true;
    if (type === "response.failed") this.#record.fail();
  }

  #takePart(payload: Buffer): void {
    const bytes = countTextBytes(payload, deltaKey, this.output);
    if (bytes === 0 && mayHideKeys(payload)) this.#inspect(scanAnswer(payload));
    this.#unsent.push({ payload, isDelta: bytes > 0 });
    if (bytes > 0) return;
    if (payload.includes(callCompleted)) this.#takeEnd(scanItem(payload));
    if (payload.includes(itemDone) && serverWords.some((word) => payload.includes(word)))
      this.#takeItem(scanItem(payload));
    if (payload.includes(errorWord) || !isOfResponse(payload)) this.#takeError(payload);
  }

  #takeEnd(event: ScannedBody): void {
    const tool = endEvents.get(event.string("type"));
    const id = event.string("item_id");
    if (tool) this.#calls.takeEnd(id ?? `#${this.#sequence}`, tool);
    this.#record.countTools(this.#calls);
  }

  #takeItem(event: ScannedBody): void {
    this.#calls.take(event.json("item"));
    this.#record.countTools(this.#calls);
  }

  /** An error as OpenAI writes it (`"type":"error"`), or as a server does in all its formats. */
  #takeError(payload: Buffer): void {
    if (isErrorList(payload) || reportsError(scanItem(payload))) this.#record.fail();
  }
}

/** Whether an event begins with a Responses type, as OpenAI's do. Cheap, also for long events. */
function isOfResponse(payload: Buffer): boolean {
  return /^\s*\{\s*"type"\s*:\s*"response\./.test(payload.toString("latin1", 0, headBytes));
}

/** The fields that identify a response. */
function headOf(event: ScannedBody): Buffer {
  const [id, model] = [event.string("response.id"), event.string("response.model")];
  const created = event.integer("response.created_at", { max: Number.MAX_SAFE_INTEGER });
  return Buffer.from(
    JSON.stringify({
      id,
      object: "response",
      created_at: created,
      model,
      status: "in_progress",
      error: null,
    }),
  );
}
