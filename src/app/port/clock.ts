/** Port to the system clock. */

export interface Clock {
  /**
   * Whole milliseconds since the epoch, for windows, prices and journal entries. May jump when the
   * clock is set.
   */
  now(): number;
  /** Whole milliseconds since some moment. Never adjusted, so use it for durations. */
  monotonic(): number;
}
