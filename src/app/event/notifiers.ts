/** The notifiers of a server: delivers events to each, tests them, and replays what was given up. */

import { randomUUID } from "node:crypto";
import { PurserError } from "../../domain/error.ts";
import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import { eventSource } from "../../domain/event/event.ts";
import { testType } from "../../domain/event/sentence.ts";
import { suggest } from "../../domain/input/nearest.ts";
import { formatInstant } from "../../domain/input/scalar.ts";
import type { Clock } from "../port/clock.ts";
import type { DeadLetter, Deliveries } from "../port/deliveries.ts";
import { type Delivery, type DeliveryStatus, replay } from "./deliver.ts";

export interface NotifiersParts {
  readonly deliveries: readonly Delivery[];
  /** Absent if there are no notifiers. */
  readonly store?: Deliveries;
  readonly clock: Pick<Clock, "now">;
}

export interface NotifierStatus extends DeliveryStatus {
  readonly name: string;
  readonly kind: string;
}

export interface ReplayReport {
  readonly delivered: number;
  readonly left: number;
  /** Why it stopped; null if all were delivered. */
  readonly problem: string | null;
}

export class Notifiers {
  readonly #parts: NotifiersParts;
  /** Names of notifiers whose dead letters are being replayed. */
  readonly #replaying = new Set<string>();

  constructor(parts: NotifiersParts) {
    this.#parts = parts;
  }

  /** Call it before calls are served: events from then on arrive. */
  async prepare(): Promise<void> {
    await Promise.all(this.#parts.deliveries.map((delivery) => delivery.prepare()));
  }

  start(): void {
    for (const delivery of this.#parts.deliveries) delivery.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.deliveries.map((delivery) => delivery.stop()));
  }

  get names(): readonly string[] {
    return this.#parts.deliveries.map(({ notifier }) => notifier.name);
  }

  /** In the order of the configuration. */
  async list(): Promise<readonly NotifierStatus[]> {
    return Promise.all(
      this.#parts.deliveries.map(async (delivery) => {
        const { name, kind } = delivery.notifier;
        return { name, kind, ...(await delivery.status()) };
      }),
    );
  }

  /**
   * Sends an event that says that it is a test, at once: also in quiet hours.
   *
   * @param about Further data, such as the rule whose test it is.
   * @returns The id of the event.
   * @throws PurserError `not_found`, or `upstream_unreachable` if it was not delivered.
   */
  async test(name: string, about: Readonly<Record<string, string>> = {}): Promise<string> {
    const { notifier } = this.#find(name);
    const now = formatInstant(this.#parts.clock.now());
    const event: CloudEvent = {
      specversion: "1.0",
      id: `test-${randomUUID()}`,
      source: eventSource,
      type: testType,
      time: now,
      subject: name,
      datacontenttype: "application/json",
      data: { notifier: name, ...about, timestamp: now },
    };
    try {
      await notifier.send(event, AbortSignal.timeout(testMs));
    } catch (error) {
      throw notDelivered(name, error);
    }
    return event.id;
  }

  /** The oldest first. @throws PurserError `not_found`. */
  async deadLetters(
    name: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly DeadLetter[]> {
    const consumer = this.#find(name).notifier.name;
    return (await this.#parts.store?.deadLetters({ consumer, after, limit })) ?? [];
  }

  /**
   * @throws PurserError `not_found`; `conflict` during another replay; `upstream_unreachable` if it
   *   was not delivered.
   */
  async replay(name: string, letterId: number): Promise<void> {
    await this.#alone(name, () => this.#replay(name, letterId));
  }

  async #replay(name: string, letterId: number): Promise<void> {
    const { notifier } = this.#find(name);
    const { store } = this.#parts;
    try {
      if (store && (await replay({ deliveries: store, notifier }, letterId))) return;
    } catch (error) {
      throw error instanceof PurserError ? error : notDelivered(name, error);
    }
    throw new PurserError("not_found", `notifier ${name} has no dead letter ${letterId}`, {
      field: "letter_id",
      remedy: `GET /api/v1/notifiers/${name}/dead-letters lists them.`,
    });
  }

  /**
   * Replays all in order, up to the first that is not delivered.
   *
   * @throws PurserError `not_found`; `conflict` during another replay.
   */
  async replayAll(name: string): Promise<ReplayReport> {
    return this.#alone(name, () => this.#replayAll(name));
  }

  /** Two replays at once would send the same letter twice. */
  async #alone<Result>(name: string, replaying: () => Promise<Result>): Promise<Result> {
    if (this.#replaying.has(name))
      throw new PurserError("conflict", `dead letters of notifier ${name} are being replayed`, {
        field: "name",
        remedy: "Try again when that replay has ended.",
      });
    this.#replaying.add(name);
    try {
      return await replaying();
    } finally {
      this.#replaying.delete(name);
    }
  }

  async #replayAll(name: string): Promise<ReplayReport> {
    const delivery = this.#find(name);
    let delivered = 0;
    let problem: string | null = null;
    for (let after = 0; problem === null;) {
      const [letter] = await this.deadLetters(name, { after, limit: 1 });
      if (!letter) break;
      after = letter.id;
      try {
        await this.#replay(name, letter.id);
        delivered += 1;
      } catch (error) {
        if (!(error instanceof PurserError) || error.code !== "upstream_unreachable") throw error;
        problem = error.message;
      }
    }
    return { delivered, left: (await delivery.status()).deadLetters, problem };
  }

  #find(name: string): Delivery {
    const { deliveries } = this.#parts;
    const found = deliveries.find(({ notifier }) => notifier.name === name);
    if (found) return found;
    const names = deliveries.map(({ notifier }) => notifier.name);
    throw new PurserError("not_found", `there is no notifier named ${name.slice(0, 64)}`, {
      field: "name",
      remedy: names.length === 0 ? "Add it under notifiers in purser.yaml." : suggest(name, names),
    });
  }
}

const testMs = 30_000;

function notDelivered(name: string, error: unknown): PurserError {
  const why = error instanceof Error ? error.message : String(error);
  return new PurserError("upstream_unreachable", `notifier ${name} did not deliver: ${why}`, {
    field: "name",
    remedy: "Check its settings in purser.yaml, its secret, and the receiver.",
  });
}
