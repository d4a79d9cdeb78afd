/** Names the meters of generated images by their quality and size. */

import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";

const family = openMeter("images");

export interface ImagesMade {
  readonly quality: string | undefined;
  readonly size: string | undefined;
  /** As xAI names it: `1k`, `2k`. */
  readonly resolution?: string | undefined;
  readonly count: number;
}

/**
 * `images_QUALITY_SIZE`, `images_SIZE`, `images_QUALITY` and `images`, in that order, or
 * `images_RESOLUTION` and `images`. The last one does not price large resolutions. If there is none,
 * or quality or size is left to the model, the dearest variant of the family applies.
 */
export function imageUnit(made: ImagesMade): BilledUnit {
  const names = namesOf(made);
  const meters = names.map((name) => openMeter(`images_${name}`));
  const isUsual = names.length > 0 && !names.some((name) => large.has(name));
  return { meters: isUsual ? [...meters, family] : meters, family, count: made.count };
}

function namesOf({ quality, size, resolution }: ImagesMade): readonly string[] {
  const hasResolution = named(resolution, resolutionPattern);
  const hasSize = named(quality, qualityPattern) && named(size, sizePattern);
  // Which of the two a provider bills is unknown.
  if (hasSize && hasResolution) return [];
  if (hasSize) return [`${quality}_${size}`, size, quality];
  return hasResolution ? [resolution] : [];
}

/** Sizes and qualities that DALL·E makes if none is requested (API reference, read 2026-11). */
export function usualImage(model: string): Pick<ImagesMade, "quality" | "size"> {
  return model.startsWith("dall-e-")
    ? { quality: "standard", size: "1024x1024" }
    : { quality: undefined, size: undefined };
}

function named(value: string | undefined, pattern: RegExp): value is string {
  return value !== undefined && value !== "auto" && pattern.test(value);
}

const qualityPattern = /^[a-z]{1,16}$/;
const resolutionPattern = /^[1248]k$/;
/** They cost more where images have several prices. */
const large: ReadonlySet<string> = new Set(["2k", "4k", "8k"]);
const sizePattern = /^\d{1,5}x\d{1,5}$/;
