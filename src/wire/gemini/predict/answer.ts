/** Reads the answer to `predict` or `predictLongRunning`: the images made, or the name of a job. */

import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import type { BodyReader } from "../../answer/body-meter.ts";
import { hasError } from "../../answer/error-body.ts";
import { parseObject, toObject, type JsonObject } from "../../count/count.ts";
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
    const unit = this.#kind === "image" ? this.#images() : undefined;
    const hasFailed = hasError(this.#answer) && !unit?.count;
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
   * Images that were filtered out are absent, or have only the reason, and are not billed: "You will
   * not be charged for blocked images" (the reason that Google gives,
   * https://github.com/googleapis/js-genai/issues/321, read 2026-11). Reasons are opt-in
   * (`includeRaiReason`), and JSON of protocol buffers omits a list that is empty, so no list means
   * no image. With a field that the answer is not known to have, it is unknown what was made.
   */
  #images(): BilledUnit | undefined {
    const { unit } = this.#facts;
    if (!this.#answer || !unit) return undefined;
    const { predictions = isKnown(this.#answer) ? [] : undefined } = this.#answer;
    if (!Array.isArray(predictions)) return undefined;
    const made = predictions.filter((prediction) => !isReasonOnly(toObject(prediction)));
    return { meters: unit.meters, family: unit.family, count: made.length };
  }
}

/** The fields of `PredictResponse` other than `predictions` (Vertex AI, REST v1). */
const otherFields: ReadonlySet<string> = new Set([
  "deployedModelId",
  "metadata",
  "model",
  "modelDisplayName",
  "modelVersionId",
]);

function isKnown(answer: JsonObject): boolean {
  return Object.keys(answer).every((name) => otherFields.has(name));
}

/** Anything else is taken for an image, whatever its fields are called. */
function isReasonOnly(prediction: JsonObject | undefined): boolean {
  if (!prediction) return false;
  const hasImage = "bytesBase64Encoded" in prediction || "gcsUri" in prediction;
  return !hasImage && ("raiFilteredReason" in prediction || "safetyAttributes" in prediction);
}
