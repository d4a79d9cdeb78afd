/** The line below figures that are not all there is: calls that no price was known for. */

import type { SeriesJson } from "../contract/series.ts";
import type { Paint } from "./terminal/color.ts";
import { counted, grouped } from "./terminal/number.ts";

const namedModels = 3;

/** @returns Nothing when every call had a price. */
export function unpricedText(unpriced: SeriesJson["unpriced"], paint: Paint): string {
  if (unpriced.length === 0) return "";
  const calls = unpriced.reduce((sum, one) => sum + one.calls, 0);
  const named = unpriced.slice(0, namedModels).map(({ provider, model }) => `${provider}/${model}`);
  const others =
    unpriced.length > namedModels ? ` and ${grouped(unpriced.length - namedModels)} more` : "";
  const subject = `${counted(calls, "call")} of ${named.join(", ")}${others}`;
  return `${paint.yellow(`${subject} had no price and ${calls === 1 ? "counts" : "count"} as nothing: state one under prices in purser.yaml, see docs/guides/add-a-price.md`)}\n`;
}
