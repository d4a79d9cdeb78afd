/** Follows the journal and fires rules: after the fact, each alert once, also across restarts. */

import { setTimeout as pause } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import type { Clock } from "../port/clock.ts";
import type { Deliveries } from "../port/deliveries.ts";
import type { Feed } from "../port/feed.ts";
import type { Ledger } from "../port/ledger.ts";
import { announceChange, type Audience } from "../hold/announce.ts";
import { evaluate, type EvaluationParts } from "./evaluate.ts";
import { TaskSums } from "./task-sums.ts";

export interface WatchParts extends Omit<EvaluationParts, "tasks">, Audience {
  readonly ledger: EvaluationParts["ledger"] & Pick<Ledger, "commit" | "alerts">;
  readonly feed: Pick<Feed, "follow" | "last">;
  /** Where its place in the journal is kept. */
  readonly deliveries: () => Deliveries;
  readonly clock: Pick<Clock, "now">;
  readonly onProblem: (message: string, error: unknown) => void;
}

/** Not a valid name of a notifier, so the two cannot meet. */
const consumer = "purser:rules";
const retryMs = 1000;
const escalationLookMs = 2000;
const unsavedEntries = 1000;

/**
 * Its place in the journal is saved only after what it fires is in the ledger, which refuses the
 * same alert a second time. So a crash loses no alert and repeats none.
 */
export class RuleWatch {
  readonly #parts: WatchParts;
  readonly #tasks: TaskSums;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  #cursor: number | undefined;
  #saved = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#tasks = new TaskSums(parts.reader, parts.exceptProvider);
  }

  /** The last entry that it has dealt with; undefined before it is woken. */
  get place(): number | undefined {
    return this.#cursor;
  }

  /** Call it before the first call is served, and after a rule was set. */
  async wake(): Promise<void> {
    if (this.#parts.ledger.rules().length > 0) this.#cursor ??= await this.#begin();
  }

  /** Follows the journal once it is woken. */
  start(): void {
    this.#running ??= Promise.all([this.#run(), this.#escalate()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #begin(): Promise<number> {
    const { deliveries, feed } = this.#parts;
    const known = (await deliveries().stateOf(consumer))?.cursor.seq;
    const end = await feed.last();
    if (known !== undefined && known <= end) return (this.#saved = known);
    await this.#save(end);
    return end;
  }

  async #save(seq: number): Promise<void> {
    await this.#parts.deliveries().advance(consumer, { cursor: { seq, index: 0 } });
    this.#saved = seq;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.wake();
        if (this.#cursor !== undefined) await this.#follow(this.#cursor);
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.onProblem("rules cannot be evaluated", error);
        // Another journal, such as a backup.
        if (error instanceof PurserError && error.code === "conflict") this.#cursor = undefined;
      }
      await sleep(retryMs, signal);
    }
  }

  async #follow(after: number): Promise<void> {
    const parts = { ...this.#parts, tasks: this.#tasks };
    const { feed, ledger, clock } = parts;
    for await (const page of feed.follow(after, this.#stop.signal)) {
      let fired = 0;
      for (const found of await evaluate(parts, page)) {
        const command = { kind: "fire_rule", at: clock.now(), ...found } as const;
        const { repeated, paused } = await ledger.commit(command);
        if (!repeated) fired += 1;
        if (paused) announceChange(parts);
      }
      const seq = page.at(-1)?.seq ?? after;
      this.#cursor = seq;
      if (fired > 0 || seq - this.#saved >= unsavedEntries) await this.#save(seq);
    }
  }

  async #escalate(): Promise<void> {
    const { ledger, clock, onProblem } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const at = clock.now();
      const due = ledger
        .alerts()
        .filter(
          ({ escalate, acknowledged, escalatedAt, firedAt }) =>
            escalate && !acknowledged && escalatedAt === null && firedAt + escalate.afterMs <= at,
        );
      for (const { ruleId, value } of due) {
        try {
          await ledger.commit({ kind: "escalate_rule", at, ruleId, value });
        } catch (error) {
          onProblem(`rule ${ruleId}: the alert was not escalated`, error);
        }
      }
      await sleep(escalationLookMs, signal);
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
