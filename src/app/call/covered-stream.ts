/** A stream on its way to the caller: nothing passes before the hold covers it. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { UsageMeter } from "../../wire/wire.ts";
import type { Slices } from "../hold/slices.ts";

export interface StreamOptions {
  readonly meter: Pick<UsageMeter, "push" | "passed" | "finished">;
  /** Null where the whole ceiling is held. */
  readonly slices: Pick<Slices, "takesPiece" | "cover" | "isPaid"> | null;
  /** Gives bytes to the caller. @returns Whether the caller takes more at once. */
  readonly pass: (bytes: Uint8Array) => boolean;
}

/** What the provider has already billed passes in any case. */
export class CoveredStream {
  readonly #options: StreamOptions;
  /** What came and is not covered yet; null while everything is. */
  #withheld: Uint8Array[] | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get isWithholding(): boolean {
    return this.#withheld !== null;
  }

  /** Whether what is withheld is covered, although nothing that may follow it is. */
  get isPaid(): boolean {
    const { slices } = this.#options;
    return slices === null || slices.isPaid;
  }

  /** @returns Whether the piece has passed. Otherwise it waits for `cover`, and so does all that follows. */
  take(chunk: Uint8Array): boolean {
    const { meter, slices } = this.#options;
    const bytes = meter.push(chunk);
    const isCovered = !slices || slices.takesPiece() || meter.finished;
    if (this.#withheld) this.#withheld.push(bytes);
    else if (isCovered) this.#passOn([bytes]);
    else this.#withheld = [bytes];
    return this.#withheld === null;
  }

  /** Has the hold grow until it covers what has come. @returns The refusal, where no budget pays for that. */
  async cover(): Promise<Refusal | null> {
    const { meter, slices } = this.#options;
    const refusal = slices ? await slices.cover() : null;
    return meter.finished ? null : refusal;
  }

  /** @returns Whether the caller takes more at once. */
  passWithheld(): boolean {
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    return this.#passOn(withheld);
  }

  /** Takes all that the meter has seen. @returns Whether the caller takes more at once. */
  #passOn(pieces: readonly Uint8Array[]): boolean {
    const isTaken = pieces.map((bytes) => this.#options.pass(bytes)).every(Boolean);
    this.#options.meter.passed();
    return isTaken;
  }
}
