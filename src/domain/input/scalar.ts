/** Reads numbers, times and ids in JSON exactly, or refuses them. */

import { invalid, show } from "./fields.ts";

/**
 * The plain decimal text of a JSON value. The shortest decimal form of a number equals its source
 * text if it has at most 15 digits.
 *
 * @throws PurserError `invalid_request` for a value that is neither a decimal string nor an exact
 *   decimal number.
 */
export function decimalText(value: unknown, field: string): string {
  if (typeof value === "number") {
    const text = String(value);
    if (isDecimal(text) && text.replace(/[-.]/g, "").replace(/^0+/, "").length <= 15) return text;
    throw invalid(field, `is ${text}, which is not an exact decimal number`, decimalRemedy);
  }
  if (typeof value === "string" && isDecimal(value)) return value;
  throw invalid(field, `is ${show(value)}, which is not a decimal number`, decimalRemedy);
}

/**
 * Milliseconds since the epoch of an RFC 3339 time with an offset, or of a date, which means
 * midnight in UTC. Seconds are optional; fractions below a millisecond are dropped. A local time is
 * refused, because its meaning would depend on the machine.
 *
 * @throws PurserError `invalid_request` for any other text, or a date that does not exist.
 */
export function parseInstant(value: unknown, field: string): number {
  if (typeof value === "string" && datePattern.test(value)) {
    try {
      return Temporal.Instant.from(value.length === dateLength ? `${value}T00:00:00Z` : value)
        .epochMilliseconds;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
    }
  }
  throw invalid(
    field,
    `is ${show(value)}, which is not a valid date or time`,
    "Give a date such as 2026-01-31, or a time with its offset such as 2026-01-31T12:00:00Z (RFC 3339).",
  );
}

/** `2026-01-31T12:00:00Z`, with as many digits of a second as it needs. */
export function formatInstant(atMs: number): string {
  // Ten times as fast as Temporal, for nearly all times that long answers are full of.
  const isUsual = Number.isInteger(atMs) && atMs >= 0 && atMs < firstMsOfFiveDigits;
  if (isUsual) return shortened(new Date(atMs).toISOString());
  return Temporal.Instant.fromEpochMilliseconds(atMs).toString();
}

/** Without the zeros at the end of a fraction of seconds. */
function shortened(iso: string): string {
  let end = iso.length - 1;
  while (iso[end - 1] === "0" && end > secondsEnd) end--;
  return `${iso.slice(0, end === secondsEnd + 1 ? secondsEnd : end)}Z`;
}

const secondsEnd = "2026-01-01T00:00:00".length;

/** @throws PurserError `invalid_request` if the text is not a valid id of a budget or key. */
export function checkId(id: string, field: string): string {
  if (/^[A-Za-z0-9._:/@-]{1,128}$/.test(id)) return id;
  throw invalid(
    field,
    `is ${show(id)}, which is not a valid id`,
    "Use 1 to 128 of the characters A-Z a-z 0-9 . _ : / @ -",
  );
}

/** The year 10000, which is written with a sign. */
const firstMsOfFiveDigits = 253_402_300_800_000;

const decimalRemedy = 'Write a plain decimal as a string, such as "1.50".';
const datePattern =
  /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?$/;
const dateLength = "2026-01-31".length;

function isDecimal(text: string): boolean {
  return /^-?\d{1,30}(\.\d{1,30})?$/.test(text);
}
