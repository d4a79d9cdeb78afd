/** Projects what a window will have spent at its end from its pace so far. */

/** The share of a window, in percent, that must be over: earlier, one call decides. */
const leastElapsedPercent = 5;

/**
 * @returns What is spent at the end of the window at the pace of its time so far; null if the
 *   window has no end, or has hardly begun.
 */
export function forecastSpend(
  spent: bigint,
  window: { readonly start: number; readonly end: number | null },
  at: number,
): bigint | null {
  if (window.end === null) return null;
  const [elapsed, whole] = [at - window.start, window.end - window.start];
  if (elapsed <= 0 || elapsed * 100 < whole * leastElapsedPercent) return null;
  return elapsed >= whole ? spent : (spent * BigInt(whole)) / BigInt(elapsed);
}
