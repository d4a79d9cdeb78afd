/** How many tokens are billed for each that a stream's bytes were taken for: the estimate of what passed is an upper one. */

import { Lately } from "./lately.ts";

/** Shorter streams say little. */
const leastTokens = 32;

/** Learns the highest share that was billed lately, per provider and model. */
export class PassedCorrection {
  readonly #learned = new Map<string, Lately>();

  /** @returns Above 0, and 1 at most: what was learned makes an upper estimate lower, and never higher. */
  factor(model: PassedSample["model"]): number {
    const learned = this.#learned.get(keyOf(model));
    return learned ? Math.min(1, learned.bound) : 1;
  }

  learn({ model, passed, billed }: PassedSample): void {
    if (passed < leastTokens || billed <= 0) return;
    const key = keyOf(model);
    let learned = this.#learned.get(key);
    if (!learned) {
      if (this.#learned.size >= maxKeys) this.#learned.clear();
      this.#learned.set(key, (learned = new Lately()));
    }
    learned.add(billed / passed);
  }
}

export interface PassedSample {
  readonly model: { readonly provider: string; readonly model: string };
  /** What the bytes of the stream were taken for, in tokens. */
  readonly passed: number;
  /** Output tokens that the provider reported in the end. */
  readonly billed: number;
}

/** Made-up model names cannot fill the memory. */
const maxKeys = 10_000;

function keyOf({ provider, model }: PassedSample["model"]): string {
  return `${provider}\n${model}`;
}
