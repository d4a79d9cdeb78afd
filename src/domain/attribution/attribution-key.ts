/** The canonical text of an attribution, written once for each object. */

import { type Attribution, canonicalAttribution } from "./attribution.ts";

const known = new WeakMap<Attribution, string>();

/** The same text for equal attributions, to look up what is kept for each. */
export function attributionKey(attribution: Attribution): string {
  let text = known.get(attribution);
  if (text === undefined) known.set(attribution, (text = canonicalAttribution(attribution)));
  return text;
}
