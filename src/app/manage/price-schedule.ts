/** Updates the prices from time to time, if the configuration asks for it. */

import type { Clock } from "../port/clock.ts";
import type { PriceSchedule } from "../port/price-lists.ts";
import type { PriceUpdates } from "./update-prices.ts";

export interface ScheduleOptions {
  readonly updates: Pick<PriceUpdates, "run" | "storedAt">;
  readonly schedule: PriceSchedule;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** Up to a tenth of the interval is added at random, so that many servers do not ask at once. */
const jitterShare = 0.1;
/** After a failure, such as that of the network. */
const retryMs = 3_600_000;

/**
 * A restart does not update again before the interval is over, also if the last update was
 * reverted meanwhile.
 *
 * @returns How to stop it.
 */
export function startPriceSchedule(options: ScheduleOptions): () => void {
  const { updates, schedule, clock, random = Math.random } = options;
  const { from, everyMs, accept } = schedule;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const wait = (ms: number): void => {
    if (isStopped) return;
    timer = setTimeout(() => void run(), ms + random() * jitterShare * everyMs);
    timer.unref();
  };
  const run = async (): Promise<void> => {
    const { result } = await updates.run({ origin: { from }, accept });
    wait(result === "failed" ? Math.min(everyMs, retryMs) : everyMs);
  };
  const last = updates.storedAt;
  wait(last === null ? 0 : Math.max(0, last + everyMs - clock.now()));
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
