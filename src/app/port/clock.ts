/** Port to the system clock. */

export interface Clock {
  /**
   * Whole milliseconds since the epoch, for windows, prices and journal entries. May jump when the
   * clock is set.
   */
  now(): number;
  /** Whole milliseconds since some moment, never adjusted: for durations and time-outs. */
  monotonic(): number;
}
