/** Bounds of a call, as the configuration sets them. */

export interface CallLimits {
  readonly bodyBytes: number;
  /** Calls of one key under way at once; null for no bound. A key's own limit goes before it. */
  readonly concurrentCallsPerKey: number | null;
  /** From the request's last byte to the answer's first. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleStreamMs: number;
  readonly totalMs: number;
  /** How long a call waits for room that other calls hold before it is refused. */
  readonly holdWaitMs: number;
  /** How long an answer is read on, to see its usage, after the caller has left. */
  readonly drainMs: number;
  /** Output tokens that a stream holds at a time. */
  readonly streamSliceTokens: number;
  /** Output tokens that are taken to be possible where neither the request nor the catalogue says. */
  readonly maxOutputTokens: number;
  /** Bounds of inputs whose tokens cannot be told from their bytes, each. */
  readonly imageTokens: number;
  readonly audioTokens: number;
  readonly fileTokens: number;
  /** What a call of a tool that the provider runs adds to the input, each. */
  readonly serverToolTokens: number;
  /** What a stored conversation holds at most where the model's context size is not known. */
  readonly contextTokens: number;
}

/** What a caller may hold by itself; administrators are not bound. */
export interface HoldLimits {
  /** How long a hold may last. */
  readonly holdSeconds: number;
  /** Of each budget that others draw on too, how much one key may hold. */
  readonly holdSharePercent: number;
  /** How many holds one key may have open at once. */
  readonly openHoldsPerKey: number;
}

/** What callers may reach of the things that a provider keeps: nothing but what they made by a call, what they made at all, or everything. */
export type StoredAccess = "refuse" | "own" | "shared";
