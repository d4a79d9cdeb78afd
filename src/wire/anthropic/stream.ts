/** Tracks an Anthropic stream as its events pass: its usage, and the parts still open. */

import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { countContext, type UsageFlag } from "../../domain/usage/usage.ts";
import { PassedOutput } from "../answer/passed-output.ts";
import type { StreamReader } from "../answer/stream-meter.ts";
import { reportsError } from "../answer/error-body.ts";
import { answerScanner } from "../body/scan.ts";
import { afterQuoted, matchesAt } from "../bytes.ts";
import {
  keepRaw,
  overwrite,
  sameCounts,
  toObject,
  toText,
  type JsonObject,
} from "../count/count.ts";
import type { Cut, Reading } from "../wire.ts";
import { readReportedCost } from "../count/reported-cost.ts";
import { OpenMessage } from "./open-message.ts";
import { messageStop } from "./stop.ts";
import type { AskedTerms } from "./terms.ts";
import { billedParts, readAnthropicUsage, usageOfAnswer } from "./usage.ts";
import { backslash, quote } from "../ascii.ts";

const scan = answerScanner();

/** The longest event head in which type and index are found, as the provider writes it. */
const headBytes = 96;
/** The beginning of nearly all events. */
const deltaHead = Buffer.from('{"type":"content_block_delta",');
const textFields = ['text":', 'thinking":', 'partial_json":'].map((field) => Buffer.from(field));

/**
 * Takes the data of each event, and parses only those that matter: most are deltas, which are
 * measured as bytes.
 */
export class AnthropicStream implements StreamReader {
  readonly output = new PassedOutput();
  #model: string | null = null;
  #id: string | null = null;
  #usage: JsonObject | null = null;
  /** The usage that came with the last `stop_reason`. */
  #final: JsonObject | null = null;
  readonly #asked: string;
  #tier: ServiceTier;
  #region: string | undefined;
  #stopReason: string | undefined;
  #started = false;
  #reportedInput: number | null = null;
  #counted = false;
  #stopped = false;
  #finished = false;
  #failed = false;
  readonly #open = new OpenMessage();
  readonly #flags = new Set<UsageFlag>();

  /** @param asked The requested terms, used until the answer reports its own. */
  constructor(asked: AskedTerms) {
    this.#asked = asked.model;
    this.#tier = asked.serviceTier;
    this.#region = asked.region;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get inputTokens(): number | null {
    return this.#reportedInput;
  }

  take(data: Buffer): true {
    if (matchesAt(data, 0, deltaHead)) this.#takeDelta(data);
    else this.#takeOther(data);
    return true;
  }

