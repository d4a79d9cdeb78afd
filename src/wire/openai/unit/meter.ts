/**
 * Meters an answer that is billed by unit: JSON, events, a text, or a file. It passes unchanged, and
 * is read when it is complete.
 */

import { PurserError } from "../../../domain/error.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { tokensOfBytes } from "../../../domain/usage/passed-text.ts";
import type { Usage } from "../../../domain/usage/usage.ts";
import { AnswerBody } from "../../answer/answer-body.ts";
import { SseFraming } from "../../answer/sse-framing.ts";
import { openBrace } from "../../ascii.ts";
import { parseObject, toObject, toText, type JsonObject } from "../../count/count.ts";
import type { EndpointUnit, Progress, Reading, RequestFacts, UsageMeter } from "../../wire.ts";
import { lastUsage } from "../answer-scan.ts";
import { readUsage, type UsageReading } from "../usage.ts";
import { imageUnit, usualImage } from "./image.ts";
import { pagesRead } from "./ocr.ts";
import { makesJob, videoMade } from "./video.ts";

const nothing = new Uint8Array(0);

export class UnitMeter implements UsageMeter {
  readonly output = null;
  readonly #kind: EndpointUnit;
  readonly #facts: RequestFacts;
  /** Null for events, and for a file, of which nothing is read. */
  #body: AnswerBody | null = null;
  /** Null for an answer that is not sent as events. */
  #events: SseFraming | null = null;
  /** The last usage of any event; images in events are large, and are not kept. */
  #usageOfEvents: string | undefined;
  /** Whether an event reported an error. */
  #hasFailed = false;
  #length = 0;
  #ended = false;

  constructor(kind: EndpointUnit, facts: RequestFacts) {
    this.#kind = kind;
    this.#facts = facts;
  }

