/** The line that reports calls without a known price, which figures count as 0. */

import type { SeriesJson } from "../contract/series.ts";
import type { Paint } from "./terminal/color.ts";
import { counted, grouped } from "./terminal/number.ts";

const namedModels = 3;

/** @returns Empty if every call had a price. */
export function unpricedText(unpriced: SeriesJson["unpriced"], paint: Paint): string {
  if (unpriced.length === 0) return "";
  const calls = unpriced.reduce((sum, one) => sum + one.calls, 0);
  const named = unpriced.slice(0, namedModels).map(({ provider, model }) => `${provider}/${model}`);
  const others =
    unpriced.length > namedModels ? ` and ${grouped(unpriced.length - namedModels)} more` : "";
  const subject = `${counted(calls, "call")} of ${named.join(", ")}${others}`;
  return `${paint.yellow(`${subject} ${calls === 1 ? "has" : "have"} an unknown price, counted as $0: add it under prices in purser.yaml, see docs/guides/add-a-price.md`)}\n`;
}
