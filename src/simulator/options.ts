/** The options of a simulator and their defaults. */

import { PurserError } from "../domain/error.ts";
import type { FaultRate } from "./play/faults.ts";

/** Times in milliseconds. All options have defaults: 32 words, sent at once. */
export interface SimulatorOptions {
  /** Where to listen; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, picks a free port. */
  readonly port?: number;
  /** Before the headers of an answer. */
  readonly latencyMs?: number;
  /** From the headers of a stream to its first token. */
  readonly ttftMs?: number;
  /** Between two chunks of a stream. */
  readonly gapMs?: number;
  readonly tokensPerChunk?: number;
  /** Text tokens in an answer. */
  readonly outputTokens?: number;
  /** Reasoning tokens before the text, if the request enables thinking. */
  readonly reasoningTokens?: number;
  readonly faults?: readonly FaultRate[];
  /** Seeds the random choice of calls for `faults`. */
  readonly seed?: number;
  /** The largest accepted body, in bytes. */
  readonly maxBodyBytes?: number;
}

export type SimulatorSettings = Required<SimulatorOptions>;

const defaults: SimulatorSettings = {
  host: "127.0.0.1",
  port: 0,
  latencyMs: 0,
  ttftMs: 0,
  gapMs: 0,
  tokensPerChunk: 1,
  outputTokens: 32,
  reasoningTokens: 8,
  faults: [],
  seed: 1,
  maxBodyBytes: 64 * 1024 * 1024,
};

const least: Readonly<Partial<Record<keyof SimulatorOptions, number>>> = {
  tokensPerChunk: 1,
  maxBodyBytes: 1,
};

/** @throws PurserError `invalid_configuration` for a number that is negative or not whole. */
export function settle(options: SimulatorOptions): SimulatorSettings {
  const settings = { ...defaults, ...options };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== "number") continue;
    const atLeast = least[name as keyof SimulatorOptions] ?? 0;
    if (Number.isSafeInteger(value) && value >= atLeast) continue;
    throw new PurserError(
      "invalid_configuration",
      `${name} must be a whole number of at least ${atLeast}`,
      {
        field: name,
        remedy: `Give a whole number of at least ${atLeast}.`,
      },
    );
  }
  return settings;
}