  /** Tokens of the output, to charge if the model is billed by tokens and reports none. */
  get progress(): Progress {
    return { inputTokens: null, outputTokens: this.#outputTokens() };
  }

  get finished(): boolean {
    return this.#ended;
  }

  push(chunk: Uint8Array): Uint8Array {
    if (this.#length === 0) this.#begin(chunk);
    this.#length += chunk.length;
    this.#body?.push(chunk);
    this.#events?.push(chunk);
    return chunk;
  }

  passed(): void {
    // A body has nothing to close.
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    this.#ended = true;
    this.#events?.end();
    return { rest: nothing, reading: this.#read(this.#body?.take() ?? Buffer.alloc(0)) };
  }

  stop(): Uint8Array {
    return nothing;
  }

  #begin(chunk: Uint8Array): void {
    const start = Buffer.from(chunk.subarray(0, 16)).toString("latin1");
    if (isObject.test(start)) this.#body = new AnswerBody();
    else if (isEvents.test(start))
      this.#events = new SseFraming({ take: (data) => this.#take(data) });
  }

  #take(event: Buffer): true {
    this.#usageOfEvents = lastUsage(event)?.toString() ?? this.#usageOfEvents;
    if (event.length <= longestError && isError(parseObject(event))) this.#hasFailed = true;
    return true;
  }

  #read(body: Buffer): Reading {
    const answer = body[0] === openBrace ? parseObject(body) : undefined;
    const isReported =
      !makesJob.has(this.#kind) &&
      (answer === undefined || toObject(answer["usage"]) !== undefined);
    const written = isReported ? (this.#usageOfEvents ?? lastUsage(body)?.toString()) : undefined;
    const usage = written === undefined ? undefined : this.#usageOf(written);
    const unit = this.#unitOf(answer, written);
    const hasFailed = this.#hasFailed || isError(answer);
    return {
      model: toText(answer?.["model"]) ?? null,
      parts: usage?.usage ? [{ model: null, usage: usage.usage }] : [],
      ...(unit && !hasFailed && { unit }),
      reportedCost: usage?.reportedCost ?? null,
      serviceTier: this.#facts.serviceTier,
      rawUsage: written?.slice(0, longestRaw) ?? null,
      flags: hasFailed ? ["provider_error"] : [],
      passedBytes: 0,
    };
  }

  #usageOf(written: string): Pick<UsageReading, "usage" | "reportedCost"> | undefined {
    try {
      const { usage, reportedCost } = readUsage(written, this.#kind !== "rerank");
      return { usage: usage && this.#asMade(usage), reportedCost };
    } catch (error) {
      if (error instanceof PurserError) return undefined;
      throw error;
    }
  }

  /** The output of speech is audio and that of images is images, unless the details say more. */
  #asMade(usage: Usage): Usage {
    const { output = 0 } = usage;
    if (this.#kind === "speech") return { ...usage, output: 0, output_audio: output };
    return this.#kind === "image" && usage.output_image === undefined
      ? { ...usage, output: 0, output_image: output }
      : usage;
  }

  #unitOf(answer: JsonObject | undefined, written: string | undefined): BilledUnit | undefined {
    if (this.#kind === "transcription") return secondsOf(answer, written);
    if (this.#kind === "image") return imagesOf(answer, this.#facts);
    if (this.#kind === "video") return videoMade(answer, this.#facts);
    if (this.#kind === "ocr") return pagesRead(answer, this.#facts);
    return this.#kind === "rerank" ? searchesOf(answer) : undefined;
  }

  #outputTokens(): number {
    if (this.#kind === "speech") return Math.ceil(this.#length / leastBytesPerAudioToken);
    if (this.#kind === "image") return this.#length;
    return this.#kind === "transcription" ? tokensOfBytes(this.#length) : 0;
  }
}

const longestRaw = 4096;
/** In bytes. A longer event has an image. */
const longestError = 16_384;

/**
 * About 21 audio tokens a second, by the prices of `gpt-4o-mini-tts` per token and per minute, in a
 * file of at least 16 kbit/s (https://platform.openai.com/docs/pricing, read 2026-11).
 */
const leastBytesPerAudioToken = 96;

const isObject = /^\s*\{/;
/** Events begin with the name of a field, or with a comment. */
const isEvents = /^(?:data:|event:|id:|:)/;

function isError(answer: JsonObject | undefined): boolean {
  return answer?.["type"] === "error" || toObject(answer?.["error"]) !== undefined;
}

/**
 * `usage: {type: "duration", seconds}`, the `prompt_audio_seconds` of Mistral
 * (https://docs.mistral.ai/capabilities/audio_transcription, read 2026-11), or the `duration` of
 * `verbose_json`. Whisper is billed by the second, rounded to the nearest
 * (https://platform.openai.com/docs/pricing, read 2026-11).
 */
function secondsOf(
  answer: JsonObject | undefined,
  written: string | undefined,
): BilledUnit | undefined {
  const usage = written === undefined ? undefined : parseObject(written);
  const reported = usage?.["seconds"] ?? usage?.["prompt_audio_seconds"] ?? answer?.["duration"];
  const seconds = Number(reported ?? Number.NaN);
  const meter = openMeter("audio_seconds");
  return seconds >= 0 && seconds <= mostReportedSeconds
    ? { meters: [meter], family: meter, count: Math.round(seconds) }
    : undefined;
}

/** A month. */
const mostReportedSeconds = 2_678_400;

/** Quality and size are in the answers of newer models. */
function imagesOf(
  answer: JsonObject | undefined,
  { model, unit }: RequestFacts,
): BilledUnit | undefined {
  const images = answer?.["data"];
  if (!Array.isArray(images) || !unit) return undefined;
  const quality = toText(answer?.["quality"]);
  const size = toText(answer?.["size"]);
  const isSaid =
    quality !== undefined && size !== undefined && usualImage(model).size === undefined;
  return isSaid
    ? imageUnit({ quality, size, count: images.length })
    : { meters: unit.meters, family: unit.family, count: images.length };
}

/** Cohere's `meta.billed_units.search_units`. */
function searchesOf(answer: JsonObject | undefined): BilledUnit | undefined {
  const billed = toObject(toObject(answer?.["meta"])?.["billed_units"]);
  const count = billed?.["search_units"];
  const meter = openMeter("search_units");
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0
    ? { meters: [meter], family: meter, count }
    : undefined;
}
