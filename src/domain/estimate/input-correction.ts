/** Input tokens expected of a body, from its bytes: a stated prior that learns from what providers bill. */

import { Lately } from "./lately.ts";

/** What a body's tokens depend on. */
export interface InputSample {
  readonly provider: string;
  readonly model: string;
  /** Bytes that the model reads as text. */
  readonly textBytes: number;
}

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
 * Learns the most tokens that were billed lately, per provider, model and size of the body.
 *
 * The most and not the mean, since a hold that is too small overruns a budget while one that is too large is given back.
 * By size (eight steps to a doubling), since a fixed overhead weighs differently on small bodies.
 */
export class InputCorrection {
  readonly #models = new Map<string, Map<number, Learned>>();

  /** Whether any call of the model has been billed, so that its estimates rest on more than the prior. */
  isKnown({ provider, model }: Pick<InputSample, "provider" | "model">): boolean {
    return this.#models.has(`${provider}\n${model}`);
  }

  /** @returns Whole tokens, rounded up. */
  estimate(sample: InputSample): number {
    const { provider, model, textBytes } = sample;
    const bySize = this.#models.get(`${provider}\n${model}`);
    const prior = tokensPerByte(provider);
    const learned = bySize?.get(sizeStep(textBytes));
    if (learned) return Math.ceil(Math.max(learned.offsets.bound + textBytes * prior, learned.tokens.most) - rounding);
    const below = bySize ? nearestBelow(bySize, sizeStep(textBytes)) : null;
    return Math.ceil(Math.max(textBytes * prior + priorOverhead, below ? below.tokens + (textBytes - below.bytes) * prior : 0));
  }

  /** @param billedTokens Input tokens of the text, cached ones included, as the provider counted them. */
  learn({ provider, model, textBytes }: InputSample, billedTokens: number): void {
    if (textBytes === 0 || billedTokens === 0) return;
    const learned = this.#at(`${provider}\n${model}`, sizeStep(textBytes));
    learned.offsets.add(billedTokens - textBytes * tokensPerByte(provider));
    learned.tokens.add(billedTokens);
  }

  #at(modelKey: string, step: number): Learned {
    let bySize = this.#models.get(modelKey);
    if (!bySize) {
      if (this.#models.size >= maxModels) this.#models.clear();
      this.#models.set(modelKey, (bySize = new Map()));
    }
    const known = bySize.get(step);
    if (known) return known;
    const learned = { offsets: new Lately(), tokens: new Lately() };
    bySize.set(step, learned);
    return learned;
  }
}

function tokensPerByte(provider: string): number {
  return priorTokensPerByte * (priorFactor[provider] ?? 1);
}

/** Keeps what was learned of the very same bytes from being rounded up to one token too many. */
const rounding = 1e-6;

/** Made-up model names cannot fill the memory. */
const maxModels = 10_000;

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
