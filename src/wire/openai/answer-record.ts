/** Collects what an answer has reported so far: model, tier, usage, tools and flags. */

import { PurserError } from "../../domain/error.ts";
import {
  countContext,
  countOutput,
  type Usage,
  type UsageFlag,
  type UsagePart,
} from "../../domain/usage/usage.ts";
import type { PassedOutput } from "../answer/passed-output.ts";
import { overwrite, toObject } from "../count/count.ts";
import type { Reading, RequestFacts } from "../wire.ts";
import { serviceTierOf } from "./terms.ts";
import { isSearchModel } from "./model-name.ts";
import type { ToolCounts } from "./server-tools.ts";
import type { ToolTally } from "./responses/tool-tally.ts";
import { readUsage, type UsageReading } from "./usage.ts";

/** A longer usage object is kept only in part, in UTF-16 units. */
const longestRawUsage = 4096;

export class AnswerRecord {
  readonly #facts: RequestFacts;
  readonly #generates: boolean;
  readonly #flags: UsageFlag[] = [];
  #model: string | null = null;
  #tier: string | undefined;
  #last: UsageReading | null = null;
  #written: string | null = null;
  #tools: ToolCounts | undefined;
  #otherParts: readonly UsagePart[] = [];
  #serverCalls = 0;
  #failed = false;

  constructor(facts: RequestFacts, generates: boolean) {
    this.#facts = facts;
    this.#generates = generates;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get model(): string | null {
    return this.#model;
  }

  /** Cached tokens included; null before usage was reported. */
  get inputTokens(): number | null {
    return this.#last?.usage ? countContext(this.#last.usage) : null;
  }

  get outputTokens(): number {
    return this.#last?.usage ? countOutput(this.#last.usage) : 0;
  }

  /** Whether a possible output count was reported. */
  get knowsOutput(): boolean {
    return this.#last?.usage?.output !== undefined;
  }

