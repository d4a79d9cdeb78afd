/** Reads the units that an answer in a single body states: seconds, images, search units. */

import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BodyReader } from "../../answer/body-meter.ts";
import { jsonObjectOf, isObject, type JsonObject } from "../../stored/references.ts";
import type { Endpoint, Progress, Reading, RequestFacts } from "../../wire.ts";

type Units = NonNullable<RequestFacts["units"]>;

export class UnitAnswer implements BodyReader {
  readonly progress: Progress = { inputTokens: 0, outputTokens: 0 };
  readonly #reader: BodyReader;
  readonly #endpoint: Endpoint;
  readonly #facts: RequestFacts;
  #stated: Units | undefined;

  /** @param reader Reads everything but the units. */
  constructor(reader: BodyReader, { endpoint, facts }: UnitCall) {
    this.#reader = reader;
    this.#endpoint = endpoint;
    this.#facts = facts;
  }

  get finished(): boolean {
    return this.#reader.finished;
  }

  take(body: Buffer, unreadTextBytes: number): void {
    this.#reader.take(body, unreadTextBytes);
    const answer = jsonObjectOf(body);
    this.#stated = answer && statedUnits(this.#endpoint.name, answer, this.#facts);
  }

  /** Without a statement, the request's units are charged: exact for images, else an estimate. */
  reading(malformed: boolean): Reading {
    const { partial: _partial, ...read } = this.#reader.reading(malformed);
    const hasFailed = read.flags.includes("provider_error");
    const usage = this.#stated ?? this.#facts.units ?? {};
    const isExact = this.#stated !== undefined || exactEndpoints.has(this.#endpoint.name);
    return {
      ...read,
      parts: hasFailed ? [] : [{ model: read.model, usage }],
      ...(!isExact && { partial: true }),
      flags: read.flags.filter((flag) => flag !== "usage_missing"),
      passedBytes: 0,
    };
  }
}

export interface UnitCall {
  readonly endpoint: Endpoint;
  readonly facts: RequestFacts;
}

/** Endpoints whose units are known from the request. */
const exactEndpoints: ReadonlySet<string> = new Set([
  "image_generations",
  "image_edits",
  "image_variations",
]);

function statedUnits(
  endpoint: string,
  answer: JsonObject,
  { units = {} }: RequestFacts,
): Units | undefined {
  switch (endpoint) {
    case "transcriptions":
    case "translations":
      return unitsOf("audio_seconds", secondsIn(answer));
    case "rerank":
      return unitsOf("search_units", searchUnitsIn(answer));
    default: {
      const { data } = answer;
      const made = Array.isArray(data) ? data.length : 0;
      return made === 0
        ? undefined
        : Object.fromEntries(
            Object.entries(units).map(([unit, most]) => [unit, Math.min(made, most)]),
          );
    }
  }
}

/** OpenAI counts whole seconds; a fraction is one more. */
function unitsOf(name: string, count: number | undefined): Units | undefined {
  return count === undefined ? undefined : { [openMeter(name)]: count };
}

function secondsIn({ usage, duration }: JsonObject): number | undefined {
  return countOf(isObject(usage) ? usage["seconds"] : undefined) ?? countOf(duration);
}

function searchUnitsIn({ meta }: JsonObject): number | undefined {
  const billed = isObject(meta) ? meta["billed_units"] : undefined;
  return isObject(billed) ? countOf(billed["search_units"]) : undefined;
}

/** Rounded up; some servers write it as text. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof count === "number" && count >= 0 && count <= 1e9 ? Math.ceil(count) : undefined;
}
