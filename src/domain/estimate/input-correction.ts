/** Input tokens expected of a body, from its bytes: a stated prior that learns from what providers bill. */

import { Lately } from "./lately.ts";

/**
 * Tokens per byte before anything is learned. One token for three bytes holds for prose and code in all tokenizers in use,
 * with Claude's counting about a quarter more; small bodies carry a fixed overhead of roles and delimiters.
 */
const priorTokensPerByte = 1 / 3;
const priorFactor: Readonly<Record<string, number>> = { anthropic: 1.25, gemini: 1.1, google: 1.1 };
const priorOverhead = 16;

/** What was billed for bodies of about one size. */
interface Learned {
  /** Billed tokens less those that the prior gives for the bytes alone: a larger body has as many more as its further bytes may be. */
  readonly offsets: Lately;
  readonly tokens: Lately;
}

/**
 * Learns the most tokens of one model that were billed lately, by size of the body.
 *
 * The most and not the mean, since a hold that is too small overruns a budget while one that is too large is given back.
 * By size (eight steps to a doubling), since a fixed overhead weighs differently on small bodies.
 */
export class InputCorrection {
  readonly #tokensPerByte: number;
  readonly #bySize = new Map<number, Learned>();

  /** @param provider Whose tokenizer it is, as the price book calls it. */
  constructor(provider: string) {
    this.#tokensPerByte = priorTokensPerByte * (priorFactor[provider] ?? 1);
  }

  /** Whether any call of the model has been billed, so that its estimates rest on more than the prior. */
  get isKnown(): boolean {
    return this.#bySize.size > 0;
  }

  /**
   * @param textBytes Bytes that the model reads as text.
   * @returns Whole tokens, rounded up.
   */
  estimate(textBytes: number): number {
    const prior = textBytes * this.#tokensPerByte;
    const learned = this.#bySize.get(sizeStep(textBytes));
    if (learned) return Math.ceil(Math.max(learned.offsets.bound + prior, learned.tokens.most) - rounding);
    const below = nearestBelow(this.#bySize, sizeStep(textBytes));
    return Math.ceil(Math.max(prior + priorOverhead, below ? below.tokens + (textBytes - below.bytes) * this.#tokensPerByte : 0));
  }

  /** @param billedTokens Input tokens of the text, cached ones included, as the provider counted them. */
  learn(textBytes: number, billedTokens: number): void {
    if (textBytes === 0 || billedTokens === 0) return;
    const learned = this.#at(sizeStep(textBytes));
    learned.offsets.add(billedTokens - textBytes * this.#tokensPerByte);
    learned.tokens.add(billedTokens);
  }

  #at(step: number): Learned {
    const known = this.#bySize.get(step);
    if (known) return known;
    const learned = { offsets: new Lately(), tokens: new Lately() };
    this.#bySize.set(step, learned);
    return learned;
  }
}

/** Keeps what was learned of the very same bytes from being rounded up to one token too many. */
const rounding = 1e-6;

const stepBits = 3;

/** Sizes of one step differ by an eighth at most; below sixteen bytes each is a step of its own. */
function sizeStep(bytes: number): number {
  const shift = Math.max(0, 32 - Math.clz32(bytes) - stepBits - 1);
  return shift * 2 ** (stepBits + 1) + (bytes >>> shift);
}

/** The least bytes that fall in a step. */
function leastBytes(step: number): number {
  const shift = Math.floor(step / 2 ** (stepBits + 1));
  return (step % 2 ** (stepBits + 1)) * 2 ** shift;
}

/** Overheads of providers show in what smaller bodies were billed: what is larger costs that, and its further bytes. */
function nearestBelow(bySize: ReadonlyMap<number, Learned>, step: number): { readonly bytes: number; readonly tokens: number } | null {
  let nearest = -1;
  for (const known of bySize.keys()) if (known < step && known > nearest) nearest = known;
  const learned = bySize.get(nearest);
  return learned ? { bytes: leastBytes(nearest), tokens: learned.tokens.most } : null;
}
