/** Seeded random choices: the same seed gives the same choices. */

export interface Random {
  /** An integer from 0 to `count - 1`; 0 for a count of 0. */
  below(count: number): number;
  oneOf<Item>(items: readonly Item[]): Item;
}

/** A linear congruential generator; its high bits are uniform enough for this purpose. */
export function seeded(seed: number): Random {
  let state = BigInt(seed) + 88_172_645_463_325_252n;
  const below = (count: number): number => {
    state =
      (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number(((state >> 33n) * BigInt(count)) >> 31n);
  };
  return {
    below,
    oneOf: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error("there is nothing to choose from");
      return item;
    },
  };
}
