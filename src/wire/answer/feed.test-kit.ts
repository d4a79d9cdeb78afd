/** Test kit: feeds answers to meters in pieces. */

import type { Usage } from "../../domain/usage/usage.ts";
import { sumUsage } from "../../domain/usage/usage.ts";
import type { Cut, Reading, RequestFacts, UsageMeter } from "../wire.ts";

/** A request without special features. */
export const plainFacts: RequestFacts = {
  model: "model",
  stream: true,
  textBytes: 0,
  addedTokens: 0,
  media: { images: 0, audios: 0, files: 0 },
  storedContext: false,
  maxOutputTokens: null,
  choices: 1,
  leastOutputTokens: 1,
  uncuttable: false,
  hiddenOutput: false,
  cacheWrite: "none",
  serviceTier: "standard",
  serverToolCalls: 0,
  usageAsked: true,
};

/** A stream that is cut, with the usage charged. */
export const plainCut: Cut = {
  error: {
    status: 402,
    message: "no more",
    code: "budget_exhausted",
    param: null,
    purser: { budget_id: "b" },
  },
  usage: { input: 9, cache_read: 3, output: 7 },
};

/** The output of a meter: all bytes passed on, and the reading. */
export interface Fed {
  readonly passed: Buffer;
  readonly reading: Reading;
}

/** Feeds the bytes in pieces that end at the given positions. */
export function feed(
  meter: UsageMeter,
  answer: string | Uint8Array,
  cuts: readonly number[] = [],
): Fed {
  const bytes = Buffer.from(answer);
  const passed: Uint8Array[] = [];
  const ends = [...cuts, bytes.length];
  for (const [index, end] of ends.entries())
    passed.push(meter.push(Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end))));
  const { rest, reading } = meter.end();
  return { passed: Buffer.concat([...passed, rest]), reading };
}

/**
 * Ways to cut an answer: at every position for a small one, at some seeded ones for a large one,
 * and between all bytes.
 */
export function cutsOf(length: number, seed = 7): readonly (readonly number[])[] {
  const everywhere = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  if (length <= 4096) return [[], everywhere, ...everywhere.map((place) => [place])];
  return [
    [],
    ...Array.from({ length: 20 }, (_, round) =>
      everywhere.filter((place) => pseudoRandom(seed + round, place) < 0.01),
    ),
  ];
}

/** The sum of all parts of an answer. */
export function total(reading: Reading): Usage {
  return sumUsage(reading.parts.map((part) => part.usage));
}

/** A number from 0 to 1 that depends only on the seed and the position. */
function pseudoRandom(seed: number, place: number): number {
  const mixed = Math.imul((seed * 2654435761) ^ place, 2246822519);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}
