/** `${NAME}` in a text stands for an environment variable, and `$${` for the two characters `${`. */

import { PurserError } from "../domain/error.ts";
import { type Fields, invalid } from "../domain/input/fields.ts";
import type { Environment } from "./configuration.ts";

export interface Substituted {
  readonly text: string;
  /** The variables that it was made of. */
  readonly variables: readonly string[];
}

/**
 * @param field Named in errors.
 * @throws PurserError `invalid_request` for a variable that is not set or empty, or a name that no variable can have.
 */
export function substitute(text: string, environment: Environment, field: string): Substituted {
  const variables: string[] = [];
  const replaced = text.replace(reference, (whole, name: string | undefined) => {
    if (whole === "$${") return "${";
    if (name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw invalid(
        field,
        "has ${ without the name of an environment variable and }",
        "Write ${NAME}, or $${ for the characters themselves.",
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

/** A variable is always text: digits are a number where one is wanted, as in `port: ${PORT}`. */
export function withNumbers(fields: Fields): Fields {
  const values = [...fields.values].map(([name, value]): [string, unknown] => [
    name,
    typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value,
  ]);
  return { prefix: fields.prefix, values: new Map(values) };
}

const reference = /\$\$\{|\$\{(?:([^}]*)\})?/g;
