/**
 * DeepSeek's prices, with peak hours.
 *
 * Source: https://api-docs.deepseek.com/quick_start/pricing, read 2026-11-15, and an archived copy
 * of August 2026 for the prices before 2026-08-16 16:00 UTC. Chinese public holidays are off-peak
 * at DeepSeek but not here: calls on those days are charged the peak price, which is never too low.
 */

import type { CatalogueRow, Schedule } from "../../domain/price/row/row.ts";
import { endOfOldNames } from "./retired.ts";
import { overlayRow, usd, type OverlayRow, type UsdPrices } from "./row.ts";

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

/** 00:30 to 16:30 UTC: the rest of the day was cheaper until 2025-09-05. */
function daytime(prices: UsdPrices): readonly Schedule[] {
  return [{ weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 30, toMinute: 990, rates: usd(prices) }];
}

const old = { provider: "deepseek", contextWindow: 131_072 };

/** Since V3.1 both modes had one price; V4 Flash served both names until they ended. */
const sinceV31: readonly Pick<OverlayRow, "prices" | "from" | "to">[] = [
  {
    prices: { cache_read: "0.07", input: "0.56", output: "1.68" },
    from: "2025-09-05T16:00:00Z",
    to: "2025-09-29T00:00:00Z",
  },
  {
    prices: { cache_read: "0.028", input: "0.28", output: "0.42" },
    from: "2025-09-29T00:00:00Z",
    to: "2026-04-24T00:00:00Z",
  },
  {
    prices: { cache_read: "0.0028", input: "0.14", output: "0.28" },
    from: "2026-04-24T00:00:00Z",
    to: endOfOldNames,
  },
];

/**
 * The names before V4. https://api-docs.deepseek.com/quick_start/pricing as it was on 2025-08-21
 * for the prices before and after 2025-09-05, .../news/news250929 and .../news/news260424 for those
 * since, .../updates for the end; read 2026-11.
 */
const oldNames: readonly CatalogueRow[] = [
  overlayRow({
    ...old,
    model: "deepseek-chat",
    prices: { cache_read: "0.014", input: "0.14", output: "0.28" },
    to: "2025-02-08T16:00:00Z",
  }),
  overlayRow({
    ...old,
    model: "deepseek-chat",
    prices: { cache_read: "0.07", input: "0.27", output: "1.10" },
    from: "2025-02-08T16:00:00Z",
    to: "2025-02-26T16:30:00Z",
  }),
  overlayRow({
    ...old,
    model: "deepseek-chat",
    prices: { cache_read: "0.035", input: "0.135", output: "0.55" },
    schedules: daytime({ cache_read: "0.07", input: "0.27", output: "1.10" }),
    from: "2025-02-26T16:30:00Z",
    to: "2025-09-05T16:00:00Z",
  }),
  overlayRow({
    ...old,
    model: "deepseek-reasoner",
    prices: { cache_read: "0.14", input: "0.55", output: "2.19" },
    to: "2025-02-26T16:30:00Z",
  }),
  overlayRow({
    ...old,
    model: "deepseek-reasoner",
    prices: { cache_read: "0.035", input: "0.135", output: "0.55" },
    schedules: daytime({ cache_read: "0.14", input: "0.55", output: "2.19" }),
    from: "2025-02-26T16:30:00Z",
    to: "2025-09-05T16:00:00Z",
  }),
  ...["deepseek-chat", "deepseek-reasoner"].flatMap((model) =>
    sinceV31.map((period) => overlayRow({ ...old, ...period, model })),
  ),
];

export const deepseekRows: readonly CatalogueRow[] = [
  ...oldNames,
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
