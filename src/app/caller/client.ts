/** Recognises clients that handle a refusal differently from the official SDKs, by `user-agent`. */

import type { Headers } from "./identify.ts";

/** What a client needs so that a refusal ends its call at once and its user sees why. */
export interface ClientHabits {
  /** Retries a request that was answered with 402. */
  readonly retriesPaymentRequired: boolean;
  /** Shows only the stop reason of a stream that was cut. */
  readonly showsOnlyReason: boolean;
}

const ofMost: ClientHabits = { retriesPaymentRequired: false, showsOnlyReason: false };

/**
 * Matched at the beginning of `user-agent`. Tested with codex 0.171.0, and with litellm 1.81.10,
 * which aider 0.86.2 uses; later versions of litellm support 402.
 *
 * Codex also tries a WebSocket first. Only a 426 makes it fall back to HTTP at once; after any
 * other answer it retries five times (codex-rs/core/src/client.rs, read 2026-11).
 */
const habits: readonly (readonly [name: RegExp, habits: ClientHabits])[] = [
  [/^codex[_ -]/i, { retriesPaymentRequired: true, showsOnlyReason: true }],
  [
    /^litellm\/(?:0|1\.(?:\d|[1-7]\d|8[01]))\./i,
    { retriesPaymentRequired: true, showsOnlyReason: false },
  ],
];

export function habitsOf(headers: Headers): ClientHabits {
  const name = headers["user-agent"];
  if (typeof name !== "string") return ofMost;
  return habits.find(([pattern]) => pattern.test(name))?.[1] ?? ofMost;
}
