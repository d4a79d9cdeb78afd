/** Validates values against their schemas, and names the first invalid field. */

import { z } from "zod";
import { PurserError } from "../domain/error.ts";
import { show, unknownField } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";

type Issue = z.core.$ZodIssue;

/** The name of a value that is no field. */
export const wholeBody = "the body";

/**
 * @param schema Absent if the route reads nothing here: the value is dropped.
 * @throws PurserError `invalid_request` naming the first invalid field.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema | undefined,
  value: unknown,
): z.output<Schema> {
  if (!schema) return {} as z.output<Schema>;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw issue
    ? explain(issue, value, schema)
    : new PurserError("invalid_request", "the request is invalid");
}

function explain(issue: Issue, value: unknown, schema: z.ZodType): PurserError {
  const narrow = narrowest(issue);
  if (narrow.code === "unrecognized_keys") {
    const name = narrow.keys[0] ?? "";
    const parent = schemaAt(schema, narrow.path);
    const known = parent instanceof z.ZodObject ? Object.keys(parent.shape) : [];
    const field = join([...narrow.path, name]);
    const remedy =
      known.length > 0
        ? suggest(name, known)
        : "Leave it out; see /openapi.json for the fields of this request.";
    return new PurserError("invalid_request", `${field} ${unknownField}`, { field, remedy });
  }
  const found = lookUp(value, narrow.path);
  const form = formOf(schema, narrow.path);
  const field = join(narrow.path);
  const { problem, remedy: usual } =
    form === undefined ? diagnose(narrow, found) : misformed(found, form);
  const isMissing = found === undefined && form === undefined && field !== "";
  const remedy = (isMissing ? remedyForMissing(schema, narrow) : undefined) ?? usual;
  const message = `${field || wholeBody} ${problem}`;
  return new PurserError("invalid_request", message, field === "" ? { remedy } : { field, remedy });
}

/** What the schema says of the field, if that is a better remedy than the usual one. */
function remedyForMissing(schema: z.ZodType, { code, path }: Issue): string | undefined {
  const of = schemaAt(schema, path);
  const list = of instanceof z.ZodArray && path.length === 1;
  if (list) return `Give a list: {"${String(path[0])}":[…]}.`;
  const [, what] = /^The ([^.`]+)\./.exec(of?.description ?? "") ?? [];
  return what === undefined || code !== "invalid_type" ? undefined : `Give the ${what}.`;
}

/** The examples of an object or a choice, as its schema states them. */
function formOf(schema: z.ZodType, path: readonly PropertyKey[]): string | undefined {
  const meta = schemaAt(schema, path)?.meta();
  const examples = Array.isArray(meta?.examples) ? meta.examples : [];
  return examples.length === 0 ? undefined : examples.map(showJson).join(" or ");
}

function misformed(found: unknown, form: string): Diagnosis {
  const problem = found === undefined ? "is missing" : `is ${show(found)}`;
  return { problem, remedy: `Give ${form}.` };
}

/** Undefined within a choice, and for what no schema describes. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  // Checked first: a wrapper may have the examples.
  if (path.length === 0 && schema.meta()?.examples !== undefined) return schema;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return schemaAt(schema.unwrap() as z.ZodType, path);
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = innerOf(schema, key);
  return inner && schemaAt(inner, rest);
}

function innerOf(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<PropertyKey, z.ZodType>;
    // A field of a request may be named `toString`.
    return Object.hasOwn(shape, key) ? shape[key] : undefined;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const options = schema.options as readonly z.ZodType[];
  return options.map((option) => innerOf(option, key)).find((inner) => inner !== undefined);
}

/** As people write it: `{"units": 1500, "per": "day"}`. */
function showJson(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replace(/\n */g, " ")
    .replace(/([[{]) | (?=[\]}])/g, "$1");
}

interface Diagnosis {
  /** The end of a sentence that begins with the field. */
  readonly problem: string;
  readonly remedy: string;
}

/** @param found The invalid value; undefined if it is missing. */
function diagnose(issue: Issue, found: unknown): Diagnosis {
  const remedy = "See /openapi.json for the fields of this request.";
  switch (issue.code) {
    case "invalid_type": {
      const wanted = typeNames[issue.expected] ?? issue.expected;
      return {
        problem: found === undefined ? "is missing" : `must be ${wanted}, not ${show(found)}`,
        remedy: `Give ${wanted}.`,
      };
    }
    case "too_small":
    case "too_big":
      return outOfRange(issue, found);
    case "invalid_value": {
      const words = issue.values.map(String);
      return {
        problem: found === undefined ? "is missing" : notOneOf(words, found),
        remedy:
          typeof found === "string" ? suggest(found, words) : `Use one of: ${words.join(", ")}.`,
      };
    }
    case "invalid_union":
      return { problem: "has the wrong type", remedy };
    default: {
      const own: unknown = issue.code === "custom" ? issue.params?.["remedy"] : undefined;
      return { problem: issue.message, remedy: typeof own === "string" ? own : remedy };
    }
  }
}

/** A few words are named at once: a remedy that suggests one of them leaves out the others. */
function notOneOf(words: readonly string[], found: unknown): string {
  return words.length <= 3
    ? `must be ${words.join(" or ")}, not ${show(found)}`
    : `is ${show(found)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "text",
};

const sizeUnits: ReadonlyMap<string, string> = new Map([
  ["string", "character"],
  ["array", "item"],
]);

type RangeIssue = Extract<Issue, { readonly code: "too_small" | "too_big" }>;

function outOfRange(issue: RangeIssue, found: unknown): Diagnosis {
  const isSmall = issue.code === "too_small";
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  const range = `${isSmall ? "at least" : "at most"} ${bound}`;
  const unit = sizeUnits.get(issue.origin);
  if (unit === undefined) return { problem: `is ${show(found)}`, remedy: `Give ${range}.` };
  const size = typeof found === "string" || Array.isArray(found) ? found.length : 0;
  return {
    problem: size === 0 ? "is empty" : `has ${size} ${unit}s`,
    remedy: `Give ${range} ${unit}${bound === 1 ? "" : "s"}.`,
  };
}

/** For a union, the branch that matched furthest: most likely the one that was meant. */
function narrowest(issue: Issue): Issue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const depth = (issues: readonly Issue[]): number => issues[0]?.path.length ?? 0;
  const best = issue.errors.reduce((left, right) => (depth(right) > depth(left) ? right : left))[0];
  if (!best || best.path.length === 0) return issue;
  return narrowest({ ...best, path: [...issue.path, ...best.path] });
}

function lookUp(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}

function join(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) =>
      typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`,
    )
    .join("");
}