  /** Handles other events, and deltas written differently from Anthropic's. */
  #takeOther(data: Buffer): void {
    const head = data.toString("latin1", 0, headBytes);
    const type =
      /^\s*\{\s*"type"\s*:\s*"([a-z_]+)"/.exec(head)?.[1] ?? toText(this.#parse(data)?.["type"]);
    if (type === "content_block_delta") this.#takeDelta(data);
    else if (type === "content_block_start")
      this.#open.see({ kind: "block", index: this.#indexOf(data, head) });
    else if (type === "content_block_stop")
      this.#open.see({ kind: "block_end", index: this.#indexOf(data, head) });
    else if (type === "message_start") this.#takeStart(data);
    else if (type === "message_delta") this.#takeMessageDelta(data);
    else if (type === "message_stop") this.#finished = true;
    else if (type === "error" || (type !== "ping" && this.#isError(data))) this.#failed = true;
  }

  /**
   * The reported usage. Before the last report it is partial: the output in `message_start` is a
   * placeholder.
   */
  reading(malformed: boolean): Reading {
    const flags = new Set(this.#flags);
    if (malformed) flags.add("malformed");
    if (this.#failed) flags.add("provider_error");
    if (!this.#finished && !this.#failed) flags.add("unfinished");
    const read = this.#usage && readAnthropicUsage(this.#usage, this.#model, this.#asked);
    // OpenRouter also supports this format.
    const cost = this.#usage && readReportedCost(JSON.stringify(this.#usage));
    const parts = read
      ? billedParts(read, { isRefused: this.#isRefused, cost: cost?.cost ?? null })
      : [];
    if (this.#isRefused && parts.length === 0) flags.add("unbilled");
    else if (!this.#usage || (this.#finished && !this.#counted)) flags.add("usage_missing");
    if (read?.invalid) flags.add("usage_invalid");
    const final =
      this.#counted &&
      (this.#stopped || this.#finished) &&
      read?.complete === true &&
      !read.invalid;
    return {
      model: this.#model,
      parts,
      ...(!final && { partial: true }),
      reportedCost: cost?.cost ?? null,
      ...(cost?.isWhole === false && { costIsPart: true }),
      serviceTier: this.#tier,
      ...(this.#region !== undefined && { region: this.#region }),
      rawUsage: this.#usage && keepRaw(this.#usage),
      flags: [...flags],
      passedBytes: this.output.allTextBytes,
    };
  }

  get #isRefused(): boolean {
    return this.#stopReason === "refusal" && this.output.allTextBytes === 0;
  }

  passed(): void {
    this.#open.passed();
  }

  stop(cut: Cut): string {
    return messageStop(cut, { model: this.#model ?? "", message: this.#open });
  }

  #takeDelta(data: Buffer): void {
    takeText(data, this.output);
  }

  /** A repeated start adds nothing once a later total has passed. */
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
    this.#stopReason = toText(toObject(parsed?.["delta"])?.["stop_reason"]) ?? this.#stopReason;
    if (usage) {
      const output = this.#keep(usage);
      this.#counted = true;
      if (typeof usage["output_tokens"] === "number") this.output.report(output);
    }
    if (!closing) return;
    this.#stopped = true;
    this.#open.see({ kind: "reason" });
    this.#compareFinals();
  }

  /** A message ends once. Two ends with different counts raise a flag; the later one is charged. */
  #compareFinals(): void {
    const usage = this.#usage;
    if (!usage) return;
    if (this.#final && !sameUsage(this.#final, usage)) this.#flags.add("usage_repeated");
    this.#final = usage;
  }

  /** @returns The output tokens reported so far. */
  #keep(usage: JsonObject): number {
    this.#usage = overwrite(this.#usage ?? {}, usage);
    const read = readAnthropicUsage(this.#usage, this.#model, this.#asked);
    const total = usageOfAnswer(read);
    this.#tier = read.serviceTier ?? this.#tier;
    this.#region = read.region ?? this.#region;
    this.#reportedInput = countContext(total) || null;
    return total.output ?? 0;
  }

  #indexOf(data: Buffer, head: string): number {
    const written = /^\s*\{\s*"type"\s*:\s*"[a-z_]+"\s*,\s*"index"\s*:\s*(\d{1,9})[,}\s]/.exec(
      head,
    )?.[1];
    const index = written === undefined ? this.#parse(data)?.["index"] : Number(written);
    return typeof index === "number" ? index : 0;
  }

  /** Some servers write the errors of all their formats alike. */
  #isError(data: Buffer): boolean {
    return this.#parse(data) !== undefined && reportsError(scan(data));
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

/** Adds the text, thinking or tool input of a delta. */
function takeText(data: Buffer, output: PassedOutput): void {
  for (const field of textFields) {
    const at = afterQuoted(data, field);
    if (at < 0) continue;
    const open = data.indexOf(quote, at);
    if (open >= 0) output.addText(data, open + 1, closingQuote(data, open + 1));
    return;
  }
}

function closingQuote(data: Buffer, from: number): number {
  for (let at = from; at < data.length; at += 1) {
    if (data[at] === backslash) at += 1;
    else if (data[at] === quote) return at;
  }
  return data.length;
}
