/** Reads `exports`: which files are made for each day, week or month, and where they go. */

import path from "node:path";
import {
  type ExportSchedule,
  type ExportTarget,
  scheduleFormats,
  schedulePeriods,
} from "../app/port/export-schedule.ts";
import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalFlag,
  optionalList,
  optionalWord,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import type { Faults } from "./fault.ts";
import { readTarget } from "./notifier-target.ts";
import { readTime, readTimeZone } from "./time-of-day.ts";

export interface ScheduleReading {
  readonly faults: Faults;
  readonly isFromEnvironment: (field: string) => boolean;
}

const usualAt = 2 * 60;

/** Errors are added to `faults`, without showing secrets. */
export function readExportSchedules(
  fields: Fields,
  reading: ScheduleReading,
): readonly ExportSchedule[] {
  const remedy = "Give a list: one line with - for each export.";
  const list = optionalList(fields, "exports", remedy) ?? [];
  const names = new Set<string>();
  return list.flatMap((input, index) => {
    const prefix = `exports[${index}].`;
    const standIns = {
      name: `export-${index}`,
      format: "csv",
      every: "day",
      to: { folder: path.resolve("/") },
    };
    const read = reading.faults.readObject({ input, prefix, standIns }, (object) =>
      readSchedule(object, prefix, reading),
    );
    if (!read) return [];
    const unique = reading.faults.attempt(() => {
      if (!names.has(read.name)) return read;
      throw invalid(
        `${prefix}name`,
        `is ${show(read.name)}, which is already used`,
        "Give every export a unique name.",
      );
    });
    names.add(read.name);
    return unique ?? [];
  });
}

function readSchedule(input: unknown, prefix: string, reading: ScheduleReading): ExportSchedule {
  const known = ["name", "format", "every", "time_zone", "at", "to"];
  const fields = openFields(input, { prefix, known });
  return {
    name: readName(fields),
    format: requiredWord(fields, "format", scheduleFormats),
    every: requiredWord(fields, "every", schedulePeriods),
    timeZone: readTimeZone(fields, "time_zone"),
    at: fields.values.has("at") ? readTime(fields, "at") : usualAt,
    target: readSink(fields, reading),
  };
}

/** It is a part of the names of files. */
function readName(fields: Fields): string {
  const remedy = "Use 1 to 64 of the characters a-z 0-9 _ - as its name.";
  const name = requiredText(fields, "name", remedy);
  if (/^[a-z0-9_-]{1,64}$/.test(name)) return name;
  throw invalid(`${fields.prefix}name`, `is ${show(name)}, which is not a valid name`, remedy);
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
    throw invalid(field, value === undefined ? "is missing" : "is no folder and no URL", remedy);
  const prefix = `${field}.`;
  if (Object.hasOwn(value, "folder"))
    return { kind: "folder", folder: readFolder(openFields(value, { prefix, known: ["folder"] })) };
  const known = ["url", "secret", "previous_secret", "allow_private_address"];
  const fields = openFields(value, { prefix, known });
  const allowPrivateAddress = optionalFlag(fields, "allow_private_address") ?? false;
  const target = readTarget("webhook", fields, { allowPrivateAddress, ...reading });
  if (target.kind === "webhook") return { ...target, allowPrivateAddress };
  throw invalid(field, "is no webhook", remedy);
}

function readFolder(fields: Fields): string {
  const remedy = "Give an absolute path, such as /var/lib/purser-exports.";
  const folder = requiredText(fields, "folder", remedy);
  if (path.isAbsolute(folder)) return path.normalize(folder);
  throw invalid(`${fields.prefix}folder`, `is ${show(folder)}, which is relative`, remedy);
}
