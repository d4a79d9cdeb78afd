/** Chooses the mutants that a run tries. */

import type { Random } from "../simulation/random.ts";
import type { Mutant } from "./mutant.ts";

/** Returns at most `count` mutants, no two in one place of a source. */
export function choose(
  mutants: readonly Mutant[],
  count: number,
  random: Random,
): readonly Mutant[] {
  const places = new Set<string>();
  const chosen: Mutant[] = [];
  for (const mutant of shuffled(mutants, random)) {
    const place = `${mutant.file} ${mutant.start}`;
    if (chosen.length === count) break;
    if (places.has(place)) continue;
    places.add(place);
    chosen.push(mutant);
  }
  return chosen;
}

/** Distributes `count` among rooms as evenly as their sizes allow. */
export function share(count: number, sizes: readonly number[]): readonly number[] {
  const shares = sizes.map(() => 0);
  let left = Math.min(
    count,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  while (left > 0) {
    for (const [room, size] of sizes.entries()) {
      const had = shares[room] ?? 0;
      if (left === 0 || had === size) continue;
      shares[room] = had + 1;
      left -= 1;
    }
  }
  return shares;
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
