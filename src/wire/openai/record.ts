/** What an answer has said about itself so far: model, tier and usage, and what was odd about it. */

import { PurserError } from "../../domain/error.ts";
import { countContext, type Usage, type UsageFlag, type UsagePart } from "../../domain/usage/usage.ts";
import type { PassedOutput } from "../answer/passed-output.ts";
import type { Reading, RequestFacts } from "../wire.ts";
import { serviceTierOf } from "./service-tier.ts";
import { readUsage, type UsageReading } from "./usage.ts";

/** A larger usage object is kept only in part. */
const longestRawUsage = 4096;

/** Meters that count tool calls which the provider ran. */
export type BilledTool = "web_search" | "file_search" | "code_execution";

export type ToolCounts = Readonly<Partial<Record<BilledTool, number>>>;

export class AnswerRecord {
  readonly #facts: RequestFacts;
  readonly #generates: boolean;
  readonly #flags: UsageFlag[] = [];
  #model: string | null = null;
  #tier: string | undefined;
  #last: UsageReading | null = null;
  #rawUsage: string | null = null;
  #tools: ToolCounts | undefined;
  #otherParts: readonly UsagePart[] = [];

  constructor(facts: RequestFacts, generates: boolean) {
    this.#facts = facts;
    this.#generates = generates;
  }

  get model(): string | null {
    return this.#model;
  }

  /** Cached tokens included; null before usage was reported. */
  get inputTokens(): number | null {
    return this.#last?.usage ? countContext(this.#last.usage) : null;
  }

  get outputTokens(): number {
    const usage = this.#last?.usage;
    return (usage?.output ?? 0) + (usage?.output_audio ?? 0) + (usage?.output_image ?? 0);
  }

  /** Whether a count of the output was told that can be believed. */
  get knowsOutput(): boolean {
    return this.#last?.usage?.output !== undefined;
  }

  flag(flag: UsageFlag): void {
    if (!this.#flags.includes(flag)) this.#flags.push(flag);
  }

  /** An empty name, as Azure's first chunk has, does not count. */
  nameModel(model: string | undefined): void {
    if (model) this.#model = model;
  }

  nameTier(tier: string | undefined): void {
    if (serviceTierOf(tier) !== null) this.#tier = tier;
  }

  /** Counted on the provider's side; a later count replaces an earlier one. */
  countTools(tools: ToolCounts | undefined): void {
    if (tools) this.#tools = { ...this.#tools, ...tools };
  }

  addParts(parts: readonly UsagePart[]): void {
    this.#otherParts = parts;
  }

  /**
   * Takes a usage object: the last one counts. Two that differ are odd, unless text passed between them and all counts grew:
   * some servers report the running total in every chunk.
   */
  takeUsage(bytes: Buffer, passed?: PassedOutput): void {
    const text = bytes.toString();
    const reading = this.#read(text);
    if (!reading) return;
    if (this.#last?.usage && reading.usage && !isContinued(this.#last.usage, reading.usage, passed?.grewSinceReport ?? false)) {
      this.flag("usage_repeated");
    }
    if (reading.invalid) this.flag("usage_invalid");
    if (!reading.usage && reading.reportedCost === null) return;
    this.#last = reading;
    this.#rawUsage = bytes.length <= longestRawUsage ? text : bytes.toString("utf8", 0, longestRawUsage);
    if (this.knowsOutput) passed?.report(this.outputTokens);
  }

  reading(): Reading {
    const usage = this.#last?.usage;
    if (!usage) this.flag("usage_missing");
    const reading: Reading = {
      model: this.#model,
      parts: usage ? this.#parts(usage) : [],
      reportedCost: this.#last?.reportedCost ?? null,
      serviceTier: serviceTierOf(this.#tier) ?? this.#facts.serviceTier,
      rawUsage: this.#rawUsage,
      flags: this.#flags,
    };
    return usage && !this.#isComplete(usage) ? { ...reading, partial: true } : reading;
  }

  #parts(usage: Usage): readonly UsagePart[] {
    const main = { model: this.#model, usage: this.#tools ? { ...usage, ...this.#tools } : usage };
    return [main, ...this.#otherParts];
  }

  /** An embedding has no output to tell. */
  #isComplete(usage: Usage): boolean {
    return (usage.input !== undefined || countContext(usage) > 0) && (this.knowsOutput || !this.#generates);
  }

  #read(text: string): UsageReading | undefined {
    try {
      return readUsage(text, this.#generates);
    } catch (error) {
      if (!(error instanceof PurserError)) throw error;
      this.flag("malformed");
      return undefined;
    }
  }
}

function isContinued(before: Usage, after: Usage, grew: boolean): boolean {
  const meters = Object.keys({ ...before, ...after }) as (keyof Usage)[];
  const isSame = meters.every((meter) => before[meter] === after[meter]);
  return isSame || (grew && meters.every((meter) => (before[meter] ?? 0) <= (after[meter] ?? 0)));
}
