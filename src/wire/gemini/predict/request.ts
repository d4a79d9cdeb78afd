/** Reads a request to make images (`predict`) or videos (`predictLongRunning`). */

import { checkedModelName } from "../../../domain/input/model-name.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { bodyScanner, type ScannedBody } from "../../body/scan.ts";
import { isKnownSize, requestedSeconds, videoUnit } from "../../unit/video.ts";
import type { Endpoint, EndpointUnit, ReadRequest, RequestedUnit } from "../../wire.ts";
import { referenceKeys, storedUse } from "../stored.ts";

export interface PredictEndpoint extends Endpoint {
  readonly unit: EndpointUnit;
}

const scan = bodyScanner({ nested: ["parameters"], keys: referenceKeys });

/** @throws PurserError `invalid_request` for a number or a length that is not understood. */
export function readPredictRequest(endpoint: PredictEndpoint, bytes: Uint8Array): ReadRequest {
  const body = scan(bytes);
  const isVideo = endpoint.unit === "video";
  return {
    facts: {
      model: checkedModelName(endpoint.model),
      stream: false,
      textBytes: body.textBytes,
      addedTokens: 0,
      media: { images: 0, audios: 0, files: 0 },
      storedContext: false,
      maxOutputTokens: 0,
      choices: 1,
      leastOutputTokens: 1,
      // Neither endpoint has a parameter to limit output.
      uncuttable: true,
      hiddenOutput: false,
      cacheWrite: "none",
      serviceTier: "standard",
      serverToolCalls: 0,
      usageAsked: false,
      unit: isVideo ? videosOf(body) : imagesOf(body),
    },
    // A video is a job, whose name is in the answer.
    stored: { ...storedUse(body), makes: isVideo },
    edit: () => bytes,
  };
}

/**
 * Four images by default, at 1K (`numberOfImages` and `imageSize` of
 * https://ai.google.dev/gemini-api/docs/imagen, read 2026-11; `sampleCount` and `sampleImageSize` in
 * the body, as `@google/genai` 3.1 sends them).
 */
function imagesOf(body: ScannedBody): RequestedUnit {
  const size = given(["sampleImageSize", "imageSize"], (path) => body.string(path));
  const count = (requestedCount(body) ?? usualImages) * instancesIn(body);
  return {
    ...imageUnit(size.length > 1 ? undefined : (size[0] ?? "1K"), count),
    isExact: false,
    output: null,
  };
}

const usualImages = 4;
const images = openMeter("images");

/** `images` prices 1K only, if larger images have other prices; else the dearest variant applies. */
function imageUnit(size: string | undefined, count: number): BilledUnit {
  const known = /^[124]k$/i.exec(size ?? "")?.[0].toLowerCase();
  const own = known === undefined ? [] : [openMeter(`images_${known}`)];
  return { meters: known === "1k" ? [...own, images] : own, family: images, count };
}

/**
 * One video of 8 seconds at 720p by default (https://ai.google.dev/gemini-api/docs/video; the number
 * as in VideoGenerationModelParams of Vertex AI; both read 2026-11). Prices of videos without sound
 * are not listed: they are charged as with sound, which is never too low.
 */
function videosOf(body: ScannedBody): RequestedUnit {
  const sizes = given(["resolution"], (path) => body.string(path));
  const size = sizes[0] ?? "720p";
  const lengths = given(["durationSeconds"], (path) => requestedSeconds(body.json(path), path));
  const videos = (requestedCount(body) ?? 1) * instancesIn(body);
  const seconds = Math.max(...(lengths.length > 0 ? lengths : [usualSeconds])) * videos;
  return { ...videoUnit({ size, seconds }), isExact: isKnownSize(size), output: null };
}

/** Also the longest. */
const usualSeconds = 8;

const countNames = ["sampleCount", "numberOfImages", "numberOfVideos"];
const countBounds = { min: 1, max: 1024 };

/** The largest of the numbers in the request, by whatever name; undefined if there is none. */
function requestedCount(body: ScannedBody): number | undefined {
  const counts = given(countNames, (path) => body.integer(path, countBounds));
  return counts.length > 0 ? Math.max(...counts) : undefined;
}

/** The parameters that are present, in either spelling. */
function given<Value>(
  names: readonly string[],
  read: (path: string) => Value | undefined,
): readonly Value[] {
  return names
    .flatMap((name) => [name, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])
    .filter((name, index, all) => all.indexOf(name) === index)
    .map((name) => read(`parameters.${name}`))
    .filter((value) => value !== undefined);
}

/** Each instance is a prompt of its own. */
function instancesIn(body: ScannedBody): number {
  return Math.max(1, body.members("instances") ?? 1);
}
