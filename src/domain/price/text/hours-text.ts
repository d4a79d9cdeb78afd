/**
 * Rates by the hour as text: `{days: ["mon", "tue"], from: "01:00", to: "04:00", input: "0.30"}`.
 */

import {
  type Fields,
  invalid,
  openFields,
  optionalList,
  optionalTexts,
  show,
} from "../../input/fields.ts";
import { suggest } from "../../input/nearest.ts";
import {
  formatRates,
  namesElsewhere,
  rateFields,
  readRates,
  type RatesText,
} from "./rates-text.ts";
import type { Schedule } from "../row/row.ts";

/** Hours in UTC, and the rates that differ. The first that matches wins, even without a rate. */
export interface HoursText extends RatesText {
  /** `mon` to `sun`; absent: every day. */
  readonly days?: readonly string[];
  /** Included: `01:00`. */
  readonly from: string;
  /** Excluded: `04:00`. Not later than `from`: on the next day. */
  readonly to: string;
}

/** Hours that cross midnight become two schedules. */
export function readHours(fields: Fields): readonly Schedule[] {
  const list = optionalList(fields, "hours", example) ?? [];
  return list.flatMap((input, index) => readSchedule(input, `${fields.prefix}hours[${index}].`));
}

export function formatHours(schedules: readonly Schedule[]): readonly HoursText[] {
  return schedules
    .filter(({ weekdays }) => weekdays.length > 0)
    .map(({ weekdays, fromMinute, toMinute, rates }) => ({
      ...(weekdays.length < days.length && {
        days: days.filter((_, index) => weekdays.includes(index + 1)),
      }),
      from: formatMinute(fromMinute),
      to: formatMinute(toMinute),
      ...formatRates(rates),
    }));
}

function readSchedule(input: unknown, prefix: string): readonly Schedule[] {
  const fields = openFields(input, {
    prefix,
    known: ["days", "from", "to", ...rateFields],
    meant: namesElsewhere,
  });
  const weekdays = readDays(fields);
  const fromMinute = readMinute(fields, "from");
  const toMinute = readMinute(fields, "to");
  if (fromMinute === midnight)
    throw invalid(`${prefix}from`, "is the end of a day", 'Write "00:00".');
  if (fromMinute === toMinute)
    throw invalid(
      `${prefix}to`,
      "is the same time as from",
      'Write from: "00:00" and to: "24:00" for whole days.',
    );
  const rates = readRates(fields);
  if (fromMinute < toMinute) return [{ weekdays, fromMinute, toMinute, rates }];
  const evening = { weekdays, fromMinute, toMinute: midnight, rates };
  if (toMinute === 0) return [evening];
  const nextDays = weekdays.map((day) => (day % days.length) + 1).sort(byNumber);
  return [evening, { weekdays: nextDays, fromMinute: 0, toMinute, rates }];
}

function readDays(fields: Fields): readonly number[] {
  const remedy = 'Give a list of days: ["mon", "tue"]. Leave it out for every day.';
  const names = optionalTexts(fields, "days", remedy);
  if (names?.length === 0) throw invalid(`${fields.prefix}days`, "is an empty list", remedy);
  const weekdays = (names ?? days).map((name, index) => {
    const found = days.indexOf(name);
    if (found < 0)
      throw invalid(
        `${fields.prefix}days[${index}]`,
        `is ${show(name)}, which is not a day`,
        suggest(name, days),
      );
    return found + 1;
  });
  return weekdays.sort(byNumber);
}

function byNumber(left: number, right: number): number {
  return left - right;
}

function readMinute(fields: Fields, name: "from" | "to"): number {
  const value = fields.values.get(name);
  const match = typeof value === "string" ? /^([01]\d|2[0-3]):([0-5]\d)$/.exec(value) : null;
  if (match) return Number(match[1]) * 60 + Number(match[2]);
  if (value === "24:00") return midnight;
  throw invalid(
    fields.prefix + name,
    value === undefined ? "is missing" : `is ${show(value)}, which is not a time of day`,
    'Give hours and minutes in UTC, in quotes: "01:00".',
  );
}

function formatMinute(minute: number): string {
  const pad = (part: number): string => String(part).padStart(2, "0");
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
}

/** The end of a day, in minutes. */
const midnight = 1440;
/** In the order of ISO weekdays. */
const days: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const example = 'Give a list: [{ days: ["mon"], from: "01:00", to: "04:00", input: "0.30" }].';
