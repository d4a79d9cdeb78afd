/** Names the meters of generated videos by their resolution, in any format. */

import { PurserError } from "../../domain/error.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../domain/usage/billed-unit.ts";

const family = openMeter("video_seconds");

export interface VideosMade {
  /** As in a request or an answer: `720p`, `4k`, `1280x720`; undefined if it is not known. */
  readonly size: string | undefined;
  /** Of all videos. */
  readonly seconds: number;
}

/**
 * `video_seconds_RESOLUTION`, then `video_seconds`, which prices all resolutions up to 1080p that
 * have no price of their own. A larger one costs at least as much as the next that has a price. If
 * there is none, or the resolution is not known, the dearest variant applies.
 */
export function videoUnit({ size, seconds }: VideosMade): BilledUnit {
  const resolution = resolutionOf(size);
  if (resolution === undefined) return { meters: [], family, count: seconds };
  const own = openMeter(`video_seconds_${resolution}`);
  const lines = linesOf(resolution);
  const others =
    lines <= mostUsualLines
      ? [family]
      : [...large.values()]
          .filter((one) => linesOf(one) > lines)
          .map((one) => openMeter(`video_seconds_${one}`));
  return { meters: [own, ...others], family, count: seconds };
}

const mostUsualLines = 1080;

function linesOf(resolution: string): number {
  const named = [...large].find(([, name]) => name === resolution)?.[0] ?? resolution;
  return Number.parseInt(named, 10);
}

/** Whether the size has a resolution that price lists name. */
export function isKnownSize(size: string | undefined): boolean {
  const resolution = resolutionOf(size);
  if (resolution === undefined) return false;
  return linesOf(resolution) <= mostUsualLines || [...large.values()].includes(resolution);
}

/** Price lists name a resolution by the shorter side, and the two largest ones by the longer. */
function resolutionOf(size: string | undefined): string | undefined {
  const text = size?.toLowerCase() ?? "";
  if (/^(?:[1-9]\d{2,3}p|[248]k)$/.test(text)) return large.get(text) ?? text;
  const [, width, height] = /^([1-9]\d{2,3})x([1-9]\d{2,3})$/.exec(text) ?? [];
  if (width === undefined || height === undefined) return undefined;
  const shorter = `${Math.min(Number(width), Number(height))}p`;
  return large.get(shorter) ?? shorter;
}

const large: ReadonlyMap<string, string> = new Map([
  ["1440p", "2k"],
  ["2160p", "4k"],
  ["4320p", "8k"],
]);

/** No provider makes longer videos in one call. */
const mostSeconds = 3600;

/**
 * The length of one video in a request, as a number or in quotes.
 *
 * @returns undefined if there is none.
 * @throws PurserError `invalid_request` unless it is a whole number of seconds.
 */
export function requestedSeconds(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= mostSeconds) return seconds;
  throw new PurserError(
    "invalid_request",
    `${field} must be a whole number from 1 to ${mostSeconds}`,
    { field, remedy: "Send the length of the video in seconds: it is what the provider bills." },
  );
}

/** The length in an answer, in whole seconds; undefined if it is absent or impossible. */
export function reportedSeconds(value: unknown): number | undefined {
  const seconds = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof seconds === "number" && seconds > 0 && seconds <= mostSeconds
    ? Math.ceil(seconds)
    : undefined;
}
