/** Clients that take a no otherwise than the official SDK of their format, known by the name that they send. */

import type { Headers } from "./identify.ts";

/** What has to be different for a client, so that a no ends its call at once and its user reads why. */
export interface ClientHabits {
  /** It repeats a request that was answered 402, as if that would pass. */
  readonly retriesPaymentRequired: boolean;
  /** Of a stream that was cut it shows the stop reason and nothing else. */
  readonly showsOnlyReason: boolean;
}

const ofMost: ClientHabits = { retriesPaymentRequired: false, showsOnlyReason: false };

/**
 * By the beginning of `user-agent`. Tried with codex 0.171.0, and with litellm 1.81.10, which aider 0.86.2 brings: later versions of
 * litellm know a 402.
 */
const habits: readonly (readonly [name: RegExp, habits: ClientHabits])[] = [
  [/^codex[_ -]/i, { retriesPaymentRequired: true, showsOnlyReason: true }],
  [/^litellm\/(?:0|1\.(?:\d|[1-7]\d|8[01]))\./i, { retriesPaymentRequired: true, showsOnlyReason: false }],
];

export function habitsOf(headers: Headers): ClientHabits {
  const name = headers["user-agent"];
  if (typeof name !== "string") return ofMost;
  return habits.find(([pattern]) => pattern.test(name))?.[1] ?? ofMost;
}
