/** What is known of an Anthropic stream while its events pass: its usage, and what is left open. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { countContext, sumUsage } from "../../domain/usage/usage.ts";
import { outputOfBytes, type AnswerState } from "../answer/meter.ts";
import { behindQuoted, standsAt } from "../bytes.ts";
import { keepRaw, overwrite, sameCounts, toObject, toText, type JsonObject } from "../count/count.ts";
import type { Cut, Progress, Reading } from "../wire.ts";
import { OpenMessage } from "./open-message.ts";
import { readAnthropicUsage } from "./usage.ts";

/** The longest head of an event in which its type and index stand when the provider itself wrote it. */
const headBytes = 96;
/** How nearly all events begin. */
const deltaHead = Buffer.from('{"type":"content_block_delta",');
const textFields = ['text":', 'thinking":', 'partial_json":'].map((field) => Buffer.from(field));
const backslash = 0x5c;
const quote = 0x22;

/** Takes the data of each event, and parses only those that count: most are deltas, which are measured as bytes. */
export class AnthropicStream implements AnswerState {
  #model: string | null = null;
  #id: string | null = null;
  #usage: JsonObject | null = null;
  /** The usage beside the last `stop_reason`. */
  #final: JsonObject | null = null;
  #tier: ServiceTier;
  #started = false;
  #deltas = 0;
  #textBytes = 0;
  #reported: { readonly input: number; readonly output: number } | null = null;
  #counted = false;
  #stopped = false;
  #finished = false;
  readonly #open = new OpenMessage();
  readonly #flags = new Set<UsageFlag>();

  /** @param asked The tier asked for, which counts until the answer names the one that serves. */
  constructor(asked: ServiceTier) {
    this.#tier = asked;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get progress(): Progress {
    return { inputTokens: this.#reported?.input ?? null, outputTokens: Math.max(this.#reported?.output ?? 0, this.#estimate()) };
  }

  /** @param data The JSON text of one event. */
  take(data: Buffer): void {
    if (standsAt(data, 0, deltaHead)) this.#takeDelta(data);
    else this.#takeOther(data);
  }

  /** Also a delta that is written otherwise than Anthropic writes it. */
  #takeOther(data: Buffer): void {
    const head = data.toString("latin1", 0, headBytes);
    const type = /^\s*\{\s*"type"\s*:\s*"([a-z_]+)"/.exec(head)?.[1] ?? toText(this.#parse(data)?.["type"]);
    if (type === "content_block_delta") this.#takeDelta(data);
    else if (type === "content_block_start") this.#open.see({ kind: "block", index: this.#indexOf(data, head) });
    else if (type === "content_block_stop") this.#open.see({ kind: "block_end", index: this.#indexOf(data, head) });
    else if (type === "message_start") this.#takeStart(data);
    else if (type === "message_delta") this.#takeMessageDelta(data);
    else if (type === "message_stop") this.#takeStop();
  }

  /** What the stream said it used. Before its last usage has come that is partial: the output in `message_start` is a placeholder. */
  reading(malformed: boolean): Reading {
    const flags = new Set(this.#flags);
    if (malformed) flags.add("malformed");
    if (!this.#finished) flags.add("unfinished");
    if (!this.#usage || (this.#finished && !this.#counted)) flags.add("usage_missing");
    const read = this.#usage && readAnthropicUsage(this.#usage, this.#model);
    if (read?.invalid) flags.add("usage_invalid");
    const final = this.#counted && (this.#stopped || this.#finished) && read?.complete === true && !read.invalid;
    return {
      model: this.#model,
      parts: read?.parts ?? [],
      ...(!final && { partial: true }),
      reportedCost: null,
      serviceTier: this.#tier,
      rawUsage: this.#usage && keepRaw(this.#usage),
      flags: [...flags],
    };
  }

  passed(): void {
    this.#open.passed();
  }

  /** The events that are missing for a stop at "max_tokens"; none once the stream has closed itself. */
  stop(cut: Cut): string {
    return this.#open.close(cut, this.#model ?? "");
  }

  #takeStop(): void {
    this.#finished = true;
    this.#open.see({ kind: "end" });
  }

  #takeDelta(data: Buffer): void {
    this.#deltas += 1;
    this.#textBytes += textBytes(data);
  }

  /** A repeated start brings nothing new once a later total has passed. */
  #takeStart(data: Buffer): void {
    const message = toObject(this.#parse(data)?.["message"]);
    if (!message) return;
    const id = toText(message["id"]) ?? null;
    if (this.#started && id !== this.#id) this.#flags.add("usage_repeated");
    this.#started = true;
    this.#open.see({ kind: "start" });
    this.#id = id;
    this.#model = toText(message["model"]) ?? this.#model;
    const usage = toObject(message["usage"]);
    if (usage && !this.#counted) this.#keep(usage);
  }

  #takeMessageDelta(data: Buffer): void {
    const parsed = this.#parse(data);
    const usage = toObject(parsed?.["usage"]);
    const closing = (toObject(parsed?.["delta"])?.["stop_reason"] ?? null) !== null;
    if (usage) {
      this.#keep(usage);
      this.#counted = true;
    }
    if (!closing) return;
    this.#stopped = true;
    this.#open.see({ kind: "reason" });
    this.#compareFinals();
  }

  /** A message ends once. Two ends that count differently are told apart by a flag; the later one is charged. */
  #compareFinals(): void {
    const usage = this.#usage;
    if (!usage) return;
    if (this.#final && !sameUsage(this.#final, usage)) this.#flags.add("usage_repeated");
    this.#final = usage;
  }

  #keep(usage: JsonObject): void {
    this.#usage = overwrite(this.#usage ?? {}, usage);
    const read = readAnthropicUsage(this.#usage, this.#model);
    const total = sumUsage(read.parts.map((part) => part.usage));
    this.#tier = read.serviceTier ?? this.#tier;
    this.#reported = { input: countContext(total), output: total.output ?? 0 };
  }

  #estimate(): number {
    return Math.max(this.#deltas, outputOfBytes(this.#textBytes));
  }

  #indexOf(data: Buffer, head: string): number {
    const written = /^\s*\{\s*"type"\s*:\s*"[a-z_]+"\s*,\s*"index"\s*:\s*(\d{1,9})[,}\s]/.exec(head)?.[1];
    const index = written === undefined ? this.#parse(data)?.["index"] : Number(written);
    return typeof index === "number" ? index : 0;
  }

  #parse(data: Buffer): JsonObject | undefined {
    try {
      const value = toObject(JSON.parse(data.toString("utf8")));
      if (!value) this.#flags.add("malformed");
      return value;
    } catch {
      this.#flags.add("malformed");
      return undefined;
    }
  }
}

function sameUsage(left: JsonObject, right: JsonObject): boolean {
  const [one, other] = [readAnthropicUsage(left, null), readAnthropicUsage(right, null)];
  return sameCounts(
    one.parts.map((part) => part.usage),
    other.parts.map((part) => part.usage),
  );
}

/** Bytes of the text, thinking or tool input in a delta, escapes counted as written. */
function textBytes(data: Buffer): number {
  for (const field of textFields) {
    const at = behindQuoted(data, field);
    if (at < 0) continue;
    const open = data.indexOf(quote, at);
    return open < 0 ? 0 : Math.max(0, closingQuote(data, open + 1) - open - 1);
  }
  return 0;
}

function closingQuote(data: Buffer, from: number): number {
  for (let at = from; at < data.length; at += 1) {
    if (data[at] === backslash) at += 1;
    else if (data[at] === quote) return at;
  }
  return data.length;
}
