/** Delivers events to one notifier: in order, at least once, again after failures. */

import { setTimeout as pause } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import { toCloudEvent, type Event, type LedgerEvent } from "../../domain/event/event.ts";
import type { EventPosition } from "../../domain/event/position.ts";
import type { Clock } from "../port/clock.ts";
import {
  type Deliveries,
  type DeliveryFailure,
  type DeliveryState,
  letterLifeMs,
  mostLetters,
} from "../port/deliveries.ts";
import type { Feed } from "../port/feed.ts";
import { type Notifier, NotifierError } from "../port/notifier.ts";
import { findEnd, followEvents } from "./stream.ts";

export interface DeliveryParts {
  readonly feed: Pick<Feed, "follow" | "last">;
  readonly deliveries: Deliveries;
  readonly clock: Pick<Clock, "now">;
  readonly notifier: Notifier;
  /** Whether the notifier wants an event. */
  readonly selects: (event: Event) => boolean;
  /** Receives failed attempts, dead letters and problems of the store. */
  readonly onProblem?: (message: string, error: unknown) => void;
  /** Waits; ends early when the signal aborts. For tests. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** What an administrator sees of a notifier. */
export interface DeliveryStatus extends Omit<DeliveryState, "cursor"> {
  /** Journal entries not looked at yet; most have no event for this notifier. */
  readonly behind: number;
  readonly deadLetters: number;
  /** Dead letters that newer ones displaced. */
  readonly droppedLetters: number;
}

const firstWaitMs = 1000;
const longestWaitMs = 300_000;
/** An event that has failed for this long becomes a dead letter. */
const patienceMs = 86_400_000;
/** The longest time for one attempt. */
const attemptMs = 60_000;
/** A cursor that passes only ignored entries is saved after this many. */
const unsavedEntries = 1000;

/**
 * A new notifier begins with the events after its first start. The cursor is saved after each
 * event, so a crash repeats at most the one that was under way, with the same id.
 */
export class Delivery {
  readonly #parts: Required<DeliveryParts>;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #cursor: EventPosition | undefined;
  #saved = 0;
  /** The event that is being tried again. Read once: the store is not asked for every event. */
  #failing: DeliveryFailure | null = null;

  constructor(parts: DeliveryParts) {
    this.#parts = {
      onProblem: () => undefined,
      wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
      random: Math.random,
      ...parts,
    };
  }

  get notifier(): Notifier {
    return this.#parts.notifier;
  }

