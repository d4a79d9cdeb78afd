/** Messages between the benchmarks and the upstream process: how to answer, and what it counted. */

export interface UpstreamSetting {
  /** Delay before the response headers. */
  readonly delayMs: number;
  readonly streamTokens: number;
  /** Delay between two tokens of a stream; 0 sends them all at once. */
  readonly gapMs: number;
}

/** Counted since the previous setting. */
export interface UpstreamCount {
  readonly whole: number;
  readonly streams: number;
  /** Streams whose reader disconnected early. */
  readonly left: number;
}
