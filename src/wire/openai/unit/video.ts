/** Bounds and reads the seconds of a video that is made by a job, in the forms of OpenAI and xAI. */

import { PurserError } from "../../../domain/error.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { toText, type JsonObject } from "../../count/count.ts";
import { isKnownSize, reportedSeconds, requestedSeconds, videoUnit } from "../../unit/video.ts";
import type { EndpointUnit, RequestFacts } from "../../wire.ts";
import type { Bounds } from "./bounds.ts";
import type { Fields } from "./fields.ts";
import { imagesIn, withInputImages } from "./input-images.ts";

/** A job that was only begun has used nothing yet, whatever its answer reports. */
export const makesJob: ReadonlySet<EndpointUnit> = new Set(["video", "deferred_video"]);

/**
 * `seconds` is 4 and `size` 720x1280 by default (API reference of `POST /videos` in the `openai`
 * package 7.57, read 2026-11). What other models make by default is not known.
 */
export function videoBounds(fields: Fields, model: string): Bounds {
  const isSora = /(?:^|\/)sora-2(?:-|$)/.test(model);
  const asked = secondsIn(fields, "seconds");
  const size = fields.string("size") ?? (isSora ? "720x1280" : undefined);
  const seconds = asked ?? (isSora ? 4 : longestVideo);
  const videos = videosIn(fields);
  const images = imagesIn(fields);
  const isExact = isKnownSize(size) && (asked !== undefined || isSora);
  const toHoldLess =
    asked === undefined && !isSora
      ? `Send \`seconds\`: without it, a video of ${longestVideo} seconds is held.`
      : undefined;
  return {
    unit: {
      ...videoUnit({ size, seconds: seconds * videos }),
      ...withInputImages(images),
      isExact,
      output: null,
      ...(toHoldLess !== undefined && { toHoldLess }),
    },
    images,
    choices: videos,
    maxOutputTokens: 0,
  };
}

/** Seconds: the longest segment in the same API reference. */
const longestVideo = 20;

/**
 * xAI's `duration` and `resolution` (https://docs.x.ai/developers/model-capabilities/video/generation,
 * read 2026-11): 1 to 15 seconds. Sources differ in the defaults, and in whether an image decides the
 * resolution, so that only a request that states both, without an image, is exact. The resolution's
 * own price applies, else the dearest: the price without a resolution is that of the smallest.
 *
 * @throws PurserError `unmetered` for a request with a video, whose seconds are billed too.
 */
export function deferredVideoBounds(fields: Fields, model: string): Bounds {
  refuseVideo(fields);
  const longest = /(?:^|\/)grok-imagine-video/.test(model) ? longestOfXai : longestVideo;
  const lengths = ["duration", "seconds"].map((name) => secondsIn(fields, name) ?? 0);
  const asked = Math.max(...lengths);
  const size = fields.string("size") === undefined ? fields.string("resolution") : undefined;
  const { meters, family } = videoUnit({ size, seconds: 0 });
  const images = imagesIn(fields);
  const videos = videosIn(fields);
  return {
    unit: {
      meters: meters.slice(0, 1),
      family,
      count: (asked || longest) * videos,
      ...withInputImages(images),
      isExact: asked > 0 && isKnownSize(size) && images === 0,
      output: null,
      ...(asked === 0 && {
        toHoldLess: `Send \`duration\`: without it, a video of ${longest} seconds is held.`,
      }),
    },
    images,
    choices: videos,
    maxOutputTokens: 0,
  };
}

/** The same page: "Maximum duration: 15 seconds". */
const longestOfXai = 15;

function secondsIn(fields: Fields, name: string): number | undefined {
  return requestedSeconds(fields.json(name) ?? fields.string(name), name);
}

/** OpenAI and xAI make one; servers with more in this format name the number as for images. */
function videosIn(fields: Fields): number {
  const counts = ["n", "n_variants"].map((name) => fields.integer(name, countBounds) ?? 1);
  return Math.max(...counts);
}

const countBounds = { min: 1, max: 1024 };

function refuseVideo(fields: Fields): void {
  for (const field of ["video", "video_url"]) {
    if (!fields.has(field)) continue;
    throw new PurserError("unmetered", `${field}: the length of a given video is not known`, {
      field,
      remedy: "Generate the video from a text or from images.",
    });
  }
}

/** The `seconds` and `size` of each video of the job that was created. A job that failed at once is not billed. */
export function videoMade(
  answer: JsonObject | undefined,
  { unit, choices }: RequestFacts,
): BilledUnit | undefined {
  if (!answer || !unit) return undefined;
  const { meters, family } = unit;
  const each = answer["status"] === "failed" ? 0 : reportedSeconds(answer["seconds"]);
  if (each === undefined) return undefined;
  const seconds = each * choices;
  const size = toText(answer["size"]);
  return size === undefined ? { meters, family, count: seconds } : videoUnit({ size, seconds });
}
