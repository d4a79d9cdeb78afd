/** Checks values against their schemas, and says what is wrong in the words of the request. */

import { z } from "zod";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";

type Issue = z.core.$ZodIssue;

/**
 * @param schema Absent where a route takes nothing: the value is then dropped.
 * @throws PurserError `invalid_request` with the field of the first fault.
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
    : new PurserError("invalid_request", "the request is not valid");
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
        : "Leave it out, or see /openapi.json for the fields of this request.";
    return new PurserError("invalid_request", `${field} is not a known field`, { field, remedy });
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
    remedy: `Correct ${field || "the body"}; /openapi.json has its shape.`,
  });
}

/** Of a union that failed, the branch that came furthest: its fault is the one that the writer meant to get right. */
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
