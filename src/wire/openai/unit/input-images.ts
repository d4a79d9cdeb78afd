/** Images that a request gives besides a text: some models charge for each. */

import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";

const family = openMeter("input_images");

/** @returns What is billed in addition, if the model has a price for it. */
export function withInputImages(count: number): Pick<BilledUnit, "also"> {
  return count > 0 ? { also: [{ meters: [family], family, count, mayBeFree: true }] } : {};
}
