/** A count of something other than tokens that a call is billed for: characters, seconds, images. */

import type { OpenMeter } from "./usage.ts";

export interface BilledUnit {
  /** The meters that can price it, from the most specific; the first one with a price does. */
  readonly meters: readonly OpenMeter[];
  /** Its general meter. Variants begin with it: `images`, `images_hd_1024x1792`. */
  readonly family: OpenMeter;
  /** A whole number. */
  readonly count: number;
  /** What is billed in addition: images given, pages annotated. */
  readonly also?: readonly AddedUnit[];
}

export interface AddedUnit extends BilledUnit {
  /** Whether it costs nothing if the model has no price for it; else it is `unpriced`. */
  readonly mayBeFree: boolean;
}

/** The fewest units that a vendor bills for a call, by their general meter. */
export type LeastUnits = Readonly<Record<OpenMeter, number>>;

/** The unit and its additions as their vendor bills them: none below the vendor's minimum. */
export function asBilled<Unit extends BilledUnit>(unit: Unit, least: LeastUnits): Unit {
  const count = Math.max(unit.count, least[unit.family] ?? 0);
  const also = unit.also?.map((added) => asBilled(added, least));
  return { ...unit, count, ...(also && { also }) };
}
