/** Reads untrusted parsed JSON safely. */

import { PurserError } from "../../domain/error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as a list; empty if it is not one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * @throws PurserError `invalid_request` if the field is present and not a whole number of at least
 *   `least`.
 */
export function wholeField(body: JsonObject, field: string, least: number): number | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw new PurserError("invalid_request", `${field} must be a whole number of at least ${least}`, {
    field,
    remedy: `Send ${field} as a whole number of at least ${least}, or leave it out.`,
  });
}

/** @throws PurserError `invalid_request` if the field is missing or not a string. */
export function textField(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value === "string" && value !== "") return value;
  throw new PurserError("invalid_request", `${field} is missing or not a string`, {
    field,
    remedy: `Send ${field} as a string.`,
  });
}

/** @throws PurserError `invalid_request` if the field is missing or not a list. */
export function listField(body: JsonObject, field: string): readonly unknown[] {
  const value = body[field];
  if (Array.isArray(value)) return value;
  throw new PurserError("invalid_request", `${field} is missing or not a list`, {
    field,
    remedy: `Send ${field} as a list.`,
  });
}

/** The schema of JSON mode when the request has none: a non-empty object. */
export const anyObject: JsonObject = { type: "object", properties: { answer: { type: "string" } } };
