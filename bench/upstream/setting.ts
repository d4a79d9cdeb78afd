/** How the upstream answers, and what it counted. Contract between its process and the benchmarks. */

export interface UpstreamSetting {
  /** Before the head of an answer. */
  readonly delayMs: number;
  readonly streamTokens: number;
  /** Between two tokens of a stream; 0 sends them in one piece. */
  readonly gapMs: number;
}

/** Since the setting before. */
export interface UpstreamCount {
  readonly whole: number;
  readonly streams: number;
  /** Streams whose reader left before the end. */
  readonly left: number;
}
