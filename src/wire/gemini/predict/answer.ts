/** Reads the answer to `predict` or `predictLongRunning`: the images made, or the name of a job. */

import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import type { BodyReader } from "../../answer/body-meter.ts";
import { parseObject, toObject, toObjects, type JsonObject } from "../../count/count.ts";
import type { EndpointUnit, Progress, Reading, RequestFacts } from "../../wire.ts";

export class PredictAnswer implements BodyReader {
  readonly progress: Progress = { inputTokens: null, outputTokens: 0 };
  readonly #kind: EndpointUnit;
  readonly #facts: RequestFacts;
  #answer: JsonObject | undefined;

  constructor(kind: EndpointUnit, facts: RequestFacts) {
    this.#kind = kind;
    this.#facts = facts;
  }

  get finished(): boolean {
    return this.#answer !== undefined;
  }

  take(body: Buffer): void {
    this.#answer = parseObject(body);
  }

  /** The answer of a job does not say what it will make: the request does. */
  reading(): Reading {
    const hasFailed = toObject(this.#answer?.["error"]) !== undefined;
    const unit = this.#kind === "image" && !hasFailed ? this.#images() : undefined;
    return {
      model: null,
      parts: [],
      ...(unit && { unit }),
      reportedCost: null,
      serviceTier: this.#facts.serviceTier,
      rawUsage: null,
      flags: hasFailed ? ["provider_error"] : [],
      passedBytes: 0,
    };
  }

  /**
   * Images that were filtered out are absent, or have only the reason, and are not billed; without
   * any, the answer is empty. Of another answer without a list, it is unknown what was made.
   */
  #images(): BilledUnit | undefined {
    const { unit } = this.#facts;
    if (!this.#answer || !unit) return undefined;
    const isEmpty = Object.keys(this.#answer).length === 0;
    const predictions = isEmpty ? [] : this.#answer["predictions"];
    if (!Array.isArray(predictions)) return undefined;
    const made = toObjects(predictions).filter((prediction) => !isReasonOnly(prediction));
    return { meters: unit.meters, family: unit.family, count: made.length };
  }
}

/** Anything else is taken for an image, whatever its fields are called. */
function isReasonOnly(prediction: JsonObject): boolean {
  const hasImage = "bytesBase64Encoded" in prediction || "gcsUri" in prediction;
  return !hasImage && ("raiFilteredReason" in prediction || "safetyAttributes" in prediction);
}
