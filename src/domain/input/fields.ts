/** Reads JSON-shaped input field by field. Each error names the field and a remedy. */

import { PurserError } from "../error.ts";
import { suggest } from "./nearest.ts";
import { shorten } from "./shorten.ts";

/** The fields of one object of the input. Null counts as absent. */
export interface Fields {
  /** The prefix of field names in errors: `budgets[2].`, or empty. */
  readonly prefix: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/**
 * @returns An `invalid_request` error for a field.
 * @param problem Follows the name: `is not a number`.
 */
export function invalid(field: string, problem: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${problem}`, { field, remedy });
}

/** The problem of an unknown field. */
export const unknownField = "is not a known field";

/**
 * Opens an object.
 *
 * @throws PurserError `invalid_request` if it is not an object, or has an unknown field.
 */
export function openFields(
  input: unknown,
  options: {
    readonly prefix: string;
    readonly known: readonly string[];
    /** Names that are not similar but common elsewhere, with the known ones. */
    readonly meant?: ReadonlyMap<string, string>;
  },
): Fields {
  const { prefix, known, meant } = options;
  if (!isObject(input)) {
    throw invalid(
      prefix.replace(/\.$/, "") || "body",
      `must be an object, not ${show(input)}`,
      `Give an object with the fields ${known.join(", ")}.`,
    );
  }
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(input)) {
    if (!known.includes(name)) {
      const other = known.find((one) => one === meant?.get(name));
      const remedy = other === undefined ? suggest(name, known) : `Did you mean ${other}?`;
      throw invalid(prefix + shorten(name, 60), unknownField, remedy);
    }
    if (value !== null && value !== undefined) values.set(name, value);
  }
  return { prefix, values };
}

/** Whether the input is a JSON object: not null, not a list. */
export function isObject(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** The name in use of a field with two names; using both is an error. */
export function eitherName(fields: Fields, names: readonly [string, string]): string {
  const [name, other] = names;
  if (!fields.values.has(other)) return name;
  if (fields.values.has(name))
    throw invalid(fields.prefix + other, `is another name of ${name}`, `Give only ${name}.`);
  return other;
}

export function optionalText(fields: Fields, name: string, remedy: string): string | undefined {
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "")
    throw invalid(fields.prefix + name, `must be text, not ${show(value)}`, remedy);
  return value;
}

export function requiredText(fields: Fields, name: string, remedy: string): string {
  const value = optionalText(fields, name, remedy);
  if (value === undefined) throw invalid(fields.prefix + name, "is missing", remedy);
  return value;
}

/** Reads one word of a closed list. */
export function optionalWord<W extends string>(
  fields: Fields,
  name: string,
  words: readonly W[],
): W | undefined {
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  const [only = "", ...others] = words;
  if (others.length === 0)
    throw invalid(fields.prefix + name, `must be ${only}, not ${show(value)}`, `Write ${only}.`);
  const near =
    typeof value === "string" ? suggest(value, words) : `Use one of: ${words.join(", ")}.`;
  throw invalid(
    fields.prefix + name,
    `is ${show(value)}, which is not one of ${words.join(", ")}`,
    near,
  );
}

/** Reads a whole number within bounds, both included. */
export function optionalWhole(
  fields: Fields,
  name: string,
  bounds: { readonly least: number; readonly most: number },
): number | undefined {
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  const { least, most } = bounds;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  throw invalid(
    fields.prefix + name,
    `is ${show(value)}`,
    `Give a whole number from ${least} to ${most}.`,
  );
}

export function optionalFlag(fields: Fields, name: string): boolean | undefined {
  const value = fields.values.get(name);
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(fields.prefix + name, `is ${show(value)}`, "Give true or false.");
}

export function optionalList(
  fields: Fields,
  name: string,
  remedy: string,
): readonly unknown[] | undefined {
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value))
    throw invalid(fields.prefix + name, `must be a list, not ${show(value)}`, remedy);
  return value;
}

/** Reads a list of texts, in order and without repeats. */
export function optionalTexts(
  fields: Fields,
  name: string,
  remedy: string,
): readonly string[] | undefined {
  const list = optionalList(fields, name, remedy);
  const texts = list?.map((value, index) => {
    if (typeof value === "string" && value !== "") return value;
    throw invalid(`${fields.prefix}${name}[${index}]`, `must be text, not ${show(value)}`, remedy);
  });
  return texts && [...new Set(texts)];
}

/** Formats a value for a message: short, and on one line. */
export function show(value: unknown): string {
  if (typeof value === "string") return shorten(JSON.stringify(value), 60);
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return shorten(String(value), 60);
  return value === null
    ? "null"
    : `an ${typeof value === "object" ? "object" : "unsupported value"}`;
}
