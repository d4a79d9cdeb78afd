/** The usage that `purser price` prices: the counts of its options, or an example. */

import { PurserError } from "../domain/error.ts";
import { multiply } from "../domain/money/money.ts";
import { hasOutput, speaks } from "../domain/price/ability.ts";
import type { Charge } from "../domain/price/row/rate.ts";
import type { ChargeOptions, PriceSheet } from "../domain/price/sheet.ts";
import { meterMistake, readMeter } from "../domain/usage/open-meter.ts";
import { fixedMeters, type Meter, type Usage } from "../domain/usage/usage.ts";

export interface CountOptions {
  readonly input?: number;
  readonly cached?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly output?: number;
  readonly reasoning?: number;
  readonly webSearch?: number;
  readonly meter: readonly string[];
}

const million: Usage = { input: 1_000_000, output: 1_000_000 };

/** @returns undefined without any count. */
export function usageOf(options: CountOptions): Usage | undefined {
  const given: Usage = {
    ...(options.input !== undefined && { input: options.input }),
    ...(options.cached !== undefined && { cache_read: options.cached }),
    ...(options.cacheWrite5m !== undefined && { cache_write_5m: options.cacheWrite5m }),
    ...(options.cacheWrite1h !== undefined && { cache_write_1h: options.cacheWrite1h }),
    ...(options.webSearch !== undefined && { web_search: options.webSearch }),
  };
  const { reasoning } = options;
  if (reasoning !== undefined && options.output !== undefined && reasoning > options.output) {
    throw new PurserError("invalid_request", "--reasoning is larger than --output", {
      field: "--reasoning",
      remedy: "Reasoning is part of the output: include the reasoning tokens in --output.",
    });
  }
  const output = options.output ?? reasoning;
  const usage = {
    ...given,
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...Object.fromEntries(options.meter.map(countOf)),
  };
  return Object.keys(usage).length > 0 ? usage : undefined;
}

/** Parses `images=3`. */
function countOf(text: string): readonly [Meter, number] {
  const [, name = "", count = ""] = /^([^=]*)=(\d{1,9})$/.exec(text) ?? [];
  if (name === "")
    throw new PurserError("invalid_request", `--meter: "${text}" is not a count`, {
      field: "--meter",
      remedy: "Give a name and a whole number, such as images=3.",
    });
  const isFixed = fixedMeters.some((meter) => meter === name);
  const wrong = isFixed ? undefined : meterMistake(name);
  if (!wrong) return [readMeter(name, "--meter"), Number(count)];
  throw new PurserError("invalid_request", `--meter: "${name}" ${wrong.problem}`, {
    field: "--meter",
    remedy: wrong.remedy,
  });
}

/** What to price if the user gives no counts. */
export function exampleOf(model: string, units: readonly Meter[]): Usage {
  if (units.length > 0) return Object.fromEntries(units.map((meter) => [meter, 1]));
  if (speaks(model)) return { input: 1_000_000, output_audio: 1_000_000 };
  return hasOutput(model) ? million : { input: 1_000_000 };
}

/** A million tokens of many short calls: their rates are not those of a long context. */
export function usualCharges(
  sheet: PriceSheet,
  usage: Usage,
  options: ChargeOptions,
): readonly Charge[] {
  const one = Object.fromEntries(Object.keys(usage).map((meter) => [meter, 1]));
  return sheet.charge({ model: sheet.model, usage: one }, options).map((charge) => {
    const quantity = usage[charge.meter as Meter] ?? charge.quantity;
    return charge.rate
      ? { ...charge, quantity, cost: multiply(charge.rate.perUnit, quantity) }
      : charge;
  });
}