  /**
   * Finds where to begin. Call it before the first event that must arrive: a new notifier begins
   * at the end of the journal.
   *
   * @throws PurserError `store_unavailable`.
   */
  async prepare(): Promise<void> {
    this.#cursor ??= await this.#begin();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the attempt under way, which is made again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** @throws PurserError `store_unavailable`. */
  async status(): Promise<DeliveryStatus> {
    const { deliveries, feed, notifier } = this.#parts;
    const state = await deliveries.stateOf(notifier.name);
    const last = await feed.last();
    const cursor = this.#cursor ?? state?.cursor;
    const { delivered = null, failing = null } = state ?? {};
    const letters = await deliveries.countLetters(notifier.name);
    return {
      delivered,
      failing,
      deadLetters: letters.kept,
      droppedLetters: letters.dropped,
      behind: cursor ? Math.max(0, last - cursor.seq) : 0,
    };
  }

  async #run(): Promise<void> {
    const { onProblem, wait, notifier } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        // Ends without an error when the feed is closed.
        return await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        onProblem(`${notifier.name}: events cannot be read`, error);
        // The journal is another one, such as a backup: what it has after this is new.
        if (error instanceof PurserError && error.code === "conflict") this.#cursor = undefined;
        await wait(firstWaitMs, signal);
      }
    }
  }

  async #follow(): Promise<void> {
    const { feed, selects } = this.#parts;
    const { signal } = this.#stop;
    const after = (this.#cursor ??= await this.#begin());
    for await (const { events, reached } of followEvents(feed, { after, selects, signal })) {
      for (const event of events) {
        await this.#deliver(event);
        if (signal.aborted) return;
        this.#cursor = event.position;
      }
      this.#cursor = reached;
      if (reached.seq - this.#saved >= unsavedEntries) await this.#save(reached);
    }
  }

  async #begin(): Promise<EventPosition> {
    const { deliveries, feed, notifier } = this.#parts;
    const known = await deliveries.stateOf(notifier.name);
    const end = await findEnd(feed);
    if (known && known.cursor.seq <= end.seq) {
      this.#saved = known.cursor.seq;
      this.#failing = known.failing;
      return known.cursor;
    }
    await this.#save(end);
    return end;
  }

  async #save(cursor: EventPosition): Promise<void> {
    await this.#parts.deliveries.advance(this.#parts.notifier.name, { cursor });
    this.#saved = cursor.seq;
    this.#failing = null;
  }

  /** Returns when the event has arrived, was given up, or the delivery is stopped. */
  async #deliver(event: Event): Promise<void> {
    const { deliveries, clock, notifier } = this.#parts;
    const { signal } = this.#stop;
    const { name } = notifier;
    const cloudEvent = toCloudEvent(event);
    while (!signal.aborted) {
      await this.#waitForQuietHours(cloudEvent);
      const error = await this.#attempt(cloudEvent);
      if (signal.aborted) return;
      const at = clock.now();
      if (error === null) {
        const delivered = { eventId: cloudEvent.id, at };
        await deliveries.advance(name, { cursor: event.position, delivered });
        this.#saved = event.position.seq;
        this.#failing = null;
        return;
      }
      const before = this.#failing?.eventId === cloudEvent.id ? this.#failing : null;
      const failure = failedAgain(before, { eventId: cloudEvent.id, at, error });
      if (isPermanent(error) || at - failure.since >= patienceMs) return this.#bury(event, failure);
      this.#failing = failure;
      await deliveries.fail(name, failure);
      await this.#parts.wait(this.#pauseAfter(failure, error), signal);
    }
  }

  async #waitForQuietHours(event: LedgerEvent): Promise<void> {
    const { clock, notifier, wait } = this.#parts;
    const { signal } = this.#stop;
    for (;;) {
      const now = clock.now();
      const until = notifier.quietUntil?.(event, now) ?? null;
      if (until === null || until <= now || signal.aborted) return;
      // In short steps, so that a clock that was set is noticed.
      await wait(Math.min(until - now, longestWaitMs), signal);
    }
  }

  /** @returns The error of the attempt; null if the event has arrived. */
  async #attempt(event: LedgerEvent): Promise<unknown> {
    const { notifier, onProblem } = this.#parts;
    try {
      await sendWithin(notifier, event, this.#stop.signal);
      return null;
    } catch (error) {
      if (!this.#stop.signal.aborted)
        onProblem(`${notifier.name}: event ${event.id} was not delivered`, error);
      return error ?? new Error("failed without an error");
    }
  }

  async #bury(event: Event, failure: DeliveryFailure): Promise<void> {
    const { deliveries, clock, notifier, onProblem } = this.#parts;
    const letter = {
      consumer: notifier.name,
      event: toCloudEvent(event),
      at: clock.now(),
      failure,
    };
    const dropped = await deliveries.bury(letter, event.position);
    this.#saved = event.position.seq;
    this.#failing = null;
    onProblem(
      `${notifier.name}: event ${failure.eventId} is a dead letter after ${failure.attempts} attempts`,
      new Error(failure.message),
    );
    if (dropped > 0)
      onProblem(
        `${notifier.name}: ${dropped} older dead letters were dropped`,
        new Error(`${mostLetters} are kept, for ${letterLifeMs / 86_400_000} days`),
      );
  }

  /** Doubles from a second to five minutes, with jitter; longer if the receiver asks for it. */
  #pauseAfter({ attempts, since }: DeliveryFailure, error: unknown): number {
    const { clock, random } = this.#parts;
    const full = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts - 1, 20));
    const asked = error instanceof NotifierError ? (error.retryAfterMs ?? 0) : 0;
    const left = Math.max(firstWaitMs, since + patienceMs - clock.now());
    return Math.min(Math.max(full * (0.5 + random() / 2), asked), left);
  }
}

/**
 * Sends a dead letter once more, and removes it if it arrives.
 *
 * @returns false if there is no such letter.
 * @throws the error of the notifier; the letter is kept then.
 */
export async function replay(
  { deliveries, notifier }: Pick<DeliveryParts, "deliveries" | "notifier">,
  letterId: number,
): Promise<boolean> {
  const letter = await deliveries.deadLetter(notifier.name, letterId);
  if (!letter) return false;
  await sendWithin(notifier, letter.event, new AbortController().signal);
  await deliveries.removeDeadLetter(notifier.name, letterId);
  return true;
}

/** Ends an attempt that takes too long, even if the notifier does not look at its signal. */
async function sendWithin(notifier: Notifier, event: CloudEvent, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(attemptMs)]);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void =>
    reject(new NotifierError("the attempt took too long", { retryable: true }));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([notifier.send(event, signal), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    aborted.catch(() => undefined);
  }
}

function isPermanent(error: unknown): boolean {
  return error instanceof NotifierError && !error.retryable;
}

function failedAgain(
  before: DeliveryFailure | null,
  {
    eventId,
    at,
    error,
  }: { readonly eventId: string; readonly at: number; readonly error: unknown },
): DeliveryFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { eventId, since: before?.since ?? at, attempts: (before?.attempts ?? 0) + 1, message };
}
