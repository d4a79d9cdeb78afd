/** Reads an Anthropic message that comes as a single body. */

import { countContext, type UsageFlag } from "../../domain/usage/usage.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import type { BodyReader } from "../answer/body-meter.ts";
import { reportsError } from "../answer/error-body.ts";
import { answerScanner } from "../body/scan.ts";
import { keepRaw, toObject, toObjects, toText, type JsonObject } from "../count/count.ts";
import type { Progress, Reading } from "../wire.ts";
import { readReportedCost } from "../count/reported-cost.ts";
import type { AskedTerms } from "./terms.ts";
import { billedParts, readAnthropicUsage, usageOfAnswer, type AnthropicUsage } from "./usage.ts";

const scan = answerScanner();

/** Parses only the model and the usage. */
export class AnthropicAnswer implements BodyReader {
  readonly #asked: AskedTerms;
  #bytes = 0;
  #unreadTextBytes = 0;
  #finished = false;
  #model: string | null = null;
  #usage: JsonObject | null = null;
  /** The usage that was reported. */
  #said: AnthropicUsage | null = null;
  #written: string | undefined;
  #stopReason: string | undefined;
  #malformed = false;
  #repeated = false;
  #failed = false;
  /** Bytes of the content as written; of the whole body if the message reports its output. */
  #textBytes = 0;

  /** @param asked The requested terms, used if the answer does not report its own. */
  constructor(asked: AskedTerms) {
    this.#asked = asked;
  }

  get progress(): Progress {
    const total = this.#said && usageOfAnswer(this.#said);
    return {
      inputTokens: total && countContext(total),
      outputTokens: total?.output ?? tokensOfBytes(this.#bytes + this.#unreadTextBytes),
    };
  }

  get finished(): boolean {
    return this.#finished;
  }

  take(data: Buffer, unreadTextBytes: number): void {
    this.#bytes = data.length;
    this.#unreadTextBytes = unreadTextBytes;
    try {
      const body = scan(data);
      this.#finished = true;
      this.#model = toText(body.json("model")) ?? null;
      this.#stopReason = toText(body.json("stop_reason"));
      this.#repeated = body.isRepeated("usage");
      const written = body.raw("usage");
      if (written !== undefined) this.#keep(JSON.parse(written), written);
      this.#failed = reportsError(body);
      this.#textBytes =
        (this.#said?.parts[0]?.usage.output ?? 0) > 0
          ? data.length
          : contentBytes(body.json("content"));
    } catch {
      // Unreadable bytes have been passed on, and the reading is flagged.
      this.#malformed = true;
    }
  }

  reading(malformed: boolean): Reading {
    const read = this.#said;
    // OpenRouter also supports this format.
    const cost = this.#usage && readReportedCost(JSON.stringify(this.#usage));
    const isRefused = this.#stopReason === "refusal";
    const parts = read ? billedParts(read, { isRefused, cost: cost?.cost ?? null }) : [];
    const region = read?.region ?? this.#asked.region;
    return {
      model: this.#model,
      parts,
      ...((!read?.complete || read.invalid) && { partial: true }),
      reportedCost: cost?.cost ?? null,
      ...(cost?.isWhole === false && { costIsPart: true }),
      serviceTier: read?.serviceTier ?? this.#asked.serviceTier,
      ...(region !== undefined && { region }),
      rawUsage: this.#usage && keepRaw(this.#usage, this.#written),
      flags: this.#flags(read, { malformed, isUnbilled: isRefused && parts.length === 0 }),
      passedBytes: this.#malformed ? this.#bytes : this.#textBytes,
    };
  }

  #keep(usage: unknown, written: string): void {
    this.#usage = toObject(usage) ?? null;
    this.#said = this.#usage && readAnthropicUsage(this.#usage, this.#model, this.#asked.model);
    this.#written = written;
  }

  #flags(
    read: AnthropicUsage | null,
    { malformed, isUnbilled }: { readonly malformed: boolean; readonly isUnbilled: boolean },
  ): readonly UsageFlag[] {
    const flags: UsageFlag[] = [];
    if (isUnbilled) flags.push("unbilled");
    else if (!read) flags.push("usage_missing");
    if (this.#failed) flags.push("provider_error");
    if (read?.invalid) flags.push("usage_invalid");
    if (this.#repeated) flags.push("usage_repeated");
    if (!this.#finished) flags.push("unfinished");
    if (this.#malformed || malformed) flags.push("malformed");
    return flags;
  }
}

/** Bytes of text, thinking and tool input. An empty block counts nothing. */
function contentBytes(content: unknown): number {
  return toObjects(content).reduce((sum, { text, thinking, input }) => {
    const written = [text, thinking].map((part) =>
      typeof part === "string" ? Buffer.byteLength(part) : 0,
    );
    return written.reduce(
      (bytes, part) => bytes + part,
      sum + (input === undefined ? 0 : JSON.stringify(input).length),
    );
  }, 0);
}
