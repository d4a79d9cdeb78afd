/** Images that a request gives besides a text: some models charge for each. */

import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";

import type { Fields } from "./fields.ts";

const family = openMeter("input_images");

/** @returns What is billed in addition, if the model has a price for it. */
export function withInputImages(count: number): Pick<BilledUnit, "also"> {
  return count > 0 ? { also: [{ meters: [family], family, count, mayBeFree: true }] } : {};
}

/**
 * By which OpenAI, xAI and Together take images to edit or to begin with (API references, read
 * 2026-11), and the plurals of these names.
 */
const names = [
  "image",
  "images",
  "image_url",
  "image_urls",
  "input_image",
  "input_images",
  "input_reference",
  "reference_image",
  "reference_images",
  "reference_image_urls",
];

/** Images inline or by reference, by whatever names, and the files of a form. */
export function imagesIn(fields: Fields): number {
  return names.reduce((sum, name) => sum + fields.count(name), fields.files.length);
}
