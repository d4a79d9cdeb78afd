/** Validates values against their schemas, and names the first invalid field. */

import { z } from "zod";
import { PurserError } from "../domain/error.ts";
import { unknownField } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";

type Issue = z.core.$ZodIssue;

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
    const known =
      narrow.path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const field = join([...narrow.path, name]);
    const remedy =
      known.length > 0
        ? suggest(name, known)
        : "Leave it out; see /openapi.json for the fields of this request.";
    return new PurserError("invalid_request", `${field} ${unknownField}`, { field, remedy });
  }
  const field = join(narrow.path);
  if (lookUp(value, narrow.path) === undefined && narrow.code === "invalid_type") {
    return new PurserError("invalid_request", `${field || "the body"} is missing`, {
      field,
      remedy: `Give ${field || "a body"}: ${narrow.expected}.`,
    });
  }
  return new PurserError("invalid_request", `${field || "the body"}: ${narrow.message}`, {
    field,
    remedy: `Fix ${field || "the body"}; see /openapi.json for its shape.`,
  });
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
