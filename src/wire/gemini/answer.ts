/** Tracks a Gemini answer as its chunks pass: its usage, its searches, and whether it has ended. */

import type { Usage, UsageFlag } from "../../domain/usage/usage.ts";
import { countContext, countOutput } from "../../domain/usage/usage.ts";
import { reportsError } from "../answer/error-body.ts";
import { isErrorList } from "../answer/error-list.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import type { BodyReader } from "../answer/body-meter.ts";
import { PassedOutput } from "../answer/passed-output.ts";
import type { StreamReader } from "../answer/stream-meter.ts";
import { answerScanner, type ScannedBody } from "../body/scan.ts";
import {
  keepRaw,
  overwrite,
  toObject,
  toObjects,
  toText,
  type JsonObject,
} from "../count/count.ts";
import type { Progress, Reading, RequestFacts } from "../wire.ts";
import { Grounding } from "./grounding.ts";
import { countsOutput, countsTokens, readGeminiUsage } from "./usage.ts";

/** Fields of a candidate that are read in addition to its text. */
const reportingKeys = ["groundingMetadata", "urlContextMetadata", "finishReason"];

const scan = answerScanner({ keys: reportingKeys });

/**
 * A generated image costs at most this many tokens, at 4K
 * (https://ai.google.dev/gemini-api/docs/pricing, read 2026-11).
 */
const tokensPerImage = 2000;

/**
 * Takes each chunk of a stream, or a whole answer. Parses only the usage, and the candidates when
 * needed.
 */
export class GeminiAnswer implements StreamReader, BodyReader {
  readonly output = new PassedOutput();
  readonly #stream: boolean;
  readonly #facts: RequestFacts;
  #whole = false;
  #model: string | null = null;
  #responseId: string | null = null;
  #metadata: JsonObject = {};
  /** The usage from the metadata. */
  #said = readGeminiUsage({});
  #written: string | null = null;
  #counted = false;
  #merged = false;
  #blocked = false;
  #failed = false;
  #passedBytes = 0;
  #unreadTextBytes = 0;
  readonly #indexes = new Set<number>();
  readonly #ended = new Set<number>();
  /** Indexes of candidates whose end was passed on. */
  #passedEnds: readonly number[] = [];
  readonly #grounding: Grounding;
  readonly #flags = new Set<UsageFlag>();

  constructor(answer: { readonly stream: boolean; readonly facts: RequestFacts }) {
    this.#stream = answer.stream;
    this.#facts = answer.facts;
    this.#grounding = new Grounding(answer.facts.fees);
  }

