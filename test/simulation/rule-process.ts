/** A simulated Purser process that follows rules and delivers their alerts, until it is killed. */

import { cpSync } from "node:fs";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { Delivery } from "../../src/app/event/deliver.ts";
import type { Clock } from "../../src/app/port/clock.ts";
import type { Feed, FollowedEntry } from "../../src/app/port/feed.ts";
import type { Ledger } from "../../src/app/port/ledger.ts";
import { type Notifier, NotifierError } from "../../src/app/port/notifier.ts";
import { silentObserver } from "../../src/app/port/parts.test-kit.ts";
import type { LedgerReader } from "../../src/app/port/reader.ts";
import { RuleWatch } from "../../src/app/rule/watch.ts";
import { Waiting } from "../../src/app/hold/waiting.ts";
import type { CloudEvent } from "../../src/domain/event/cloud-event.ts";
import { SqliteDeliveries } from "../../src/store/sqlite/deliveries.ts";
import { openLedger } from "../../src/store/sqlite/open.ts";
import type { Random } from "./random.ts";

/** Outlives the processes: it keeps what arrived, and fails at random. */
export class Receiver {
  readonly received: CloudEvent[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  take(event: CloudEvent): void {
    const dice = this.#random.below(5);
    if (dice === 0) throw new NotifierError("busy", { retryable: true });
    this.received.push(event);
    if (dice === 1) throw new NotifierError("the answer was lost", { retryable: true });
  }
}

export interface RuleWorld {
  readonly clock: Clock;
  readonly receiver: Receiver;
}

interface Parts {
  readonly directory: string;
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
  readonly deliveries: SqliteDeliveries;
}

export class RuleProcess {
  readonly ledger: Ledger;
  readonly directory: string;
  readonly problems: string[] = [];
  readonly #parts: Parts;
  readonly #watch: RuleWatch;
  readonly #delivery: Delivery;
  #isKilled = false;

  private constructor(parts: Parts, { clock, receiver }: RuleWorld) {
    this.#parts = parts;
    this.ledger = parts.ledger;
    this.directory = parts.directory;
    const onProblem = (message: string, error: unknown): void => {
      if (!this.#isKilled && !(error instanceof NotifierError))
        this.problems.push(`${message}: ${String(error)}`);
    };
    this.#watch = new RuleWatch({
      ...parts,
      clock,
      waiting: new Waiting(),
      observer: silentObserver,
      deliveries: () => parts.deliveries,
      onProblem,
    });
    const notifier: Notifier = {
      name: "receiver",
      kind: "test",
      send: async (event) => {
        await turn();
        // A killed process sends nothing.
        if (this.#isKilled) throw new NotifierError("killed", { retryable: true });
        receiver.take(event);
      },
    };
    this.#delivery = new Delivery({
      ...parts,
      clock,
      notifier,
      selects: ({ type }) => type.startsWith("rule."),
      onProblem,
      wait: () => turn(),
    });
  }

  static async open(directory: string, world: RuleWorld): Promise<RuleProcess> {
    const opened = await openLedger({ directory, durability: "process", clock: world.clock });
    const deliveries = new SqliteDeliveries(directory);
    return new RuleProcess({ directory, ...opened, deliveries }, world);
  }

  /** Call it once the rules are set, before the first call. */
  async start(): Promise<void> {
    await this.#delivery.prepare();
    await this.#watch.wake();
    this.#watch.start();
    this.#delivery.start();
  }

  /** @returns The last entry, once the rules have been evaluated for it. */
  async rest(): Promise<number> {
    for (let tries = 0; tries < 20_000; tries++) {
      // Waits until all that was decided can be read.
      await this.#parts.reader.calls({}, { limit: 1, before: null });
      const last = await this.#parts.feed.last();
      if (this.#watch.place === last) return last;
      await sleep(1);
    }
    throw new Error("the rules were not evaluated");
  }

  /** @returns The whole journal. */
  async journal(): Promise<readonly FollowedEntry[]> {
    const last = await this.rest();
    const entries: FollowedEntry[] = [];
    for await (const page of this.#parts.feed.follow(0)) {
      entries.push(...page);
      if ((entries.at(-1)?.seq ?? 0) >= last) break;
    }
    return entries;
  }

  /** Waits until every event has been delivered. */
  async delivered(): Promise<void> {
    const last = await this.rest();
    for (let tries = 0; tries < 20_000; tries++) {
      const state = await this.#parts.deliveries.stateOf("receiver");
      const { behind, deadLetters } = await this.#delivery.status();
      if (deadLetters > 0) throw new Error("an event was given up");
      if (state && behind === 0) return;
      await sleep(1);
    }
    throw new Error(`events up to ${last} were not delivered`);
  }

  /** @returns A new folder with the disk's current content: all else is lost. */
  kill(folder: string): string {
    cpSync(this.directory, folder, { recursive: true });
    this.#isKilled = true;
    return folder;
  }

  async close(): Promise<void> {
    this.#isKilled = true;
    await this.#watch.stop();
    await this.#delivery.stop();
    await this.#parts.reader.close();
    await this.ledger.close();
    this.#parts.deliveries.close();
  }
}
