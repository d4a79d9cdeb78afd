/** Generates a small value that matches a JSON Schema, for structured output and tool calls. */

import { isObject, listOf, type JsonObject } from "../ask/json.ts";

/** A schema may be recursive: below this depth, only required parts are generated. */
const deepest = 6;
/** An array or object that requires itself has no finite value. */
const bottom = 24;

/** Not covered: `pattern`, `not`, `if`, and conditions between fields. */
export function valueFor(schema: unknown): unknown {
  return new Maker(schema).value(schema, 0);
}

class Maker {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  value(given: unknown, depth: number): unknown {
    if (given === true) return "sample";
    if (!isObject(given) || depth > bottom) return {};
    const schema = this.#flat(given, depth);
    if (schema["const"] !== undefined) return schema["const"];
    const [choice] = listOf(schema["enum"]);
    if (choice !== undefined) return choice;
    switch (kindOf(schema)) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return this.#array(schema, depth);
      case "integer":
      case "number":
        return numberFor(schema, kindOf(schema) === "integer");
      case "boolean":
        return true;
      case "null":
        return null;
      default:
        return textFor(schema);
    }
  }

  /**
   * The schema merged with its reference, all of its `allOf`, and the first branch of its
   * alternatives.
   */
  #flat(schema: JsonObject, depth: number): JsonObject {
    if (depth > bottom) return schema;
    const { $ref: reference, allOf, anyOf, oneOf, ...own } = schema;
    const branches = listOf(anyOf ?? oneOf);
    const branch = branches.find((one) => isObject(one) && one["type"] !== "null") ?? branches[0];
    const parts = [
      ...(typeof reference === "string" ? [this.#look(reference)] : []),
      ...listOf(allOf),
      ...(branch === undefined ? [] : [branch]),
    ];
    return parts
      .filter(isObject)
      .reduce((joined, part) => join(joined, this.#flat(part, depth + 1)), own);
  }

  /** `#/$defs/Name`. */
  #look(reference: string): unknown {
    let found = this.#root;
    for (const part of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
      const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      found = isObject(found) ? found[name] : undefined;
    }
    return found;
  }

  #object(schema: JsonObject, depth: number): JsonObject {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const required = listOf(schema["required"]).filter((name) => typeof name === "string");
    const names =
      depth < deepest
        ? Object.keys(properties)
        : Object.keys(properties).filter((name) => required.includes(name));
    const others = schema["additionalProperties"];
    const missing = required.filter((name) => !Object.hasOwn(properties, name));
    // A record gets one entry, to show its contents.
    const extra =
      isObject(others) && names.length + missing.length === 0 && depth < deepest
        ? ["sample"]
        : missing;
    return Object.fromEntries([
      ...names.map((name) => [name, this.value(properties[name], depth + 1)] as const),
      ...extra.map(
        (name) => [name, this.value(isObject(others) ? others : true, depth + 1)] as const,
      ),
    ]);
  }

  #array(schema: JsonObject, depth: number): readonly unknown[] {
    const fixed = listOf(schema["prefixItems"]);
    const least = countOf(schema, "minItems") ?? (depth < deepest ? 1 : 0);
    const count = Math.min(Math.max(least, fixed.length), countOf(schema, "maxItems") ?? Infinity);
    const items = schema["items"] ?? { type: "string" };
    const choices = isObject(items) ? listOf(items["enum"]) : [];
    return Array.from({ length: count }, (_, index) => {
      if (schema["uniqueItems"] === true && choices[index] !== undefined) return choices[index];
      const value = this.value(fixed[index] ?? items, depth + 1);
      return schema["uniqueItems"] === true ? apart(value, index) : value;
    });
  }
}

/** A repeated value would not be unique. */
function apart(value: unknown, index: number): unknown {
  if (index === 0) return value;
  if (typeof value === "string") return `${value}-${index + 1}`;
  return typeof value === "number" ? value + index : value;
}

/**
 * Merges two schemas: properties and required names of both; otherwise the right one takes
 * precedence.
 */
function join(left: JsonObject, right: JsonObject): JsonObject {
  const properties = {
    ...(isObject(left["properties"]) && left["properties"]),
    ...(isObject(right["properties"]) && right["properties"]),
  };
  const required = [...listOf(left["required"]), ...listOf(right["required"])];
  return {
    ...right,
    ...left,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

/** Gemini writes its types in upper case. */
function kindOf(schema: JsonObject): string {
  const types = Array.isArray(schema["type"]) ? listOf(schema["type"]) : [schema["type"]];
  const named =
    types.find((type) => typeof type === "string" && type.toLowerCase() !== "null") ?? types[0];
  if (typeof named === "string") return named.toLowerCase();
  if (
    schema["properties"] !== undefined ||
    schema["additionalProperties"] !== undefined ||
    schema["required"] !== undefined
  )
    return "object";
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return "array";
  return numberOf(schema, "minimum") === undefined && numberOf(schema, "maximum") === undefined
    ? "string"
    : "number";
}

function numberOf(schema: JsonObject, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}

/** Gemini writes counts as strings. */
function countOf(schema: JsonObject, name: string): number | undefined {
  const value = Number(schema[name] ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** 1 if allowed, otherwise the nearest allowed number. */
function numberFor(schema: JsonObject, whole: boolean): number {
  const step = numberOf(schema, "multipleOf") ?? (whole ? 1 : 0.5);
  const above = numberOf(schema, "exclusiveMinimum");
  const below = numberOf(schema, "exclusiveMaximum");
  const least = Math.max(
    numberOf(schema, "minimum") ?? -Infinity,
    above === undefined ? -Infinity : above + step / 2,
  );
  const most = Math.min(
    numberOf(schema, "maximum") ?? Infinity,
    below === undefined ? Infinity : below - step / 2,
  );
  const wanted = Math.min(Math.max(step > 1 ? step : 1, least), most);
  const up = Math.ceil(wanted / step) * step;
  const steps = up <= most ? up : Math.floor(most / step) * step;
  // Narrow bounds may contain no whole step.
  return steps >= least || whole ? steps : (least + most) / 2;
}

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "12:00:00Z",
  duration: "P1D",
  email: "sample@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/sample",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function textFor(schema: JsonObject): string {
  const { format } = schema;
  const text =
    typeof format === "string" && Object.hasOwn(formats, format)
      ? (formats[format] ?? "sample")
      : "sample";
  return text
    .padEnd(countOf(schema, "minLength") ?? 0, " sample")
    .slice(0, countOf(schema, "maxLength") ?? Infinity);
}
