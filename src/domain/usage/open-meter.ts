/** The names of open meters: units that Purser does not know, such as `tool:ocr` or `pages`. */

import { assert } from "../assert.ts";
import { invalid } from "../input/fields.ts";
import { isOneLetterOff, nearest } from "../input/nearest.ts";
import {
  feeMeters,
  fixedMeters,
  type FeeMeter,
  type Meter,
  type OpenMeter,
  type Usage,
} from "./usage.ts";

/** The maximum number of open meters in one usage, and in one price. */
export const mostOpenMeters = 32;

/** `tool:NAME` counts calls of a tool; any other name counts the unit that it names. */
export const openMeterPattern = /^(?:tool:[A-Za-z0-9_.-]{1,64}|[a-z][a-z0-9_]{0,63})$/;

const fixed: ReadonlySet<string> = new Set(fixedMeters);

/** The units that the gateway counts, or that price lists have. Variants begin with one. */
const knownUnits: readonly string[] = [
  "annotated_pages",
  "audio_seconds",
  "characters",
  "images",
  "input_images",
  "input_video_seconds",
  "output_audio_seconds",
  "output_characters",
  "pages",
  "pixels",
  "search_units",
  "text_messages",
  "video_seconds",
];

/** Words of a bill that are not meters. */
const reserved: ReadonlySet<string> = new Set(["reasoning", "reported_cost", "hold", "correction"]);

export function isOpenMeter(meter: string): meter is OpenMeter {
  return !fixed.has(meter) && meter !== "reasoning";
}

/** Why a name cannot be that of an open meter. */
export interface MeterProblem {
  /** The end of a sentence that begins with the name. */
  readonly problem: string;
  readonly remedy: string;
}

/**
 * @returns Undefined if the name can be that of an open meter. A name close to that of a fixed
 *   meter is a mistake: its count would go unpriced.
 */
export function openMeterProblem(name: string): MeterProblem | undefined {
  const lower = name.toLowerCase();
  if (!openMeterPattern.test(name))
    return {
      problem: "is not a valid meter",
      remedy: openMeterPattern.test(lower)
        ? `Write it in lower case: ${lower}.`
        : "Use tool:NAME, with letters, digits and . _ - in NAME, or a lower-case name such as audio_seconds.",
    };
  if (name.startsWith("tool:")) return undefined;
  if (reserved.has(name) || name in {})
    return { problem: "is a reserved name, not a meter", remedy: "Use another name." };
  const problem = "is not a known meter";
  if (/_?tokens?$/.test(name))
    return {
      problem,
      remedy: `Count tokens as ${fixedMeters.slice(0, 5).join(", ")} or another listed meter.`,
    };
  const meant = knownUnits.includes(name) ? undefined : nearest(name, fixedMeters);
  return meant === undefined ? undefined : { problem, remedy: `Did you mean ${meant}?` };
}

/**
 * @returns Why a name that a user gives is refused: it cannot be that of an open meter, or is one
 *   letter off a known unit (`imges`, `image`, `imges_hd`) and would go unpriced.
 */
export function meterMistake(name: string): MeterProblem | undefined {
  const meant = name.startsWith("tool:") ? undefined : unitMeant(name);
  return meant === undefined
    ? openMeterProblem(name)
    : { problem: "is not a known meter", remedy: `Did you mean ${meant}?` };
}

/** `images` for `image`, `images_hd` for `imges_hd`. A singular may begin another name. */
function unitMeant(name: string): string | undefined {
  if (knownUnits.some((unit) => name === unit || name.startsWith(`${unit}_`))) return undefined;
  const whole = knownUnits.find((unit) => isOneLetterOff(name, unit));
  if (whole !== undefined) return whole;
  const words = name.split("_");
  const variants = words.slice(1).flatMap((_, index) => {
    const head = words.slice(0, index + 1).join("_");
    const unit = knownUnits.find((known) => isOneLetterOff(head, known) && known !== `${head}s`);
    return unit === undefined ? [] : [`${unit}_${words.slice(index + 1).join("_")}`];
  });
  return variants[0];
}

/**
 * Reads the name of any meter, fixed or open, as a user gives it.
 *
 * @throws PurserError `invalid_request` for a name that cannot be that of a meter, or is misspelt.
 */
export function readMeter(name: string, field: string): Meter {
  if (isOpenMeter(name)) refuseMistake(name, field);
  return readStoredMeter(name, field);
}

/** @throws PurserError `invalid_request` for a name that {@link meterMistake} refuses. */
export function refuseMistake(name: string, field: string): void {
  const mistake = meterMistake(name);
  if (mistake) throw invalid(field, mistake.problem, mistake.remedy);
}

/**
 * Reads the name of any meter, fixed or open. Prices in a ledger may have misspelt ones.
 *
 * @throws PurserError `invalid_request` for a name that cannot be that of a meter.
 */
export function readStoredMeter(name: string, field: string): Meter {
  const known = fixedMeters.find((meter) => meter === name);
  if (known !== undefined) return known;
  const invalidName = openMeterProblem(name);
  if (invalidName) throw invalid(field, invalidName.problem, invalidName.remedy);
  return openMeter(name);
}

/** @throws AssertionError for a name that is not valid: one from outside is checked before. */
export function openMeter(name: string): OpenMeter {
  assert(openMeterProblem(name) === undefined && isOpenMeter(name), `${name} is an open meter`);
  return name;
}

/** The open meters of a usage, in its order. */
export function openMetersOf(usage: Usage): readonly OpenMeter[] {
  return Object.keys(usage).filter(isOpenMeter);
}

/** The fee of the same tool: `tool:web_search` without a price of its own costs a `web_search`. */
export function sameTool(meter: OpenMeter): FeeMeter | undefined {
  return feeMeters.find((fee) => meter === `tool:${fee}`);
}
