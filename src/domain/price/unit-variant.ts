/** Finds the price of a variant of a unit: images of one size, video of one resolution. */

import { openMeter } from "../usage/open-meter.ts";
import type { OpenMeter } from "../usage/usage.ts";

/**
 * What a variant costs if it has no price of its own, the closest first:
 * `images_hd_1024x1792` costs as `images_1024x1792`, else as `images_hd`, else as `images`.
 */
export function lessExact(meter: OpenMeter): readonly OpenMeter[] {
  const [, unit, variant] = /^(images|video_seconds)_(.+)$/.exec(meter) ?? [];
  if (unit === undefined || variant === undefined) return [];
  const words = variant.split("_");
  const names = words.length > 1 ? [words.slice(1), words.slice(0, -1)] : [];
  return [...names.map((some) => `${unit}_${some.join("_")}`), unit].map(openMeter);
}
