/** Splits a bill into the cost of what the model read, what it wrote, and the rest. */

import { add, subtract, zero, type PicoUsd } from "../money/money.ts";
import type { Charge } from "./row/rate.ts";

export interface CostBySide {
  readonly input: PicoUsd;
  readonly output: PicoUsd;
  /** Fees of tools, other units, and amounts without a meter. */
  readonly other: PicoUsd;
}

export function costBySide({
  charges,
  cost,
}: {
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
}): CostBySide {
  const input = sumOf(charges, inputMeters);
  const output = sumOf(charges, outputMeters);
  return { input, output, other: subtract(cost, add(input, output)) };
}

const inputMeters: ReadonlySet<string> = new Set([
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "input_audio",
  "cache_read_audio",
  "input_image",
] satisfies readonly Charge["meter"][]);

const outputMeters: ReadonlySet<string> = new Set([
  "output",
  "reasoning",
  "output_audio",
  "output_image",
] satisfies readonly Charge["meter"][]);

function sumOf(charges: readonly Charge[], meters: ReadonlySet<string>): PicoUsd {
  return charges
    .filter(({ meter }) => meters.has(meter))
    .reduce((sum, { cost }) => add(sum, cost), zero);
}
