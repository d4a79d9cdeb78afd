/** The system clock. */

import type { Clock } from "../app/port/clock.ts";

export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
};
