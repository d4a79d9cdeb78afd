/** Defines the configurable limits of a call. */

export interface CallLimits {
  readonly bodyBytes: number;
  /** Concurrent calls of one key; null for no limit. A key's own limit takes precedence. */
  readonly concurrentCallsPerKey: number | null;
  /** From the request's last byte to the answer's first. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleStreamMs: number;
  readonly totalMs: number;
  /** How long a call waits for budget held by other calls before it is refused. */
  readonly holdWaitMs: number;
  /** How long an answer is read on after the caller has left, to get its usage. */
  readonly drainMs: number;
  /** Output tokens that a stream holds at a time. */
  readonly streamSliceTokens: number;
  /** Output tokens to assume if neither the request nor the catalogue has a limit. */
  readonly maxOutputTokens: number;
  /** Tokens to assume per item for inputs whose bytes do not determine them. */
  readonly imageTokens: number;
  readonly audioTokens: number;
  readonly fileTokens: number;
  /** Input tokens that each call of a provider-side tool may add. */
  readonly serverToolTokens: number;
  /** The most tokens in a stored conversation if the model's context window is unknown. */
  readonly contextTokens: number;
}

/** Limits on holds made by callers themselves; administrators have none. */
export interface HoldLimits {
  /** How long a hold may last. */
  readonly holdSeconds: number;
  /** How much of a shared budget one key may hold, in percent. */
  readonly holdSharePercent: number;
  /** How many holds a key may have open at once. */
  readonly openHoldsPerKey: number;
}

/**
 * What callers may access of the objects a provider stores: only those from their metered calls,
 * all that they created, or everything.
 */
export type StoredAccess = "refuse" | "own" | "shared";