  /**
   * Whether every candidate has ended, or the prompt was refused. A stream has no closing event.
   */
  get finished(): boolean {
    if (!this.#stream) return this.#whole;
    return this.#blocked || (this.#ended.size > 0 && this.#ended.size === this.#indexes.size);
  }

  get model(): string | null {
    return this.#model;
  }

  get responseId(): string | null {
    return this.#responseId;
  }

  /** Indexes of candidates whose end the caller has not received. */
  get open(): readonly number[] {
    const asked = Array.from({ length: Math.max(this.#facts.choices, 1) }, (_, index) => index);
    return asked.filter((index) => !this.#passedEnds.includes(index));
  }

  passed(): void {
    if (this.#ended.size > this.#passedEnds.length) this.#passedEnds = [...this.#ended];
  }

  get inputTokens(): number | null {
    return this.#counted ? countContext(this.#said.usage) : null;
  }

  /** Of a whole answer, for which an estimate of the output is enough. */
  get progress(): Progress {
    const { hasReport, tokensOutsideText, textBytes } = this.output;
    const bytes = textBytes + (hasReport ? 0 : this.#unreadTextBytes);
    return {
      inputTokens: this.inputTokens,
      outputTokens: tokensOutsideText + tokensOfBytes(bytes),
    };
  }

  /** @param unreadTextBytes Of a whole answer, the bytes of text that were not kept. */
  take(data: Buffer, unreadTextBytes = 0): true {
    this.#unreadTextBytes = unreadTextBytes;
    this.#read(data);
    return true;
  }

  #read(data: Buffer): void {
    if (isErrorList(data)) return this.#fail();
    try {
      const body = scan(data);
      if (reportsError(body)) this.#fail();
      if (body.isRepeated("usageMetadata")) this.#flags.add("usage_repeated");
      this.#takeChunk(body);
      this.#whole = true;
    } catch {
      // An unreadable chunk has been passed on, and the reading is flagged.
      this.#flags.add("malformed");
    }
  }

  #fail(): void {
    this.#failed = true;
    this.#whole = true;
  }

  /** Partial if output was generated after the last usage: {@link progress} has the estimate. */
  reading(malformed: boolean): Reading {
    const { usage, serviceTier, invalid } = this.#said;
    const flags = new Set(this.#flags);
    if (malformed) flags.add("malformed");
    if (!this.#counted) flags.add(this.#blocked ? "unbilled" : "usage_missing");
    if (invalid) flags.add("usage_invalid");
    if (this.#failed) flags.add("provider_error");
    if (!this.finished && !this.#failed) flags.add("unfinished");
    const partial = !this.#counted || invalid || this.output.grewSinceReport || !this.finished;
    return {
      model: this.#model,
      parts: this.#parts(usage),
      ...(partial && { partial }),
      reportedCost: null,
      serviceTier: serviceTier ?? this.#facts.serviceTier,
      rawUsage: this.#raw(),
      flags: [...flags],
      passedBytes: this.#passedBytes,
    };
  }

  #raw(): string | null {
    if (!this.#counted) return null;
    return keepRaw(this.#metadata, this.#merged ? undefined : (this.#written ?? undefined));
  }

  #parts(counted: Usage): Reading["parts"] {
    const usage = { ...counted, ...this.#grounding.units(this.#model ?? this.#facts.model) };
    return this.#counted ? [{ model: this.#model, usage }] : [];
  }

  #takeChunk(body: ScannedBody): void {
    this.#model = toText(body.json("modelVersion")) ?? this.#model;
    this.#responseId = toText(body.json("responseId")) ?? this.#responseId;
    if (toObject(body.json("promptFeedback"))?.["blockReason"] !== undefined) this.#blocked = true;
    const written = body.raw("usageMetadata");
    const usage = written === undefined ? undefined : toObject(JSON.parse(written));
    const counts = usage !== undefined && countsTokens(usage);
    const reported = this.output.reportedTokens;
    if (usage) this.#keep(usage, counts ? written : undefined);
    // A count that has not grown covers only earlier text, except in the last chunk.
    const hasGrown = this.output.reportedTokens > reported || body.keyCount("finishReason") > 0;
    const counted =
      hasGrown &&
      counts &&
      usage !== undefined &&
      countsOutput(usage) &&
      countOutput(this.#said.usage) > 0;
    this.#passedBytes += counted
      ? body.bytes.length
      : textBytes(toObjects(body.json("candidates")));
    const hasReport = this.#ended.size > 0 || reportingKeys.some((key) => body.keyCount(key) > 0);
    if (hasReport || !counted || this.#facts.choices > 1 || this.#indexes.size === 0)
      this.#takeCandidates(toObjects(body.json("candidates")), counted);
  }

  #takeCandidates(candidates: readonly JsonObject[], counted: boolean): void {
    for (const candidate of candidates) {
      const index = typeof candidate["index"] === "number" ? candidate["index"] : 0;
      this.#indexes.add(index);
      if (toText(candidate["finishReason"]) !== undefined) this.#ended.add(index);
      else if (textBytes([candidate]) > 0) this.#ended.delete(index);
      this.#grounding.add(candidate);
      if (!counted) takeParts(candidate, this.output);
    }
  }

  /** A chunk with only a traffic type, or only zeros, counts nothing and removes nothing. */
  #keep(usage: JsonObject, written: string | undefined): void {
    this.#merged = Object.keys(this.#metadata).some((field) => (usage[field] ?? null) === null);
    this.#metadata = overwrite(this.#metadata, usage);
    this.#said = readGeminiUsage(this.#metadata);
    if (written === undefined) return;
    this.#written = written;
    this.#counted = true;
    if (countsOutput(usage) && this.#said.usage.output !== undefined)
      this.output.report(countOutput(this.#said.usage));
  }
}

/** Signatures are not generated text. Function calls are counted as their JSON. */
function takeParts(candidate: JsonObject, output: PassedOutput): void {
  for (const part of toObjects(toObject(candidate["content"])?.["parts"])) {
    if (toObject(part["inlineData"])) output.addTokens(tokensPerImage);
    const {
      thoughtSignature: _signature,
      inlineData: _data,
      thought: _thought,
      text,
      ...other
    } = part;
    if (typeof text === "string") takeText(text, output);
    if (Object.keys(other).length > 0) takeText(JSON.stringify(other), output);
  }
}

function takeText(text: string, output: PassedOutput): void {
  const written = Buffer.from(JSON.stringify(text));
  output.addText(written, 1, written.length - 1);
}

/** Bytes of the text, calls and media in a chunk's candidates, as written. */
function textBytes(candidates: readonly JsonObject[]): number {
  const parts = candidates.flatMap((candidate) =>
    toObjects(toObject(candidate["content"])?.["parts"]),
  );
  return parts.reduce(
    (sum, part) => sum + (part["inlineData"] ? JSON.stringify(part).length : writtenBytes(part)),
    0,
  );
}

function writtenBytes(part: JsonObject): number {
  const { thoughtSignature: _signature, text, ...other } = part;
  const written = typeof text === "string" ? text : "";
  const rest = Object.keys(other).some((field) => field !== "thought") ? JSON.stringify(other) : "";
  return Buffer.byteLength(written) + Buffer.byteLength(rest);
}
