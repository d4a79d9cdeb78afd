/** Reads `price_updates`: how often the prices are updated, and from where. */

import type { PriceSchedule } from "../app/port/price-lists.ts";
import {
  type Fields,
  invalid,
  openFields,
  optionalTexts,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import { nearest, suggest } from "../domain/input/nearest.ts";
import { withoutUserInfo } from "../domain/input/user-info.ts";
import { doubtKinds, type DoubtKind } from "../domain/price/update/list-doubt.ts";
import { isListName, listNames } from "../domain/price/update/list-name.ts";
import type { Faults } from "./fault.ts";

/** Errors are added to `faults`. @returns Null if the prices are not updated. */
export function readPriceSchedule(input: unknown, faults: Faults): PriceSchedule | null {
  if (input === undefined) return null;
  const prefix = "price_updates.";
  const standIns = { from: listNames[0] };
  const read = faults.readObject({ input, prefix, standIns }, (object) => {
    const fields = openFields(object, { prefix, known: ["from", "every", "accept"] });
    return { from: readFrom(fields), everyMs: readEvery(fields), accept: readAccept(fields) };
  });
  return read ?? null;
}

function readFrom(fields: Fields): string {
  const remedy = `Give one of ${listNames.join(", ")}, or an https URL.`;
  const from = requiredText(fields, "from", remedy);
  if (withoutUserInfo(from) !== from)
    throw invalid(`${fields.prefix}from`, "has a user name or a password", "Leave them out.");
  const isUrl = URL.canParse(from) && /^https?:$/.test(new URL(from).protocol);
  if (isListName(from) || isUrl) return from;
  const near = nearest(from, listNames);
  throw invalid(
    `${fields.prefix}from`,
    `is ${show(from)}, which is neither a known list nor a URL`,
    /[/:]/.test(from) || near === undefined ? remedy : `Did you mean ${near}?`,
  );
}

function readEvery(fields: Fields): number {
  const value = fields.values.get("every") ?? "24h";
  const text = typeof value === "string" ? value : "";
  const [, count = "", unit = ""] = /^(\d{1,4})(m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms >= leastMs && ms <= mostMs) return ms;
  throw invalid(
    `${fields.prefix}every`,
    `is ${show(value)}`,
    "Give a time from 10m to 14d, such as 24h.",
  );
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const leastMs = 10 * 60_000;
const mostMs = 14 * 86_400_000;

function readAccept(fields: Fields): readonly DoubtKind[] {
  const remedy = `Give a list of ${doubtKinds.join(", ")}.`;
  const names = optionalTexts(fields, "accept", remedy) ?? [];
  return names.map((name, index) => {
    const kind = doubtKinds.find((known) => known === name);
    if (kind !== undefined) return kind;
    throw invalid(
      `${fields.prefix}accept[${index}]`,
      `is ${show(name)}, which is not a kind of doubt`,
      suggest(name, doubtKinds),
    );
  });
}
