/** Meters Bedrock's Converse answers, and ConverseStream events that were decoded to JSON lines. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import type { Usage, UsageFlag } from "../../domain/usage/usage.ts";
import { countContext, countTokens, sumUsage } from "../../domain/usage/usage.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import { bodyMeter, streamMeter, type AnswerState } from "../answer/meter.ts";
import { PassedOutput } from "../answer/passed-output.ts";
import { keepRaw, toObject, type JsonObject } from "../count/count.ts";
import type { Cut, Progress, Reading, UsageMeter } from "../wire.ts";
import { LineFraming } from "./line-framing.ts";
import { servedTier } from "./terms.ts";
import { readConverseUsage } from "./usage.ts";

const deltaMark = Buffer.from('{"contentBlockDelta"');
/** The shortest possible delta event without its text, in bytes. */
const deltaFrame = '{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":""}}}'.length;

/** A meter for one Converse answer, or for one ConverseStream as JSON lines, one event per line. */
export function converseMeter({ stream }: { readonly stream: boolean }): UsageMeter {
  const state = new ConverseAnswer(stream);
  if (!stream) return bodyMeter(state, { generates: true });
  const framing = new LineFraming((line) => state.take(line));
  return streamMeter(framing, state, (cut) => state.stop(cut));
}

/**
 * Takes events, and parses those that are not deltas. The usage comes last, in `metadata`, after
 * `messageStop`.
 */
class ConverseAnswer implements AnswerState {
  readonly output = new PassedOutput();
  readonly #stream: boolean;
  #usage: JsonObject | null = null;
  #tier: ServiceTier = "standard";
  #bodyBytes = 0;
  #stopped = false;
  #blocked = false;
  #finished = false;
  #failed = false;
  readonly #open = new Set<number>();
  /** The open blocks that the caller has received. */
  #passedOpen: readonly number[] = [];
  #hasPassedReason = false;
  #hasPassedEnd = false;
  readonly #flags = new Set<UsageFlag>();

  constructor(stream: boolean) {
    this.#stream = stream;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get progress(): Progress {
    const total =
      this.#usage && sumUsage(readConverseUsage(this.#usage).parts.map((part) => part.usage));
    const ofBody = total?.output ?? tokensOfBytes(this.#bodyBytes);
    return {
      inputTokens: total && countContext(total),
      outputTokens: this.#stream ? this.output.mostTokens : ofBody,
    };
  }

  take(data: Buffer): void {
    if (data.subarray(0, deltaMark.length).equals(deltaMark)) return this.#takeDelta(data);
    const event = this.#parse(data);
    if (!event) return;
    if (Object.keys(event).some(isException)) this.#failed = true;
    else if (!this.#stream) this.#takeBody(event, data.length);
    else if (event["metadata"] !== undefined) this.#takeClosing(toObject(event["metadata"]));
    else if (event["contentBlockDelta"] !== undefined) this.#takeDelta(data);
    else this.#takeBoundary(event);
  }

  /** Bedrock's answers do not contain the model: only the request path does. */
  reading(malformed: boolean): Reading {
    const flags = new Set(this.#flags);
    const read = this.#usage && readConverseUsage(this.#usage);
    const isCounted = read?.parts.some(({ usage }) => countTokens(usage) > 0) ?? false;
    // A guardrail that blocks the prompt keeps it from the model
    // (https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-how.html).
    if (this.#blocked && !isCounted) flags.add("unbilled");
    else if (!read) flags.add("usage_missing");
    if (read?.invalid) flags.add("usage_invalid");
    if (this.#failed) flags.add("provider_error");
    if (!this.#finished && !this.#failed) flags.add("unfinished");
    if (malformed) flags.add("malformed");
    const rawUsage = this.#usage && keepRaw(this.#usage);
    const partial = !isCounted || read?.invalid === true;
    return {
      model: null,
      parts: read?.parts ?? [],
      ...(partial && { partial }),
      reportedCost: null,
      serviceTier: this.#tier,
      rawUsage,
      flags: [...flags],
      passedBytes: this.#stream ? this.output.allTextBytes : this.#bodyBytes,
    };
  }

  passed(): void {
    this.#passedOpen = [...this.#open];
    this.#hasPassedReason = this.#stopped;
    this.#hasPassedEnd = this.#finished;
  }

  stop({ error, usage }: Cut): string {
    if (this.#hasPassedEnd) return "";
    const blocks = this.#passedOpen.map((contentBlockIndex) => ({
      contentBlockStop: { contentBlockIndex },
    }));
    const end = this.#hasPassedReason ? [] : [{ messageStop: { stopReason: "max_tokens" } }];
    const exception = { serviceQuotaExceededException: { message: error.message } };
    return [...blocks, ...end, { metadata: { usage: converseUsage(usage) } }, exception]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join("");
  }

  #takeDelta(data: Buffer): void {
    this.output.addText(data, Math.min(data.length, deltaFrame), data.length);
    const index = /"contentBlockIndex"\s*:\s*(\d{1,9})/.exec(data.toString("latin1", 0, 96))?.[1];
    if (index !== undefined) this.#open.add(Number(index));
  }

  #takeBoundary(event: JsonObject): void {
    const index = toObject(event["contentBlockStop"])?.["contentBlockIndex"];
    if (typeof index === "number") this.#open.delete(index);
    if (event["messageStop"] === undefined) return;
    this.#stopped = true;
    this.#takeStop(toObject(event["messageStop"])?.["stopReason"]);
  }

  #takeBody(event: JsonObject, bytes: number): void {
    this.#bodyBytes = bytes;
    this.#takeClosing(event);
  }

  #takeClosing(event: JsonObject | undefined): void {
    this.#finished = true;
    this.#usage = toObject(event?.["usage"]) ?? this.#usage;
    const output = this.#usage?.["outputTokens"];
    if (typeof output === "number") this.output.report(output);
    this.#tier = servedTier(event) ?? this.#tier;
    this.#takeStop(event?.["stopReason"]);
  }

  #takeStop(reason: unknown): void {
    if (reason === "guardrail_intervened") this.#blocked = true;
  }

  #parse(data: Buffer): JsonObject | undefined {
    try {
      const event = toObject(JSON.parse(data.toString("utf8")));
      if (!event) this.#flags.add("malformed");
      return event;
    } catch {
      // Unreadable bytes have been passed on, and the reading is flagged.
      this.#flags.add("malformed");
      return undefined;
    }
  }
}

/**
 * `internalServerException`, `throttlingException`, `modelStreamErrorException` and the like end a
 * stream instead of `metadata`.
 */
function isException(name: string): boolean {
  return name.endsWith("Exception");
}

function converseUsage(usage: Usage): object {
  const [inputTokens, outputTokens] = [usage.input ?? 0, usage.output ?? 0];
  const cacheWriteInputTokens = (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0);
  const cached = { cacheReadInputTokens: usage.cache_read ?? 0, cacheWriteInputTokens };
  return { inputTokens, ...cached, outputTokens, totalTokens: countTokens(usage) };
}
