/**
 * Reads OTLP requests in the form of their JSON encoding, in which `protobuf.ts` puts the binary one
 * too.
 */

import type { Attributes } from "../app/port/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import { invalid, isObject, show } from "../domain/input/fields.ts";
import type { LogRecord, Point, Span, Telemetry, Unreadable } from "./telemetry.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * An item that cannot be read is in `unreadable` and leaves the others as they are: exporters do not
 * repeat a request that is refused.
 *
 * @throws PurserError `invalid_request` naming the field, for what is no request.
 */
export function readTelemetry(request: unknown): Telemetry {
  const root = objectOf(request, "body");
  const unreadable: Unreadable[] = [];
  const each = <Read>(path: Path, read: (item: Item) => readonly Read[]): readonly Read[] =>
    itemsOf(root, path).flatMap(({ value, field, resource }) => {
      try {
        return read({ item: objectOf(value, field), field, resource });
      } catch (error) {
        if (!(error instanceof PurserError)) throw error;
        unreadable.push({ field, error });
        return [];
      }
    });
  return {
    spans: each(["resourceSpans", "scopeSpans", "spans"], (item) => [readSpan(item)]),
    logs: each(["resourceLogs", "scopeLogs", "logRecords"], (item) => [readLog(item)]),
    points: each(["resourceMetrics", "scopeMetrics", "metrics"], readPoints),
    unreadable,
  };
}

/** The lists from the outermost to the innermost. */
type Path = readonly [outer: string, middle: string, inner: string];

interface Item {
  readonly item: Json;
  readonly field: string;
  readonly resource: Attributes;
}

/** The innermost items of a request, with their resources. */
function itemsOf(
  root: Json,
  [outer, middle, inner]: Path,
): readonly (Pick<Item, "field" | "resource"> & { readonly value: unknown })[] {
  return listOf(root, outer, "").flatMap(({ item: group, field }) => {
    const resource = attributesOf(objectOf(group["resource"] ?? {}, `${field}.resource`), field);
    return listOf(group, middle, `${field}.`).flatMap((scope) =>
      valuesOf(scope.item, inner, `${scope.field}.`).map((found) => ({ ...found, resource })),
    );
  });
}

function readSpan({ item, field, resource }: Item): Span {
  const status = objectOf(item["status"] ?? {}, `${field}.status`);
  return {
    traceId: idOf(item, "traceId", field),
    spanId: idOf(item, "spanId", field),
    parentSpanId: idOf(item, "parentSpanId", field) || null,
    name: textOf(item["name"]),
    startedAt: timeOf(item, "startTimeUnixNano", field),
    endedAt: timeOf(item, "endTimeUnixNano", field),
    // Encoders write an enum as its number, some as its name.
    failed: status["code"] === 2 || status["code"] === "STATUS_CODE_ERROR",
    attributes: attributesOf(item, field),
    resource,
  };
}

function readLog({ item, field, resource }: Item): LogRecord {
  const attributes = attributesOf(item, field);
  const named = attributes.get("event.name");
  return {
    at: timeOf(item, "timeUnixNano", field) ?? timeOf(item, "observedTimeUnixNano", field),
    event: textOf(item["eventName"]) || (named ?? bodyOf(item)),
    attributes,
    resource,
  };
}

/** Some exporters write the name of an event as its body. */
function bodyOf(item: Json): string | null {
  const body = isObject(item["body"]) ? item["body"]["stringValue"] : undefined;
  return typeof body === "string" ? body : null;
}

function readPoints({ item, field, resource }: Item): readonly Point[] {
  if (!isObject(item["sum"])) return [];
  const { sum } = item;
  const kind = sum["aggregationTemporality"];
  const isDelta = kind === 1 || kind === "AGGREGATION_TEMPORALITY_DELTA";
  return listOf(sum, "dataPoints", `${field}.sum.`).map(({ item: point, field: place }) => ({
    metric: textOf(item["name"]),
    startedAt: timeOf(point, "startTimeUnixNano", place),
    at: timeOf(point, "timeUnixNano", place),
    value: Number(point["asDouble"] ?? point["asInt"] ?? 0),
    temporality: isDelta ? "delta" : "cumulative",
    attributes: attributesOf(point, place),
    resource,
  }));
}

function attributesOf(item: Json, field: string): Attributes {
  const found = new Map<string, string>();
  for (const { item: attribute } of listOf(item, "attributes", `${field}.`)) {
    const value = valueOf(attribute["value"]);
    if (value !== undefined) found.set(textOf(attribute["key"]), value);
  }
  return found;
}

/** Scalars as text, without empty ones; of a list the first, as captured headers are lists. */
function valueOf(any: unknown): string | undefined {
  if (!isObject(any)) return undefined;
  const { arrayValue } = any;
  if (!isObject(arrayValue)) return scalarOf(any);
  const [first] = Array.isArray(arrayValue["values"]) ? (arrayValue["values"] as unknown[]) : [];
  return isObject(first) ? scalarOf(first) : undefined;
}

function scalarOf(any: Json): string | undefined {
  const value = any["stringValue"] ?? any["intValue"] ?? any["doubleValue"] ?? any["boolValue"];
  const isScalar = ["string", "number", "boolean"].includes(typeof value);
  return (isScalar && String(value).trim()) || undefined;
}

function timeOf(item: Json, name: string, field: string): number | null {
  const value = item[name] ?? 0;
  if ((typeof value === "number" && value >= 0) || /^\d{1,20}$/.test(textOf(value)))
    return Math.floor(Number(value) / 1e6) || null;
  throw invalid(`${field}.${name}`, `is ${show(value)}`, "Give nanoseconds since the epoch.");
}

function idOf(item: Json, name: string, field: string): string {
  const value = item[name] ?? "";
  if (typeof value === "string" && /^(?:[0-9a-f]{2})*$/i.test(value)) return value.toLowerCase();
  throw invalid(`${field}.${name}`, `is ${show(value)}`, "Give the id in hexadecimal digits.");
}

function listOf(
  item: Json,
  name: string,
  prefix: string,
): readonly { readonly item: Json; readonly field: string }[] {
  return valuesOf(item, name, prefix).map(({ value, field }) => ({
    item: objectOf(value, field),
    field,
  }));
}

function valuesOf(
  item: Json,
  name: string,
  prefix: string,
): readonly { readonly value: unknown; readonly field: string }[] {
  const list = item[name] ?? [];
  if (!Array.isArray(list))
    throw invalid(prefix + name, `must be a list, not ${show(list)}`, "Send an OTLP request.");
  return list.map((value: unknown, index) => ({ value, field: `${prefix}${name}[${index}]` }));
}

function objectOf(value: unknown, field: string): Json {
  if (isObject(value)) return value;
  throw invalid(field, `must be an object, not ${show(value)}`, "Send an OTLP request.");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
