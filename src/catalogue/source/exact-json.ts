/** JSON whose numbers stay the text that was written, so that prices are read exactly. */

import { PurserError } from "../../domain/error.ts";

/** A number is its text, such as `1.25e-06`; a string is itself. */
export type ExactJson =
  | string
  | boolean
  | null
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson };

export type ExactObject = Readonly<Record<string, ExactJson>>;

/** @throws PurserError `invalid_request` if the text is not JSON. */
export function parseExact(text: string): ExactJson {
  return parse(text, keepNumberText);
}

/** Keeps names and containers; numbers are not exact. Throws like {@link parseExact}. */
export function parseShape(text: string): ExactJson {
  return parse(text);
}

function parse(text: string, reviver?: typeof keepNumberText): ExactJson {
  if (text.trim() === "")
    throw new PurserError("invalid_request", "the price list is empty", {
      remedy: "Give a file as its publisher has it.",
    });
  try {
    return JSON.parse(text, reviver) as ExactJson;
  } catch (error) {
    throw new PurserError("invalid_request", "the price list is not valid JSON", {
      remedy: "Give a file as its publisher has it: JSON, not compressed, not cut off.",
      cause: error,
    });
  }
}

export function isObject(value: ExactJson | undefined): value is ExactObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: ExactJson | undefined): readonly ExactJson[] {
  return Array.isArray(value) ? (value as readonly ExactJson[]) : [];
}

export function textOf(value: ExactJson | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** @returns Undefined for anything but a positive whole number. */
export function countOf(value: ExactJson | undefined): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** How to find a value, as in JavaScript: `providers[0].models[3]`, `["gpt-4o"]`. */
export function pathOf(...steps: readonly (string | number)[]): string {
  return steps
    .map((step) =>
      typeof step === "string" && /^[A-Za-z_]\w*$/.test(step)
        ? `.${step}`
        : `[${JSON.stringify(step)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/**
 * Not in the compiler's library yet: the third argument has the text of a number. Names that every
 * object has, such as `constructor`, are left out: no list needs one, and each would be found in
 * any table.
 */
function keepNumberText(key: string, value: unknown, ...more: readonly unknown[]): unknown {
  if (key in {}) return undefined;
  const [context] = more as readonly [{ readonly source?: string }?];
  return typeof value === "number" ? (context?.source ?? String(value)) : value;
}
