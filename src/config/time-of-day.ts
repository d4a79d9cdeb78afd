/** Reads times of day and time zones. */

import { canonicalZone } from "../domain/budget/define.ts";
import { type Fields, invalid, optionalText, requiredText, show } from "../domain/input/fields.ts";

/** @returns Minutes after midnight. */
export function readTime(fields: Fields, name: string): number {
  const remedy = 'Give a time of day in quotes, such as "22:00".';
  const text = requiredText(fields, name, remedy);
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours !== undefined) return Number(hours) * 60 + Number(minutes);
  throw invalid(fields.prefix + name, `is ${show(text)}, which is not a time of day`, remedy);
}

/** @returns UTC if there is none. */
export function readTimeZone(fields: Fields, name: string): string {
  const remedy = "Give an IANA name, such as Europe/Berlin or UTC.";
  const zone = optionalText(fields, name, remedy) ?? "UTC";
  const timeZone = canonicalZone(zone);
  if (timeZone !== undefined) return timeZone;
  throw invalid(`${fields.prefix}${name}`, `is ${show(zone)}, which is not a time zone`, remedy);
}