  flag(flag: UsageFlag): void {
    if (!this.#flags.includes(flag)) this.#flags.push(flag);
  }

  /** The answer is, or ends in, an error. */
  fail(): void {
    this.#failed = true;
  }

  /** An empty name, as Azure's first chunk has, does not count. */
  nameModel(model: string | undefined): void {
    if (model) this.#model = model;
  }

  nameTier(tier: string | undefined): void {
    if (serviceTierOf(tier) !== null) this.#tier = tier;
  }

  /** Counted in what passed; a later count replaces an earlier one. */
  countTools(tally: ToolTally | undefined): void {
    if (tally?.counts) this.#tools = { ...this.#tools, ...tally.counts };
    this.#serverCalls = Math.max(this.#serverCalls, tally?.calls ?? 0);
  }

  /** The provider's own count, outside its usage. */
  countSearches(searches: number): void {
    this.#tools = { ...this.#tools, web_search: searches };
  }

  addParts(parts: readonly UsagePart[]): void {
    this.#otherParts = parts;
  }

  /**
   * Takes a usage object; the last one wins. Two that differ are flagged, unless text passed
   * between them and all counts grew: some servers report the running total in every chunk. A zero
   * after a count is ignored.
   */
  takeUsage(bytes: Buffer, passed?: PassedOutput): void {
    const last = bytes.toString();
    const alone = this.#read(last);
    if (!alone) return;
    const text =
      this.#written !== null && this.#last && falls(this.#last, alone)
        ? joined(this.#written, last)
        : last;
    const reading = (text === last ? undefined : this.#read(text)) ?? alone;
    if (
      this.#last?.usage &&
      reading.usage &&
      !isContinued(this.#last.usage, reading.usage, passed?.grewSinceReport ?? false)
    ) {
      this.flag("usage_repeated");
    }
    if (reading.invalid) this.flag("usage_invalid");
    if (!reading.usage && reading.reportedCost === null) return;
    this.#last = reading;
    this.#written = text;
    if (this.knowsOutput) passed?.report(this.outputTokens);
  }

  /**
   * @param output The text that has passed.
   * @param stream Whether its closing event was read, and whether part of it passed unread.
   */
  readingOfStream(
    output: PassedOutput,
    { finished, malformed }: { readonly finished: boolean; readonly malformed: boolean },
  ): Reading {
    if (!finished && !this.#failed) this.flag("unfinished");
    if (malformed) this.flag("malformed");
    const isCounted = finished || !output.grewSinceReport;
    return this.reading({ bytes: output.allTextBytes, isCounted });
  }

  /**
   * @param passed.bytes Of generated text.
   * @param passed.isCounted False if text passed after the last report of usage.
   */
  reading(passed: { readonly bytes: number; readonly isCounted: boolean }): Reading {
    const usage = this.#last?.usage;
    if (!usage) this.flag("usage_missing");
    if (this.#failed) this.flag("provider_error");
    const parts = this.#parts(usage ?? undefined);
    const isPartial = parts.length > 0 && !(usage && passed.isCounted && this.#isComplete(usage));
    return {
      model: this.#model,
      parts,
      ...(isPartial && { partial: true }),
      reportedCost: this.#last?.reportedCost ?? null,
      ...(this.#last?.costIsPart && { costIsPart: true }),
      serviceTier: serviceTierOf(this.#tier) ?? this.#facts.serviceTier,
      rawUsage: this.#written?.slice(0, longestRawUsage) ?? null,
      flags: this.#flags,
      ...(this.#serverCalls > 0 && { serverCalls: this.#serverCalls }),
      passedBytes: passed.bytes,
    };
  }

  /** Tools are billed even if no tokens were reported. */
  #parts(usage: Usage | undefined): readonly UsagePart[] {
    const tools = this.#toolsBeside(usage);
    if (!usage && !tools) return [];
    return [
      { model: this.#model, usage: tools ? { ...usage, ...tools } : (usage ?? {}) },
      ...this.#otherParts,
    ];
  }

  /**
   * The provider's own count takes precedence over the calls seen. A model that searches in every
   * call reports none.
   */
  #toolsBeside(usage: Usage | undefined): ToolCounts | undefined {
    const [seenTools, reported] = [this.#tools, this.#last?.tools];
    const searches = reported?.web_search ?? seenTools?.web_search ?? usage?.web_search ?? 0;
    const isUnreported = searches === 0 && !this.#failed && this.#searchesAlways();
    if (!seenTools && !reported && !isUnreported) return undefined;
    const seen = { ...seenTools, ...reported };
    const counted = Object.entries(isUnreported ? { ...seen, web_search: 1 } : seen).filter(
      ([, count]) => count > 0,
    );
    return counted.length === 0 ? undefined : Object.fromEntries(counted);
  }

  #searchesAlways(): boolean {
    return isSearchModel(this.#facts.model) || (this.#model !== null && isSearchModel(this.#model));
  }

  /** An embedding has no output. */
  #isComplete(usage: Usage): boolean {
    return (
      (usage.input !== undefined || countContext(usage) > 0) &&
      (this.knowsOutput || !this.#generates)
    );
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

/** Whether a count above zero became zero. */
function falls(before: UsageReading, after: UsageReading): boolean {
  const isLess = (
    earlier: bigint | number | null | undefined,
    later: bigint | number | null | undefined,
  ): boolean => !!earlier && !later;
  const { usage } = before;
  if (isLess(before.reportedCost, after.reportedCost)) return true;
  return (
    usage !== null &&
    (Object.keys(usage) as (keyof Usage)[]).some((meter) =>
      isLess(usage[meter], after.usage?.[meter]),
    )
  );
}

/** Both are valid JSON: they were read before. */
function joined(earlier: string, later: string): string {
  return JSON.stringify(
    overwrite(toObject(JSON.parse(earlier)) ?? {}, toObject(JSON.parse(later)) ?? {}),
  );
}

function isContinued(before: Usage, after: Usage, grew: boolean): boolean {
  const meters = Object.keys({ ...before, ...after }) as (keyof Usage)[];
  const isSame = meters.every((meter) => before[meter] === after[meter]);
  return isSame || (grew && meters.every((meter) => (before[meter] ?? 0) <= (after[meter] ?? 0)));
}
