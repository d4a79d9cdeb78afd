/** The time. */

export interface Clock {
  /** Whole milliseconds since the epoch. For windows, prices and journal entries. It may be set back or forth. */
  now(): number;
  /** Whole milliseconds since some moment. Never set, so that durations and time-outs go by it. */
  monotonic(): number;
}
