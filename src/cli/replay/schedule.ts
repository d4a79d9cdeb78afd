/** Sends calls at their recorded times, faster, or at maximum speed. */

export interface ScheduleOptions {
  /** Multiple of the recorded speed; infinite for maximum speed. */
  readonly speed: number;
  /** Maximum calls in flight. */
  readonly concurrency: number;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborting it stops sending calls. */
  readonly signal: AbortSignal;
}

export interface ScheduleReport {
  readonly elapsedMs: number;
  /** Calls sent. */
  readonly started: number;
  /** Maximum delay of a call because all slots were taken; 0 at maximum speed. */
  readonly latestMs: number;
}

/** Sends calls in order, each at its time or as soon as a slot is free. Rejects if a call does. */
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
