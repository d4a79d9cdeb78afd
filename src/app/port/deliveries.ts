/** Port to the record of how far each consumer of events has come, and of what it could not take. */

import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import type { EventPosition } from "../../domain/event/position.ts";

export interface DeliveryState {
  readonly cursor: EventPosition;
  /** The last event that arrived; null before the first. */
  readonly delivered: { readonly eventId: string; readonly at: number } | null;
  /** The event that is being tried again; null if the last attempt succeeded. */
  readonly failing: DeliveryFailure | null;
}

/** How many dead letters a consumer has, and had. */
export interface LetterCount {
  readonly kept: number;
  /** Those that were dropped, as there were too many or they were too old. */
  readonly dropped: number;
}

/** A consumer keeps this many dead letters, and for this long; a new one displaces the oldest. */
export const mostLetters = 10_000;
export const letterLifeMs = 30 * 86_400_000;

export interface DeliveryFailure {
  readonly eventId: string;
  /** The first attempt, in milliseconds since the epoch. */
  readonly since: number;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly message: string;
}

/** An event that was given up. */
export interface DeadLetter {
  /** Unique in the ledger, ascending. */
  readonly id: number;
  readonly consumer: string;
  readonly event: CloudEvent;
  readonly at: number;
  readonly failure: DeliveryFailure;
}

export interface DeadLetterQuery {
  readonly consumer: string;
  /** The id of the last letter of the page before. */
  readonly after?: number;
  readonly limit: number;
}

/** What is to be remembered of a step. */
export interface DeliveryStep {
  readonly cursor: EventPosition;
  /** Set if an event arrived; absent if the step only passes events that the consumer ignores. */
  readonly delivered?: { readonly eventId: string; readonly at: number };
}

/**
 * A resolved promise means that the change survives a crash of the process. After a crash of the
 * machine the last changes may be missing: events are then delivered again, none is lost.
 *
 * Every method throws PurserError `store_unavailable` if the record cannot be read or written.
 */
export interface Deliveries {
  /** @returns undefined for a consumer that has never run. */
  stateOf(consumer: string): Promise<DeliveryState | undefined>;
  /** Moves the cursor, and ends a failure. Creates the state of a new consumer. */
  advance(consumer: string, step: DeliveryStep): Promise<void>;
  /** Remembers a failed attempt, so that a restart does not begin the time limit again. */
  fail(consumer: string, failure: DeliveryFailure): Promise<void>;
  /**
   * Keeps a dead letter, drops the oldest beyond the limits, and moves the cursor past it: all or
   * nothing.
   *
   * @returns How many were dropped.
   */
  bury(letter: Omit<DeadLetter, "id">, cursor: EventPosition): Promise<number>;
  /** After the first question, the time it takes does not grow with their number. */
  countLetters(consumer: string): Promise<LetterCount>;
  /** The oldest first. */
  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /** @returns undefined if the consumer has no such letter. */
  deadLetter(consumer: string, id: number): Promise<DeadLetter | undefined>;
  /** Removes a letter that was delivered after all. Does nothing if it is gone. */
  removeDeadLetter(consumer: string, id: number): Promise<void>;
}
