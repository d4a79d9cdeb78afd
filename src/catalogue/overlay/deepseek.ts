/**
 * DeepSeek's prices, with peak hours.
 *
 * Source: https://api-docs.deepseek.com/quick_start/pricing, read 2026-11-15, and an archived copy
 * of August 2026 for the prices before 2026-08-16 16:00 UTC. Chinese public holidays are off-peak
 * at DeepSeek but not here: calls on those days are charged the peak price, which is never too low.
 */

import type { CatalogueRow, Schedule } from "../../domain/price/row.ts";
import { overlayRow, usd, type UsdPrices } from "./row.ts";

const peakSince = "2026-08-16T16:00:00Z";
const flashSince = "2026-09-10T04:00:00Z";
const limits = { provider: "deepseek", contextWindow: 1_000_000, maxOutputTokens: 393_216 };

const weekdays = [1, 2, 3, 4, 5];

/** 01:00 to 04:00 and 06:00 to 10:00 UTC, Monday to Friday. */
function peak(prices: UsdPrices): readonly Schedule[] {
  const rates = usd(prices);
  return [
    { weekdays, fromMinute: 60, toMinute: 240, rates },
    { weekdays, fromMinute: 360, toMinute: 600, rates },
  ];
}

const flash = {
  prices: { cache_read: "0.003", input: "0.15", output: "0.60" },
  schedules: peak({ cache_read: "0.006", input: "0.30", output: "1.20" }),
};

export const deepseekRows: readonly CatalogueRow[] = [
  overlayRow({ ...limits, model: "deepseek-flash", ...flash, from: flashSince }),
  // The old names are still accepted, and are served and billed as the new model.
  overlayRow({
    ...limits,
    model: "deepseek-v4-flash",
    aliases: ["deepseek-v4-flash-vision-exp"],
    ...flash,
    from: flashSince,
  }),
  overlayRow({
    ...limits,
    model: "deepseek-v4-flash",
    aliases: ["deepseek-v4-flash-vision-exp"],
    prices: { cache_read: "0.007", input: "0.22", output: "0.66" },
    schedules: peak({ cache_read: "0.014", input: "0.44", output: "1.32" }),
    from: peakSince,
    to: flashSince,
  }),
  overlayRow({
    ...limits,
    model: "deepseek-v4-flash",
    aliases: ["deepseek-v4-flash-vision-exp"],
    prices: { cache_read: "0.0028", input: "0.14", output: "0.28" },
    to: peakSince,
  }),
  overlayRow({
    ...limits,
    model: "deepseek-v4-pro",
    prices: { cache_read: "0.022", input: "0.66", output: "1.98" },
    schedules: peak({ cache_read: "0.044", input: "1.32", output: "3.96" }),
    from: peakSince,
  }),
  overlayRow({
    ...limits,
    model: "deepseek-v4-pro",
    prices: { cache_read: "0.003625", input: "0.435", output: "0.87" },
    to: peakSince,
  }),
];
