/**
 * Directives let a caller control one call: `[[sim input=374 output=44 fault=reset_after:10]]` in
 * the user's last text, or the same keys in a body field `sim`. Both pass through a gateway
 * untouched; the field takes precedence.
 */

import { PurserError } from "../../domain/error.ts";
import { textKinds, type TextKind } from "../answer/text-kind.ts";
import { parseFaults, type Fault } from "../play/faults.ts";
import { isObject } from "./json.ts";

/** Every key is optional. Token counts are disjoint, whatever the format reports. */
export interface Directive {
  /** Uncached input tokens. */
  readonly input?: number;
  /** Input tokens read from a cache, and written to one for 5 minutes or an hour. */
  readonly cached?: number;
  readonly cache_write?: number;
  readonly cache_write_1h?: number;
  /** Output tokens of one choice, including `reasoning`. */
  readonly output?: number;
  readonly reasoning?: number;
  /** Web searches on the provider's side. */
  readonly web_search?: number;
  /** Milliseconds before the headers, from there to the first token, and between chunks. */
  readonly latency_ms?: number;
  readonly ttft_ms?: number;
  readonly gap_ms?: number;
  readonly tokens_per_chunk?: number;
  /**
   * The kind of text to generate, in tokens of o200k_base; plain words by default. Does not affect
   * arguments and structured answers.
   */
  readonly text?: TextKind;
  /** See faults.ts; `none` also disables random faults. */
  readonly fault?: readonly Fault[];
  /**
   * What a call that was cut is billed: the tokens `generated` (the default of streams), `full`, or
   * `none`.
   */
  readonly bill?: "generated" | "full" | "none";
  /** The name of the tool to call, or `none`. */
  readonly tool?: string;
  /** The model named in the answer, instead of the requested one. */
  readonly served?: string;
  /** The service tier named in the answer. */
  readonly tier?: string;
  /** The cost reported in the answer (OpenRouter, xAI), in USD. */
  readonly cost_usd?: string;
  /** Kept in the books, so a caller can find its row. */
  readonly tag?: string;
}

/** Ten million: more than any context, but few enough to write. */
const mostTokens = 10_000_000;
/** A text of this many words takes about ten megabytes. */
const mostOutput = 2_000_000;
const mostMs = 3_600_000;

const counts: Readonly<Record<string, readonly [number, number]>> = {
  input: [0, mostTokens],
  cached: [0, mostTokens],
  cache_write: [0, mostTokens],
  cache_write_1h: [0, mostTokens],
  output: [0, mostOutput],
  reasoning: [0, mostOutput],
  web_search: [0, 100],
  latency_ms: [0, mostMs],
  ttft_ms: [0, mostMs],
  gap_ms: [0, mostMs],
  tokens_per_chunk: [1, mostOutput],
};

const texts: Readonly<Record<string, RegExp>> = {
  text: new RegExp(`^(${textKinds.join("|")})$`),
  bill: /^(generated|full|none)$/,
  tool: /^[\w.-]{1,128}$/,
  served: /^[\w./:@-]{1,128}$/,
  tier: /^\w{1,32}$/,
  cost_usd: /^\d{1,9}(\.\d{1,12})?$/,
  tag: /^[\w./:@-]{1,200}$/,
};

const none: Directive = {};
const pattern = /\[\[sim\b([^\]]*)\]\]/;

/**
 * @param text The user's last text.
 * @param field The body's `sim`, if any.
 * @throws PurserError `invalid_request` for an unknown key or a value out of range.
 */
export function readDirective(text: string, field: unknown): Directive {
  const written = text.includes("[[sim") ? pattern.exec(text)?.[1] : undefined;
  if (written === undefined && field === undefined) return none;

  const directive: Record<string, unknown> = {};
  for (const pair of (written ?? "").trim().split(/\s+/)) {
    const at = pair.indexOf("=");
    if (pair !== "")
      put(directive, {
        key: at < 0 ? pair : pair.slice(0, at),
        value: at < 0 ? "" : pair.slice(at + 1),
      });
  }
  for (const [key, value] of Object.entries(fieldOf(field)))
    put(directive, { key, value: String(value) });
  return directive;
}

function fieldOf(field: unknown): Readonly<Record<string, unknown>> {
  if (field === undefined) return {};
  if (isObject(field)) return field;
  throw new PurserError("invalid_request", "sim must be an object", {
    field: "sim",
    remedy: 'Write { "sim": { "output": 44 } }.',
  });
}

function put(
  directive: Record<string, unknown>,
  pair: { readonly key: string; readonly value: string },
): void {
  const { key, value } = pair;
  if (key === "fault") {
    directive["fault"] = [
      ...parseFaults(value),
      ...((directive["lie"] as readonly Fault[] | undefined) ?? []),
    ];
  } else if (key === "lie") {
    // A lie is a fault by another name: it adds to the faults before it.
    directive["lie"] = parseFaults(value);
    directive["fault"] = [
      ...((directive["fault"] as readonly Fault[] | undefined) ?? []),
      ...parseFaults(value),
    ];
  } else {
    directive[key] = readValue(key, value);
  }
}

function readValue(key: string, value: string): number | string {
  const range = Object.hasOwn(counts, key) ? counts[key] : undefined;
  if (range) {
    const number = /^\d+$/.test(value) ? Number(value) : -1;
    if (number >= range[0] && number <= range[1]) return number;
    throw refusal(key, `Write a whole number from ${range[0]} to ${range[1]}.`);
  }
  const shape = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (!shape)
    throw refusal(
      key,
      `The keys are ${[...Object.keys(counts), "fault", "lie", ...Object.keys(texts)].join(", ")}.`,
    );
  if (shape.test(value)) return value;
  throw refusal(key, `Write a value that matches ${shape.source}.`);
}

function refusal(key: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `the simulator cannot read sim.${key}`, {
    field: `sim.${key}`,
    remedy,
  });
}
