/** What a simulator can be started with, and what it does when nobody says otherwise. */

import { PurserError } from "../domain/error.ts";
import type { FaultRate } from "./play/faults.ts";

/** Times in milliseconds. Everything has a default: an answer of 32 words at once. */
export interface SimulatorOptions {
  /** Where to listen; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Before the head of an answer. */
  readonly latencyMs?: number;
  /** From the head of a stream to its first token. */
  readonly ttftMs?: number;
  /** Between two chunks of a stream. */
  readonly gapMs?: number;
  readonly tokensPerChunk?: number;
  /** Tokens of text in an answer. */
  readonly outputTokens?: number;
  /** Tokens of reasoning in front of it, when the request asks the model to think. */
  readonly reasoningTokens?: number;
  readonly faults?: readonly FaultRate[];
  /** Of the dice that choose the calls that `faults` strike. */
  readonly seed?: number;
  /** The largest body that is read, in bytes. */
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

const least: Readonly<Partial<Record<keyof SimulatorOptions, number>>> = { tokensPerChunk: 1, maxBodyBytes: 1 };

/** @throws PurserError `invalid_configuration` for a number that is negative or not whole. */
export function settle(options: SimulatorOptions): SimulatorSettings {
  const settings = { ...defaults, ...options };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== "number") continue;
    const atLeast = least[name as keyof SimulatorOptions] ?? 0;
    if (Number.isSafeInteger(value) && value >= atLeast) continue;
    throw new PurserError("invalid_configuration", `${name} must be a whole number of at least ${atLeast}`, {
      field: name,
      remedy: `Give a whole number of at least ${atLeast}.`,
    });
  }
  return settings;
}
