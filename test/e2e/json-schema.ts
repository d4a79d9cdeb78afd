/** The JSON Schema subset of the server's OpenAPI document: generates values and validates them. */

import * as fc from "fast-check";

export type Schema = Readonly<Record<string, unknown>>;

/** Schemas by name, of the document's components. */
export type Components = Readonly<Record<string, Schema>>;

const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

/** @param schema Any that {@link SchemaChecker} understands. */
export function valuesOf(schema: Schema, components: Components): fc.Arbitrary<unknown> {
  const inner = (part: unknown): fc.Arbitrary<unknown> => valuesOf(part as Schema, components);
  if (typeof schema["$ref"] === "string") return inner(resolve(schema["$ref"], components));
  if (schema["const"] !== undefined) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"]))
    return fc.constantFrom(...(schema["enum"] as readonly unknown[]));
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return fc.oneof(...choices.map(inner));
  if (Array.isArray(schema["type"]))
    return fc.oneof(...schema["type"].map((type) => inner({ ...schema, type })));
  switch (schema["type"]) {
    case "string":
      return strings(schema);
    case "integer":
      return fc.integer({
        min: bound(schema["minimum"], -1000),
        max: bound(schema["maximum"], 1_000_000),
      });
    case "number":
      return fc.double({
        min: bound(schema["minimum"], -1000),
        max: bound(schema["maximum"], 1_000_000),
        noNaN: true,
      });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(inner(schema["items"] ?? {}), { maxLength: 3 });
    case "object":
      return objects(schema, inner);
    default:
      return scalar;
  }
}

function strings(schema: Schema): fc.Arbitrary<unknown> {
  if (schema["format"] === "date-time")
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const maxLength = Math.min(bound(schema["maxLength"], 30), 30);
  if (typeof schema["pattern"] === "string")
    return fc.stringMatching(new RegExp(schema["pattern"], "u"), { maxLength });
  return fc.string({ minLength: bound(schema["minLength"], 0), maxLength });
}

function objects(
  schema: Schema,
  inner: (part: unknown) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const properties = Object.entries(
    (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>,
  );
  const requiredKeys = (schema["required"] ?? []) as string[];
  const known = fc.record(
    Object.fromEntries(properties.map(([name, part]) => [name, inner(part)])),
    { requiredKeys },
  );
  if (typeof schema["additionalProperties"] !== "object") return known;
  return fc
    .tuple(
      known,
      fc.dictionary(fc.string({ maxLength: 8 }), inner(schema["additionalProperties"]), {
        maxKeys: 2,
      }),
    )
    .map(([own, more]) => ({ ...more, ...own }));
}

function bound(value: unknown, usual: number): number {
  return typeof value === "number" && Math.abs(value) < 1e12 ? value : usual;
}

function resolve(reference: string, components: Components): Schema {
  const name = reference.replace("#/components/schemas/", "");
  const schema = components[name];
  if (!schema) throw new Error(`${reference} does not resolve`);
  return schema;
}

/** Validates values against a schema. */
export class SchemaChecker {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  /** @returns The first error with its path; null if the value is valid. */
  fault(value: unknown, schema: Schema, path = "$"): string | null {
    if (typeof schema["$ref"] === "string")
      return this.fault(value, resolve(schema["$ref"], this.#components), path);
    const choices = (schema["anyOf"] ?? schema["oneOf"]) as readonly Schema[] | undefined;
    if (choices) {
      const faults = choices.map((choice) => this.fault(value, choice, path));
      return faults.includes(null) ? null : `${path} is none of: ${faults.join("; ")}`;
    }
    if (schema["const"] !== undefined && value !== schema["const"])
      return `${path} is not ${JSON.stringify(schema["const"])}`;
    if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value))
      return `${path} is ${JSON.stringify(value)}, which is not listed`;
    const types =
      typeof schema["type"] === "string"
        ? [schema["type"]]
        : ((schema["type"] ?? []) as readonly string[]);
    if (types.length > 0 && !types.some((type) => isOfType(value, type)))
      return `${path} is ${JSON.stringify(value)}, not ${types.join(" or ")}`;
    if (typeof value === "string") return faultOfString(value, schema, path);
    if (typeof value === "number") return faultOfNumber(value, schema, path);
    const items = (schema["items"] ?? {}) as Schema;
    if (Array.isArray(value))
      return firstFault(value.map((item, index) => this.fault(item, items, `${path}[${index}]`)));
    return isOfType(value, "object")
      ? this.#faultOfObject(value as Readonly<Record<string, unknown>>, schema, path)
      : null;
  }

  #faultOfObject(
    value: Readonly<Record<string, unknown>>,
    schema: Schema,
    path: string,
  ): string | null {
    const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
    const missing = ((schema["required"] ?? []) as readonly string[]).find(
      (name) => !Object.hasOwn(value, name),
    );
    if (missing !== undefined) return `${path}.${missing} is missing`;
    const others = schema["additionalProperties"];
    return firstFault(
      Object.entries(value).map(([name, inner]) => {
        const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
        if (known) return this.fault(inner, known, `${path}.${name}`);
        if (others === false) return `${path}.${name} is not documented`;
        return typeof others === "object"
          ? this.fault(inner, others as Schema, `${path}.${name}`)
          : null;
      }),
    );
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object")
    return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}

function faultOfString(value: string, schema: Schema, path: string): string | null {
  if (typeof schema["pattern"] === "string" && !new RegExp(schema["pattern"], "u").test(value))
    return `${path} does not match ${schema["pattern"]}`;
  if (schema["format"] === "date-time" && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value))
    return `${path} is no time: ${value}`;
  const { length } = Array.from(value);
  return length < bound(schema["minLength"], 0) || length > bound(schema["maxLength"], Infinity)
    ? `${path} has ${length} characters`
    : null;
}

function faultOfNumber(value: number, schema: Schema, path: string): string | null {
  const isInside =
    value >= bound(schema["minimum"], -Infinity) && value <= bound(schema["maximum"], Infinity);
  return isInside ? null : `${path} is ${value}`;
}

function firstFault(faults: readonly (string | null)[]): string | null {
  return faults.find((fault) => fault !== null) ?? null;
}
