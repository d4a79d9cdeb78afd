/** Renders schemas of the OpenAPI document: fields, types and descriptions. */

import { escapeHtml, prose } from "./html.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Field {
  readonly name: string;
  readonly schema: Json;
  readonly required: boolean;
}

/** The fields of an object; empty for any other type. */
export function fieldsOf(schema: Json): readonly Field[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(objectOf(schema["properties"])).map(([name, inner]) => ({
    name,
    schema: objectOf(inner),
    required: required.includes(name),
  }));
}

/** A list of fields: name, type, whether it is required, and description. */
export function fieldList(fields: readonly Field[]): string {
  if (fields.length === 0) return "";
  const rows = fields.map(({ name, schema, required }) => {
    const marks = [typeText(schema), ...(required ? ["required"] : []), ...limitsOf(schema)].join(
      ", ",
    );
    const { description } = schema;
    const meaning = typeof description === "string" ? `<br>${prose(description)}` : "";
    return `<dt><code>${escapeHtml(name)}</code></dt><dd><span class="faint">${marks}</span>${meaning}</dd>`;
  });
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}

/** The type as markup: `string`, `list of Budget` with a link, `one of "hard", "soft"`. */
export function typeText(schema: Json): string {
  const reference = schema["$ref"];
  if (typeof reference === "string") return referenceText(reference);
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices))
    return choices.map((choice) => typeText(objectOf(choice))).join(" or ");
  if (Array.isArray(schema["enum"]))
    return `one of ${schema["enum"].map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(", ")}`;
  if ("const" in schema) return `<code>${escapeHtml(JSON.stringify(schema["const"]))}</code>`;
  const { type } = schema;
  if (type === "array") return `list of ${typeText(objectOf(schema["items"]))}`;
  if (type === "object") return objectText(schema);
  if (typeof type === "string")
    return schema["format"] === "date-time" ? "RFC 3339 time" : escapeHtml(type);
  return Array.isArray(type) ? type.map((one) => escapeHtml(String(one))).join(" or ") : "any JSON";
}

/** The anchor of a named schema on the page. */
export function schemaAnchor(name: string): string {
  return `schema-${name}`;
}

export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function referenceText(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return `<a href="#${escapeHtml(schemaAnchor(name))}">${escapeHtml(name)}</a>`;
}

function objectText(schema: Json): string {
  const fields = fieldsOf(schema);
  if (fields.length > 0)
    return `object of ${fields.map(({ name, schema: inner }) => `<code>${escapeHtml(name)}</code> (${typeText(inner)})`).join(", ")}`;
  const values = schema["additionalProperties"];
  return typeof values === "object" && values !== null
    ? `object whose values are ${typeText(objectOf(values))}`
    : "object";
}

/** The limits of a value, except those that only keep numbers exact. */
function limitsOf(schema: Json): readonly string[] {
  const usual = schema["default"];
  const { minimum, maximum, maxLength } = schema as {
    readonly minimum?: unknown;
    readonly maximum?: unknown;
    readonly maxLength?: unknown;
  };
  return [
    ...(typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER
      ? [`at least ${minimum.toLocaleString("en-US")}`]
      : []),
    ...(typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER
      ? [`at most ${maximum.toLocaleString("en-US")}`]
      : []),
    ...(typeof maxLength === "number"
      ? [`at most ${maxLength.toLocaleString("en-US")} characters`]
      : []),
    ...(usual === undefined
      ? []
      : [`<code>${escapeHtml(JSON.stringify(usual))}</code> by default`]),
  ];
}
