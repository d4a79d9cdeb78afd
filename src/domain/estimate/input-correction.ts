/** Input tokens expected of a body, from its bytes: a stated prior that learns from what providers bill. */

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

/** How many calls a learned ratio is remembered for: one full generation, and the one before it. */
const generation = 256;

interface Learned {
  current: number;
  previous: number;
  count: number;
}

/**
 * Learns the highest ratio of billed tokens to bytes that was seen lately, per provider, model and size of the body.
 *
 * The highest and not the mean, since a hold that is too small overruns a budget while one that is too large is given back.
 * By size (powers of two), since a fixed overhead weighs differently on small bodies.
 */
export class InputCorrection {
  readonly #learned = new Map<string, Learned>();

  /** @returns Whole tokens, rounded up. */
  estimate(sample: InputSample): number {
    const learned = this.#learned.get(keyOf(sample));
    if (learned) return Math.ceil(Math.max(learned.current, learned.previous) * sample.textBytes - rounding);
    return Math.ceil(sample.textBytes * priorTokensPerByte * (priorFactor[sample.provider] ?? 1)) + priorOverhead;
  }

  /** @param billedTokens Input tokens of the text, cached ones included, as the provider counted them. */
  learn(sample: InputSample, billedTokens: number): void {
    if (sample.textBytes === 0 || billedTokens === 0) return;
    const ratio = billedTokens / sample.textBytes;
    const key = keyOf(sample);
    const learned = this.#learned.get(key);
    if (!learned) {
      if (this.#learned.size >= maxKeys) this.#learned.clear();
      this.#learned.set(key, { current: ratio, previous: 0, count: 1 });
      return;
    }
    learned.current = Math.max(learned.current, ratio);
    learned.count += 1;
    if (learned.count < generation) return;
    learned.previous = learned.current;
    learned.current = 0;
    learned.count = 0;
  }
}

/** Keeps the product of a ratio and its own bytes from being rounded up to one token too many. */
const rounding = 1e-6;

/** Made-up model names cannot fill the memory. */
const maxKeys = 10_000;

function keyOf({ provider, model, textBytes }: InputSample): string {
  return `${provider}\n${model}\n${32 - Math.clz32(textBytes)}`;
}
