/**
 * Meters an answer that is billed by unit: JSON, events, a text, or a file. It passes unchanged, and
 * is read when it is complete.
 */

import { PurserError } from "../../../domain/error.ts";
import { add } from "../../../domain/money/money.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { tokensOfBytes } from "../../../domain/usage/passed-text.ts";
import { sumUsage, type Usage } from "../../../domain/usage/usage.ts";
import { AnswerBody } from "../../answer/answer-body.ts";
import { SseFraming } from "../../answer/sse-framing.ts";
import { hasError } from "../../answer/error-body.ts";
import { parseObject, toObject, toText, type JsonObject } from "../../count/count.ts";
import type { EndpointUnit, Progress, Reading, RequestFacts, UsageMeter } from "../../wire.ts";
import { lastUsage } from "../answer-scan.ts";
import { readUsage, type UsageReading } from "../usage.ts";
import { AnswerStart } from "./answer-start.ts";
import { imageUnit, tokensOfImage, usualImage } from "./image.ts";
import { pagesRead } from "./ocr.ts";
import { speechTokens } from "./speech-length.ts";
import { makesJob, videoMade } from "./video.ts";

const nothing = new Uint8Array(0);
const audioSeconds = openMeter("audio_seconds");

export class UnitMeter implements UsageMeter {
  readonly output = null;
  readonly #kind: EndpointUnit;
  readonly #facts: RequestFacts;
  readonly #start = new AnswerStart();
  readonly #body = new AnswerBody();
  readonly #events = new SseFraming({ take: (data) => this.#take(data) });
  /** The beginning of a file: of its bytes, only their number is read after it. */
  #head: Buffer = Buffer.alloc(0);
  /** The answer, once it has ended, if it is JSON. */
  #answer: JsonObject | undefined;
  /** The last usage of any event; images in events are large, and are not kept. */
  #usageOfEvents: string | undefined;
  /** The usage of each image that came as an event of its own. */
  readonly #usageOfImages: string[] = [];
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
    this.#length += chunk.length;
    if (this.#isText) return chunk;
    const bytes = this.#start.push(chunk);
    const { form } = this.#start;
    if (form === "object") this.#body.push(bytes);
    else if (form === "events") this.#events.push(bytes);
    else if (this.#head.length < longestHead)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, longestHead)]);
    return chunk;
  }

  passed(): void {
    // A body has nothing to close.
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    this.#ended = true;
    this.#events.end();
    return { rest: nothing, reading: this.#read(this.#body.take()) };
  }

  stop(): Uint8Array {
    return nothing;
  }

  /** Whether the answer is a transcript as text, which may look like JSON. */
  get #isText(): boolean {
    return this.#kind === "transcription" && textFormats.has(this.#facts.unit?.format ?? "");
  }

  #take(event: Buffer): true {
    const usage = lastUsage(event)?.toString();
    this.#usageOfEvents = usage ?? this.#usageOfEvents;
    if (usage !== undefined && imageEnds.some((type) => event.includes(type)))
      this.#usageOfImages.push(usage);
    if (event.length <= longestError && isError(parseObject(event))) this.#hasFailed = true;
    return true;
  }

  #read(body: Buffer): Reading {
    const answer = parseObject(body);
    this.#answer = answer;
    const isReported =
      !makesJob.has(this.#kind) &&
      (answer === undefined || toObject(answer["usage"]) !== undefined);
    const written = isReported ? this.#writtenUsage(body) : [];
    const usage = this.#usageOf(written);
    const unit = this.#unitOf(answer, written.at(-1));
    const hasFailed = this.#hasFailed || isError(answer);
    return {
      model: toText(answer?.["model"]) ?? null,
      parts: usage?.usage ? [{ model: null, usage: usage.usage }] : [],
      ...(unit && !hasFailed && { unit }),
      reportedCost: usage?.reportedCost ?? null,
      serviceTier: this.#facts.serviceTier,
      rawUsage: rawOf(written),
      flags: hasFailed ? ["provider_error"] : [],
      passedBytes: 0,
    };
  }

