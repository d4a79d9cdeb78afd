/** Checks whether the ledger can be written and its file is intact. */

import { setTimeout } from "node:timers/promises";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { LedgerReader } from "../port/reader.ts";

/** A check is repeated on request if the last one is older than this. */
const freshMs = 10_000;
/** Limits disk load: the pause after a check is at least this many times its duration. */
const restShare = 100;
/** The longest that a request waits for a running check. */
const patienceMs = 500;

export interface StoreHealthParts {
  readonly ledger: Pick<Ledger, "problem">;
  readonly reader: Pick<LedgerReader, "check">;
  readonly clock: Clock;
  /** The error of the file that records who created objects at providers; null if none. */
  readonly belongings: () => Error | null;
}

export class StoreHealth {
  readonly #parts: StoreHealthParts;
  #damage: readonly string[] = [];
  #look: Promise<void> | null = null;
  #nextLookAt: number;

  constructor(parts: StoreHealthParts) {
    this.#parts = parts;
    this.#nextLookAt = parts.clock.monotonic();
  }

  /** @returns The problems, as sentences; empty if there are none. */
  async problems(): Promise<readonly string[]> {
    if (this.#parts.clock.monotonic() >= this.#nextLookAt) this.#look ??= this.#lookThrough();
    if (this.#look)
      await Promise.race([this.#look, setTimeout(patienceMs, undefined, { ref: false })]);
    const problems = [this.#parts.ledger.problem(), this.#parts.belongings()].filter(
      (problem) => problem !== null,
    );
    return [
      ...problems.map(({ message }) => message),
      ...this.#damage.map((finding) => `the ledger's file is damaged: ${finding}`),
    ];
  }

  async #lookThrough(): Promise<void> {
    const { clock, reader } = this.#parts;
    const startedAt = clock.monotonic();
    try {
      this.#damage = await reader.check();
    } catch (error) {
      this.#damage = [error instanceof Error ? error.message : String(error)];
    }
    const endedAt = clock.monotonic();
    this.#nextLookAt = endedAt + Math.max(freshMs, (endedAt - startedAt) * restShare);
    this.#look = null;
  }
}
