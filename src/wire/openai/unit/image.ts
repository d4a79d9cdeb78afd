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
 * `images_QUALITY_RESOLUTION`, `images_RESOLUTION` and `images`. The last one does not price large
 * images, whose sizes are resolutions too. If there is none, or quality or size is left to the model,
 * the dearest variant of the family applies.
 */
export function imageUnit({ quality, size, resolution, count }: ImagesMade): BilledUnit {
  const made = {
    quality: named(quality, qualityPattern),
    size: named(size, sizePattern),
    resolution: named(resolution?.replace(".", "_"), resolutionPattern),
  };
  const meters = namesOf(made).map((name) => openMeter(`images_${name}`));
  const isUsual = meters.length > 0 && !isLarge(made);
  return { meters: isUsual ? [...meters, family] : meters, family, count };
}

type Named = Readonly<Record<"quality" | "size" | "resolution", string | undefined>>;

function namesOf({ quality, size, resolution }: Named): readonly string[] {
  const hasSize = quality !== undefined && size !== undefined;
  // Which of the two a provider bills is unknown.
  if (hasSize && resolution !== undefined) return [];
  if (!hasSize) return resolution === undefined ? [] : resolutionNames(quality, resolution);
  const large = resolutionOf.get(longerSide(size));
  const inLarge = large === undefined ? [] : resolutionNames(quality, large);
  return [`${quality}_${size}`, size, ...inLarge, quality];
}

function resolutionNames(quality: string | undefined, resolution: string): readonly string[] {
  return quality === undefined ? [resolution] : [`${quality}_${resolution}`, resolution];
}

/** Large images cost more where images have several prices. */
function isLarge({ size, resolution }: Named): boolean {
  return (
    (resolution !== undefined && largeResolutions.has(resolution)) ||
    (size !== undefined && longerSide(size) >= leastLargeSide)
  );
}

function longerSide(size: string): number {
  return Math.max(...size.split("x").map(Number));
}

/**
 * About the most tokens of an image of this quality, unknown ones included: those at 1024x1536, and as
 * many for each pixel of a larger one.
 */
export function tokensOfImage({ quality, size }: Pick<ImagesMade, "quality" | "size">): number {
  const known = named(size, sizePattern)?.split("x").map(Number) ?? [];
  const pixels = known.reduce((product, side) => product * side, 1);
  const tokens = tokensByQuality.get(named(quality, qualityPattern) ?? "") ?? highTokens;
  return Math.ceil(tokens * Math.max(1, pixels / (1024 * 1536)));
}

/** At 1024x1536 (https://platform.openai.com/docs/guides/image-generation, read 2026-11). */
const highTokens = 6240;
const tokensByQuality: ReadonlyMap<string, number> = new Map([
  ["low", 408],
  ["medium", 1584],
  ["high", highTokens],
]);

/** Sizes and qualities that DALL·E makes if none is requested (API reference, read 2026-11). */
export function usualImage(model: string): Pick<ImagesMade, "quality" | "size"> {
  return model.startsWith("dall-e-")
    ? { quality: "standard", size: "1024x1024" }
    : { quality: undefined, size: undefined };
}

function named(value: string | undefined, pattern: RegExp): string | undefined {
  const name = value?.toLowerCase();
  return name !== undefined && name !== "auto" && pattern.test(name) ? name : undefined;
}

const qualityPattern = /^[a-z]{1,16}$/;
const resolutionPattern = /^(?:0_5|[1248])k$/;
const largeResolutions: ReadonlySet<string> = new Set(["2k", "4k", "8k"]);
/** In pixels. */
const leastLargeSide = 2048;
/** The resolutions that price lists name, by the longer side. */
const resolutionOf: ReadonlyMap<number, string> = new Map([
  [2048, "2k"],
  [4096, "4k"],
  [8192, "8k"],
]);
const sizePattern = /^\d{1,5}x\d{1,5}$/;
