/** Durations as text: a number of minutes, hours or days, such as `10m`, `24h` or `7d`. */

import { type Fields, invalid, requiredText, show } from "./fields.ts";

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const dayMs: number = units.d;

/** @throws PurserError `invalid_request` if it is missing, zero or longer than `most` milliseconds. */
export function readDuration(
  fields: Fields,
  name: string,
  { example, most }: { readonly example: string; readonly most: number },
): number {
  const remedy = `Give minutes, hours or days, up to ${longest(most)}, such as ${example}.`;
  const text = requiredText(fields, name, remedy);
  const [, count = "0", unit = "m"] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * units[unit as keyof typeof units];
  if (ms > 0 && ms <= most) return ms;
  throw invalid(
    fields.prefix + name,
    `is ${show(text)}, which is not a valid duration here`,
    remedy,
  );
}

export function formatDuration(ms: number): string {
  if (ms % units.d === 0) return `${ms / units.d}d`;
  return ms % units.h === 0 ? `${ms / units.h}h` : `${ms / units.m}m`;
}

function longest(ms: number): string {
  return ms > units.d ? `${ms / units.d} days` : `${ms / units.h} hours`;
}
