/** Port to what is outside and wants to know of events: a webhook, a chat, a mailbox, a bus. */

import type { CloudEvent } from "../../domain/event/cloud-event.ts";

export interface Notifier {
  /** Unique among notifiers. Its cursor and dead letters are kept under this name. */
  readonly name: string;
  /** `webhook`, `slack`, `email`, ... */
  readonly kind: string;
  /**
   * Delivers one event. The next one is sent when this one is delivered or given up, so events
   * arrive in order. After a crash or a lost answer the same event, with the same id, is sent again.
   *
   * @param signal Aborts when Purser stops, or when the attempt has taken too long.
   * @throws NotifierError if it was not delivered. Any other error is reported, and tried again.
   */
  send(event: CloudEvent, signal: AbortSignal): Promise<void>;
  /**
   * When to deliver instead, in milliseconds since the epoch, if the receiver has quiet hours now;
   * null for now. Waiting for it is not a failure.
   */
  quietUntil?(event: CloudEvent, now: number): number | null;
}

export interface NotifierFailure {
  /** Whether the same event may be accepted later. If not, it becomes a dead letter at once. */
  readonly retryable: boolean;
  /** The wait that the receiver asks for, such as `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The message is shown to administrators: it must not contain a secret. */
export class NotifierError extends Error {
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { retryable, retryAfterMs, cause }: NotifierFailure) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "NotifierError";
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}
