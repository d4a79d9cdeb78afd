/** Reads the hours of LiteLLM's map at which a model costs less. */

import type { Schedule } from "../../domain/price/row/row.ts";
import { notPrice } from "./decimal.ts";
import { isObject, listOf, textOf, type ExactJson, type ExactObject } from "./exact-json.ts";
import { everyDay, minuteOf, schedulesOf, weekdaysInUtc, type Hours } from "./hours.ts";
import { readRates } from "./litellm-rates.ts";

const field = "off_peak_pricing";

/** Minutes ahead of UTC, without summer time. The map has no other zones (read 2026-11). */
const zones: Readonly<Record<string, number>> = { UTC: 0, "Asia/Shanghai": 480 };

/** Hours of certain weekdays. */
interface Window {
  readonly weekdays: readonly number[];
  readonly hours: readonly Hours[];
}

/**
 * The map has the peak price, and the rates and hours of the others: every day in `hours_utc`, and
 * in `windows` those of some weekdays.
 *
 * Rules for dates (`override_dates`: public holidays, and the weekends that are worked instead)
 * cannot be stated in a row, and are left out.
 *
 * @returns Why the entry is skipped if hours cannot be read: it would always cost the peak price.
 */
export function readOffPeak(
  value: ExactJson,
): { readonly schedules: readonly Schedule[] } | { readonly why: string } {
  if (value === null) return { schedules: [] };
  if (!isObject(value)) return { why: notPrice(field) };
  const read = readRates(value, "chat", false);
  if ("why" in read) return read;
  const { rates } = read.standard;
  const strange = Object.keys(value).find((name) => !/cost/.test(name) && !blockFields.has(name));
  if (strange !== undefined) return { why: kindOf(strange) };
  const ahead = zones[textOf(value["weekday_timezone"] ?? "UTC") ?? ""];
  if (ahead === undefined) return { why: kindOf("weekday_timezone") };
  const windows = windowsOf(value);
  if (typeof windows === "string") return { why: kindOf(windows) };
  const schedules = windows
    .flatMap(({ weekdays, hours }) =>
      hours.flatMap((span) => schedulesOf(span, { weekdays, rates })),
    )
    .flatMap((schedule) => weekdaysInUtc(schedule, ahead));
  return { schedules };
}

const blockFields: ReadonlySet<string> = new Set(["hours_utc", "windows", "weekday_timezone"]);
const windowFields: ReadonlySet<string> = new Set(["hours_utc", "weekdays"]);

function kindOf(name: string): string {
  return `has hours of another kind, ${field}.${name}`;
}

/** @returns The field that cannot be read. */
function windowsOf({
  hours_utc: daily = null,
  windows: listed = null,
}: ExactObject): readonly Window[] | string {
  if (daily === null && listed === null) return "hours_utc";
  if (listed !== null && (!Array.isArray(listed) || listed.length === 0)) return "windows";
  const everyday: readonly ExactJson[] = daily === null ? [] : [{ hours_utc: daily }];
  const windows: Window[] = [];
  for (const rule of [...everyday, ...listOf(listed ?? [])]) {
    if (!isObject(rule)) return "windows";
    if ((rule["override_dates"] ?? null) !== null) continue;
    const strange = Object.keys(rule).find((name) => !windowFields.has(name));
    const [hours, weekdays] = [hoursOf(rule), weekdaysOf(rule)];
    if (strange !== undefined || !hours || !weekdays)
      return strange ?? (hours ? "weekdays" : "hours_utc");
    windows.push({ weekdays, hours });
  }
  return windows;
}

/** `"16:30-00:30"`, or a list of such texts. */
function hoursOf({ hours_utc: stated = null }: ExactObject): readonly Hours[] | undefined {
  const texts = Array.isArray(stated) ? listOf(stated) : [stated];
  const hours = texts.map((text) => {
    const [from, to] = (textOf(text) ?? "").split("-").map(minuteOf);
    return from !== undefined && from < 1440 && to !== undefined ? { from, to } : undefined;
  });
  return hours.length > 0 && hours.every((span) => span !== undefined) ? hours : undefined;
}

const names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** ISO numbers, or names that may be shortened: `6`, `Sunday`, `mon`. Without any, every day. */
function weekdaysOf({ weekdays: stated = null }: ExactObject): readonly number[] | undefined {
  if (stated === null) return everyDay;
  const days = listOf(stated).map((day) => {
    const text = (textOf(day) ?? "").toLowerCase();
    if (/^[1-7]$/.test(text)) return Number(text);
    return text.length < 3 ? 0 : names.findIndex((name) => name.startsWith(text)) + 1;
  });
  return days.length > 0 && days.every((day) => day > 0) ? days : undefined;
}
