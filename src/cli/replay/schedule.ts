/** When each call goes out: as recorded, faster, or as fast as answers come. */

export interface ScheduleOptions {
  /** Times the recorded speed; infinite for as fast as answers come. */
  readonly speed: number;
  /** Calls under way at most. */
  readonly concurrency: number;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** No further call goes out once it is aborted. */
  readonly signal: AbortSignal;
}

export interface ScheduleReport {
  readonly elapsedMs: number;
  /** Calls that went out. */
  readonly started: number;
  /** How far behind its time a call went out at worst, because all slots were taken; 0 without a timetable. */
  readonly latestMs: number;
}

/** Sends calls in order, each at its time or as soon after it as a slot is free. Rejects when one of the calls does. */
export async function runSchedule<Call extends { readonly afterMs: number }>(
  calls: readonly Call[],
  send: (call: Call, index: number) => Promise<void>,
  options: ScheduleOptions,
): Promise<ScheduleReport> {
  const startedAt = options.now();
  let next = 0;
  let started = 0;
  let latestMs = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < calls.length && !options.signal.aborted; index = next++) {
      const call = calls[index];
      if (call === undefined) return;
      const dueMs = Number.isFinite(options.speed) ? call.afterMs / options.speed : 0;
      const waitMs = dueMs - (options.now() - startedAt);
      if (waitMs > 0) await options.sleep(waitMs);
      if (options.signal.aborted) return;
      if (Number.isFinite(options.speed))
        latestMs = Math.max(latestMs, options.now() - startedAt - dueMs);
      started += 1;
      await send(call, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, calls.length) }, worker));
  return { elapsedMs: options.now() - startedAt, started, latestMs };
}
