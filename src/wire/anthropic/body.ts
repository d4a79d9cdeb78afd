/** What is known of an Anthropic message that comes as one body. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import { countContext, sumUsage, type UsageFlag } from "../../domain/usage/usage.ts";
import { outputOfBytes, type BodyState } from "../answer/meter.ts";
import { answerScanner } from "../body/scan.ts";
import { keepRaw, toObject, toText, type JsonObject } from "../count/count.ts";
import type { Progress, Reading } from "../wire.ts";
import { readAnthropicUsage, type AnthropicUsage } from "./usage.ts";

const scan = answerScanner();

/** Builds of the body only its model and usage. */
export class AnthropicBody implements BodyState {
  readonly #asked: ServiceTier;
  #bytes = 0;
  #finished = false;
  #model: string | null = null;
  #usage: JsonObject | null = null;
  /** What the usage says. */
  #said: AnthropicUsage | null = null;
  #written: string | undefined;
  #malformed = false;
  #repeated = false;

  /** @param asked The tier asked for, which counts when the answer does not name the one that served. */
  constructor(asked: ServiceTier) {
    this.#asked = asked;
  }

  get progress(): Progress {
    const total = this.#said && sumUsage(this.#said.parts.map((part) => part.usage));
    return { inputTokens: total && countContext(total), outputTokens: total?.output ?? outputOfBytes(this.#bytes) };
  }

  get finished(): boolean {
    return this.#finished;
  }

  take(data: Buffer): void {
    this.#bytes = data.length;
    try {
      const body = scan(data);
      this.#finished = true;
      this.#model = toText(body.json("model")) ?? null;
      this.#repeated = body.isRepeated("usage");
      const written = body.raw("usage");
      if (written !== undefined) this.#keep(JSON.parse(written), written);
    } catch {
      // What cannot be read has been passed on as it came, and the reading says so.
      this.#malformed = true;
    }
  }

  reading(malformed: boolean): Reading {
    const read = this.#said;
    return {
      model: this.#model,
      parts: read?.parts ?? [],
      ...((!read?.complete || read.invalid) && { partial: true }),
      reportedCost: null,
      serviceTier: read?.serviceTier ?? this.#asked,
      rawUsage: this.#usage && keepRaw(this.#usage, this.#written),
      flags: this.#flags(read, malformed),
    };
  }

  #keep(usage: unknown, written: string): void {
    this.#usage = toObject(usage) ?? null;
    this.#said = this.#usage && readAnthropicUsage(this.#usage, this.#model);
    this.#written = written;
  }

  #flags(read: AnthropicUsage | null, malformed: boolean): readonly UsageFlag[] {
    const flags: UsageFlag[] = [];
    if (!read) flags.push("usage_missing");
    if (read?.invalid) flags.push("usage_invalid");
    if (this.#repeated) flags.push("usage_repeated");
    if (!this.#finished) flags.push("unfinished");
    if (this.#malformed || malformed) flags.push("malformed");
    return flags;
  }
}
