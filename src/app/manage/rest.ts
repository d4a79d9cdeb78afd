/** Does long work in parts, so that calls are not delayed. */

import { setImmediate } from "node:timers/promises";

/** Lets calls proceed after this much work. */
const stretchMs = 5;

/** @returns A function to await between small steps. */
export function restBetween(): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < stretchMs) return;
    await setImmediate();
    begun = performance.now();
  };
}
