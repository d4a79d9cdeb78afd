/** Passes a stream on to the caller, each piece after the hold covers it. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { UsageMeter } from "../../wire/wire.ts";
import type { Slices } from "../hold/slices.ts";

export interface StreamOptions {
  readonly meter: Pick<UsageMeter, "push" | "passed" | "finished">;
  /** Null if the whole ceiling is held. */
  readonly slices: Pick<Slices, "takesPiece" | "cover" | "isPaid"> | null;
  /** Writes to the caller. @returns Whether the caller takes more at once. */
  readonly pass: (bytes: Uint8Array) => boolean;
}

/** A finished stream passes in any case, because the provider has already billed it. */
export class CoveredStream {
  readonly #options: StreamOptions;
  /** Pieces that arrived and are not covered yet; null if there are none. */
  #withheld: Uint8Array[] | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get isWithholding(): boolean {
    return this.#withheld !== null;
  }

  /** Whether the withheld pieces are covered, even if the reserve after them is not. */
  get isPaid(): boolean {
    const { slices } = this.#options;
    return slices === null || slices.isPaid;
  }

  /** @returns Whether the piece has passed. If not, it and all later pieces wait for `cover`. */
  take(chunk: Uint8Array): boolean {
    const { meter, slices } = this.#options;
    const bytes = meter.push(chunk);
    const isCovered = !slices || slices.takesPiece() || meter.finished;
    if (this.#withheld) this.#withheld.push(bytes);
    else if (!isCovered) this.#withheld = [bytes];
    else {
      this.#options.pass(bytes);
      meter.passed();
    }
    return this.#withheld === null;
  }

  /** Tops up the hold until it covers what arrived. @returns A refusal if a budget has no room. */
  async cover(): Promise<Refusal | null> {
    const { meter, slices } = this.#options;
    const refusal = slices ? await slices.cover() : null;
    return meter.finished ? null : refusal;
  }

  /** Passes everything that the meter has seen. @returns Whether the caller takes more at once. */
  passWithheld(): boolean {
    const { meter, pass } = this.#options;
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    let isTaken = true;
    for (const bytes of withheld) if (!pass(bytes)) isTaken = false;
    meter.passed();
    return isTaken;
  }
}
