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
 * `video_seconds_RESOLUTION`, then `video_seconds`, which prices the usual resolutions that have no
 * price of their own, unless a smaller one costs more. Of any other, the dearest variant applies.
 */
export function videoUnit({ size, seconds }: VideosMade): BilledUnit {
  const resolution = resolutionOf(size);
  const own = resolution === undefined ? [] : [openMeter(`video_seconds_${resolution}`)];
  const isUsual = resolution !== undefined && usual.has(resolution);
  return { meters: isUsual ? [...own, family] : own, family, count: seconds };
}

const usual: ReadonlySet<string> = new Set([
  "360p",
  "480p",
  "540p",
  "576p",
  "720p",
  "768p",
  "1024p",
  "1080p",
]);

/** Whether the resolution of a size is known. */
export function isKnownSize(size: string | undefined): boolean {
  return resolutionOf(size) !== undefined;
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
