/** Reads times of day. */

import { type Fields, invalid, requiredText, show } from "../domain/input/fields.ts";

/** @returns Minutes after midnight. */
export function readTime(fields: Fields, name: string): number {
  const remedy = 'Give a time of day in quotes, such as "22:00".';
  const text = requiredText(fields, name, remedy);
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours !== undefined) return Number(hours) * 60 + Number(minutes);
  throw invalid(fields.prefix + name, `is ${show(text)}, which is not a time of day`, remedy);
}
