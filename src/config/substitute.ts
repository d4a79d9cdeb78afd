/** Replaces `${NAME}` in a text with the environment variable, and `$${` with a literal `${`. */

import { PurserError } from "../domain/error.ts";
import { type Fields, invalid } from "../domain/input/fields.ts";
import type { Environment } from "./configuration.ts";

export interface Substituted {
  readonly text: string;
  /** The variables that were substituted. */
  readonly variables: readonly string[];
}

/**
 * @param field The field name for errors.
 * @throws PurserError `invalid_request` for a variable that is unset or empty, or an invalid name.
 */
export function substitute(text: string, environment: Environment, field: string): Substituted {
  const variables: string[] = [];
  const replaced = text.replace(reference, (whole, name: string | undefined) => {
    if (whole === "$${") return "${";
    if (name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw invalid(
        field,
        "has ${ without the name of an environment variable and }",
        "Write ${NAME}, or $${ for a literal ${.",
      );
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined || value === "") {
      const what = value === undefined ? "not set" : "empty";
      throw new PurserError(
        "invalid_request",
        `${field} needs the environment variable ${name}, which is ${what}`,
        {
          field,
          remedy: `Set ${name}.`,
          variable: name,
        },
      );
    }
    variables.push(name);
    return value;
  });
  return { text: replaced, variables };
}

/** Variables are text, so this converts digits to numbers for fields such as `port: ${PORT}`. */
export function withNumbers(fields: Fields): Fields {
  const values = [...fields.values].map(([name, value]): [string, unknown] => [
    name,
    typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value,
  ]);
  return { prefix: fields.prefix, values: new Map(values) };
}

const reference = /\$\$\{|\$\{(?:([^}]*)\})?/g;
