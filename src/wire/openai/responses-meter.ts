/** Reads the usage of a Responses stream as it passes. */

import { PurserError } from "../../domain/error.ts";
import { PassedOutput } from "../answer/passed-output.ts";
import type { ScannedBody } from "../body/index.ts";
import { behindQuoted } from "../bytes.ts";
import { SseSplitter, type SseEvent } from "../sse/index.ts";
import type { Progress, Reading, RequestFacts, UsageMeter } from "../wire.ts";
import { mayHideKeys, scanAnswer, takeAnswer } from "./answer-scan.ts";
import { takeDeltas } from "./delta.ts";
import { PartialOutput } from "./partial-output.ts";
import { AnswerRecord, type BilledTool } from "./record.ts";
import { responsesStop } from "./stop.ts";

const responseKey = Buffer.from('response"');
const deltaKey = Buffer.from('delta"');
const callCompleted = Buffer.from("_call.completed");
const closing: ReadonlySet<string | undefined> = new Set(["response.completed", "response.incomplete", "response.failed"]);
/** The response of the first event is kept to end the stream with; a longer one (its instructions and tools are in it) is not. */
const longestKeptResponse = 64 * 1024;

const billedCalls: readonly (readonly [Buffer, BilledTool])[] = [
  [Buffer.from("response.web_search_call.completed"), "web_search"],
  [Buffer.from("response.file_search_call.completed"), "file_search"],
  [Buffer.from("response.code_interpreter_call.completed"), "code_execution"],
];

export class ResponsesMeter implements UsageMeter {
  readonly output = new PassedOutput();
  readonly #facts: RequestFacts;
  readonly #record: AnswerRecord;
  readonly #items = new PartialOutput();
  readonly #splitter = new SseSplitter({ onEvent: (event) => this.#see(event) });
  /** Tool calls that were seen to end: the closing event's own list replaces them. */
  readonly #calls: Partial<Record<BilledTool, number>> = {};
  #response: Buffer | undefined;
  #sequence = -1;
  #finished = false;

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
    const rest = this.#splitter.end();
    if (!this.#finished) this.#record.flag("unfinished");
    if (this.#splitter.malformed) this.#record.flag("malformed");
    return { rest, reading: this.#record.reading() };
  }

  stop(message: string): Uint8Array {
    return responsesStop({
      message,
      response: this.#response,
      model: this.#record.model ?? this.#facts.model,
      sequenceNumber: this.#sequence + 1,
      output: this.#items.items(),
      usage: { input: this.#record.inputTokens ?? Math.ceil(this.#facts.textBytes / 4), output: this.output.mostTokens },
      insideEvent: this.#splitter.insideOversized,
    });
  }

  #see(event: SseEvent): true {
    const payload = event.data();
    if (!payload || payload.length <= 16) return true;
    this.#sequence++;
    try {
      if (behindQuoted(payload, responseKey) >= 0) this.#inspect(scanAnswer(payload));
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
    this.#sequence = event.integer("sequence_number", { max: Number.MAX_SAFE_INTEGER }) ?? this.#sequence;
    if (field && !this.#response && field.end - field.start <= longestKeptResponse) {
      this.#response = Buffer.from(event.bytes.subarray(field.start, field.end));
    }
    takeAnswer(event, this.#record, { prefix: "response.", passed: this.output });
    if (closing.has(event.string("type"))) this.#finished = true;
  }

  #takePart(payload: Buffer): void {
    const bytes = takeDeltas(payload, deltaKey, this.output);
    if (bytes === 0 && mayHideKeys(payload)) this.#inspect(scanAnswer(payload));
    this.#items.take(payload, bytes > 0);
    if (bytes > 0 || !payload.includes(callCompleted)) return;
    for (const [needle, meter] of billedCalls) {
      if (payload.includes(needle)) this.#calls[meter] = (this.#calls[meter] ?? 0) + 1;
    }
    this.#record.countTools(this.#calls);
  }
}
