/** Reads `exports`: which files are made for each day, week or month, and where they go. */

import path from "node:path";
import {
  type ExportSchedule,
  type ExportTarget,
  type ScheduleFormat,
  scheduleFormats,
  schedulePeriods,
} from "../app/port/export-schedule.ts";
import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalFlag,
  optionalWord,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import type { Faults } from "./fault.ts";
import { readList, readShortName } from "./list.ts";
import { readTarget } from "./notifier-target.ts";
import { readTimeZone } from "../domain/budget/define.ts";
import { readTime } from "./time-of-day.ts";

export interface ScheduleReading {
  readonly faults: Faults;
  readonly isFromEnvironment: (field: string) => boolean;
}

const utcZones: ReadonlySet<string> = new Set(["UTC", "Etc/UTC"]);
const usualAt = 2 * 60;

/** Errors are added to `faults`, without showing secrets. */
export function readExportSchedules(
  fields: Fields,
  reading: ScheduleReading,
): readonly ExportSchedule[] {
  return readList(fields, reading.faults, {
    section: "exports",
    item: "export",
    idField: "name",
    idOf: ({ name }) => name,
    standIns: (index) => ({
      name: `export-${index}`,
      format: "csv",
      every: "day",
      to: { folder: path.resolve("/") },
    }),
    read: (input, prefix) => readSchedule(input, prefix, reading),
  });
}

function readSchedule(input: unknown, prefix: string, reading: ScheduleReading): ExportSchedule {
  const known = ["name", "format", "every", "time_zone", "at", "to"];
  const fields = openFields(input, { prefix, known });
  const format = requiredWord(fields, "format", scheduleFormats);
  return {
    name: readShortName(fields),
    format,
    every: requiredWord(fields, "every", schedulePeriods),
    timeZone: readZone(fields, format),
    at: fields.values.has("at") ? readTime(fields, "at") : usualAt,
    target: readSink(fields, reading),
  };
}

/** Billing periods and charge periods of FOCUS begin at midnight UTC: other days would split them. */
function readZone(fields: Fields, format: ScheduleFormat): string {
  const timeZone = readTimeZone(fields, "time_zone");
  if (format !== "focus" || utcZones.has(timeZone)) return timeZone;
  throw invalid(
    `${fields.prefix}time_zone`,
    `is ${show(timeZone)}, but the billing periods of focus are months in UTC`,
    "Leave it out. `at` is a time of day in UTC then.",
  );
}

function requiredWord<Word extends string>(
  fields: Fields,
  name: string,
  words: readonly Word[],
): Word {
  const word = optionalWord(fields, name, words);
  if (word !== undefined) return word;
  throw invalid(fields.prefix + name, "is missing", `Give one of ${words.join(", ")}.`);
}

function readSink(outer: Fields, reading: ScheduleReading): ExportTarget {
  const field = `${outer.prefix}to`;
  const remedy = "Give { folder: /PATH }, or { url: https://HOST/PATH, secret: ${NAME} }.";
  const value = outer.values.get("to");
  if (!isObject(value) || Object.hasOwn(value, "folder") === Object.hasOwn(value, "url"))
    throw invalid(
      field,
      value === undefined ? "is missing" : "is neither a folder nor a URL",
      remedy,
    );
  const prefix = `${field}.`;
  if (Object.hasOwn(value, "folder"))
    return { kind: "folder", folder: readFolder(openFields(value, { prefix, known: ["folder"] })) };
  const known = ["url", "secret", "previous_secret", "allow_private_address"];
  const fields = openFields(value, { prefix, known });
  const allowPrivateAddress = optionalFlag(fields, "allow_private_address") ?? false;
  const target = readTarget("webhook", fields, { allowPrivateAddress, ...reading });
  if (target.kind === "webhook") return { ...target, allowPrivateAddress };
  throw invalid(field, "is not a webhook", remedy);
}

function readFolder(fields: Fields): string {
  const remedy = "Give an absolute path, such as /var/lib/purser-exports.";
  const folder = requiredText(fields, "folder", remedy);
  if (path.isAbsolute(folder)) return path.normalize(folder);
  throw invalid(`${fields.prefix}folder`, `is ${show(folder)}, which is relative`, remedy);
}
