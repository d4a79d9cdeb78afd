/** Reads the usage of a Responses stream as it passes. */

import { PurserError } from "../../../domain/error.ts";
import { reportsError } from "../../answer/error-body.ts";
import { isErrorList } from "../../answer/error-list.ts";
import { isJson } from "../../answer/meter.ts";
import { PassedOutput } from "../../answer/passed-output.ts";
import { answerScanner, type ScannedBody } from "../../body/index.ts";
import { afterQuoted } from "../../bytes.ts";
import { SseSplitter, type SseEvent } from "../../sse/index.ts";
import type { Cut, Progress, Reading, RequestFacts, UsageMeter } from "../../wire.ts";
import { mayHideKeys, scanAnswer, takeAnswer } from "../answer-scan.ts";
import { countTextBytes } from "../text-bytes.ts";
import { PartialOutput } from "./partial-output.ts";
import { AnswerRecord } from "../answer-record.ts";
import type { BilledTool } from "../server-tools.ts";
import { responsesStop } from "./stop.ts";
import { serverTypes, ToolTally } from "./tool-tally.ts";

const responseKey = Buffer.from('response"');
const deltaKey = Buffer.from('delta"');
const nothing = new Uint8Array(0);
const callCompleted = Buffer.from("_call.completed");
const closing: ReadonlySet<string | undefined> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
]);
/** The response of the first event is kept to end the stream with; of a longer one (its instructions and tools are in it) only the head is. */
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
const openBrace = 0x7b;
/** A server that closes all its streams as chat does: `[DONE]`. */
const longestMark = 16;

export class ResponsesMeter implements UsageMeter {
  readonly output = new PassedOutput();
  readonly #facts: RequestFacts;
  readonly #record: AnswerRecord;
  readonly #items = new PartialOutput();
  readonly #splitter = new SseSplitter({ onEvent: (event) => this.#see(event) });
  /** Tool calls that were seen to end: the closing event's own list replaces them. */
  readonly #calls = new ToolTally();
  /** Events that were read and have not been passed on. */
  readonly #unsent: { readonly payload: Buffer; readonly isDelta: boolean }[] = [];
  #response: Buffer | undefined;
  #sequence = -1;
  #passedSequence = -1;
  #ending = false;
  #finished = false;
  /** Whether what has passed ends in the middle of an event that was too large to wait for. */
  #isInsideEvent = false;
  #hasPassedEnd = false;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
    this.#record = new AnswerRecord(facts, true);
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
    for (const { payload, isDelta } of this.#unsent.splice(0)) this.#items.take(payload, isDelta);
    this.#passedSequence = this.#sequence;
    this.#hasPassedEnd = this.#finished;
  }

  stop({ error, usage, showsOnlyReason }: Cut): Uint8Array {
    if (this.#hasPassedEnd) return nothing;
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
      insideEvent: this.#isInsideEvent,
    });
  }

  #see(event: SseEvent): true {
    const payload = event.data();
    if (!payload || (payload.length <= longestMark && payload[0] !== openBrace)) return true;
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

  /** As OpenAI reports it (`"type":"error"`), and as servers do that write errors alike in all their streams. */
  #takeError(payload: Buffer): void {
    // What the stream's end cuts off is unfinished, and not wrong.
    if (this.#ending && !isJson(payload)) return;
    if (isErrorList(payload) || reportsError(scanItem(payload))) this.#record.fail();
  }
}

/** Whether an event says first that it is one of a Responses stream, as OpenAI's do. Cheap, as it is asked of long events too. */
function isOfResponse(payload: Buffer): boolean {
  return /^\s*\{\s*"type"\s*:\s*"response\./.test(payload.toString("latin1", 0, headBytes));
}

/** What identifies a response. */
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
