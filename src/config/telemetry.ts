/** Reads `telemetry`: whom traced calls are for, and which are not counted. */

import type { TelemetryRules } from "../app/port/telemetry.ts";
import { dimensions, type AttributionKey } from "../domain/attribution/attribution.ts";
import { checkTagName } from "../domain/attribution/value.ts";
import { invalid, isObject, openFields, show } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import type { Faults } from "./fault.ts";

export const defaultTelemetryRules: TelemetryRules = { attribution: new Map(), exclude: new Map() };

/** Errors are added to `faults`. */
export function readTelemetryRules(input: unknown, faults: Faults): TelemetryRules {
  if (input === undefined) return defaultTelemetryRules;
  const prefix = "telemetry.";
  const read = faults.readObject({ input, prefix, standIns: {} }, (object) => {
    const { values } = openFields(object, { prefix, known: ["attribution", "exclude"] });
    return {
      attribution: readEach(values.get("attribution"), `${prefix}attribution`, readKey),
      exclude: readEach(values.get("exclude"), `${prefix}exclude`, readValues),
    };
  });
  return read ?? defaultTelemetryRules;
}

/** Reads an object whose names are attributes. */
function readEach<Value>(
  input: unknown,
  field: string,
  read: (value: unknown, field: string) => Value,
): ReadonlyMap<string, Value> {
  const object = input ?? {};
  if (!isObject(object))
    throw invalid(
      field,
      `must be an object, not ${show(input)}`,
      "Give names of attributes and a value for each, such as service.name.",
    );
  return new Map(
    Object.entries(object).map(([name, value]) => [name, read(value, `${field}.${name}`)]),
  );
}

function readKey(value: unknown, field: string): AttributionKey | "none" {
  const keys = [...dimensions, "none"] as const;
  const key = keys.find((one) => one === value);
  if (key !== undefined) return key;
  if (typeof value === "string" && value.startsWith("tag:")) {
    checkTagName(value.slice(4), field);
    return value as AttributionKey;
  }
  throw invalid(
    field,
    `is ${show(value)}, which is not a dimension`,
    typeof value === "string"
      ? `${suggest(value, keys)} Or write tag:NAME.`
      : `Give one of ${keys.join(", ")}, or tag:NAME.`,
  );
}

function readValues(value: unknown, field: string): readonly string[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.map((one) => {
    if (typeof one === "string" && one !== "") return one;
    throw invalid(field, `has ${show(one)}`, "Give a text, or a list of texts.");
  });
}