  /** More than one if images came one after another: each reports its own. */
  #writtenUsage(body: Buffer): readonly string[] {
    if (this.#usageOfImages.length > 0) return this.#usageOfImages;
    const written = this.#usageOfEvents ?? lastUsage(body)?.toString();
    return written === undefined ? [] : [written];
  }

  #usageOf(written: readonly string[]): Pick<UsageReading, "usage" | "reportedCost"> | undefined {
    try {
      const readings = written.map((usage) => readUsage(usage, this.#kind !== "rerank"));
      const usages = readings.flatMap(({ usage }) => (usage ? [this.#asMade(usage)] : []));
      const costs = readings.flatMap(({ reportedCost: cost }) => (cost === null ? [] : [cost]));
      return {
        usage: usages.length > 0 ? sumUsage(usages) : null,
        reportedCost: costs.length > 0 ? costs.reduce(add) : null,
      };
    } catch (error) {
      if (error instanceof PurserError) return undefined;
      throw error;
    }
  }

  /**
   * The output of speech is audio, that of images is images, and the input of a transcription is
   * audio, unless the details say more.
   */
  #asMade(usage: Usage): Usage {
    const { input = 0, output = 0, input_audio: heard, [audioSeconds]: seconds } = usage;
    if (this.#kind === "transcription" && heard === undefined && seconds === undefined)
      return { ...usage, input: 0, input_audio: input };
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
    if (this.#kind === "speech") return this.#speechTokens();
    if (this.#kind === "image") return tokensOfImages(this.#answer, this.#facts);
    if (this.#kind !== "transcription") return 0;
    const text = this.#answer?.["text"];
    return tokensOfBytes(typeof text === "string" ? Buffer.byteLength(text) : this.#length);
  }

  #speechTokens(): number {
    const isFile = this.#isText || this.#start.form === "file";
    const length = isFile ? this.#length : Math.ceil(this.#length * bytesInBase64);
    return speechTokens({ length, head: this.#head, format: this.#facts.unit?.format });
  }
}

/** The types of events that end an image. */
const imageEnds = ["image_generation", "image_edit"].map((kind) => `"${kind}.completed"`);

/** A list, if there are several. */
function rawOf(written: readonly string[]): string | null {
  const raw = written.length > 1 ? `[${written.join()}]` : written[0];
  return raw?.slice(0, longestRaw) ?? null;
}

const longestRaw = 4096;
/** In bytes. A longer event has an image. */
const longestError = 16_384;

/** In bytes: a file has its bit rate here. */
const longestHead = 4096;
/** Audio in events is written in base64. */
const bytesInBase64 = 3 / 4;
/** Formats of transcripts that are not JSON. */
const textFormats: ReadonlySet<string> = new Set(["text", "srt", "vtt"]);

function isError(answer: JsonObject | undefined): boolean {
  return answer?.["type"] === "error" || hasError(answer);
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
  const isNumber = /^\d{1,9}(?:\.\d+)?$/.test(toText(reported) ?? String(reported));
  const seconds = isNumber ? Number(reported) : Number.NaN;
  return seconds >= 0 && seconds <= mostReportedSeconds
    ? {
        meters: [audioSeconds],
        family: audioSeconds,
        count: Math.max(leastSeconds, Math.round(seconds)),
      }
    : undefined;
}

/** A recording that was transcribed is not free, however short it is. */
const leastSeconds = 1;
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

/** Those in the answer, else all that were requested. */
function tokensOfImages(answer: JsonObject | undefined, { unit }: RequestFacts): number {
  if (!unit) return 0;
  const images = answer?.["data"];
  const count = Array.isArray(images) ? images.length : unit.count;
  const made = { quality: toText(answer?.["quality"]), size: toText(answer?.["size"]) };
  const isSaid = made.quality !== undefined && made.size !== undefined;
  return count * (isSaid ? tokensOfImage(made) : (unit.tokensEach ?? 0));
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
