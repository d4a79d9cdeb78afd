/**
 * `declared.json` in the data folder: what the last configuration declared, for the next start to
 * report the differences.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PurserError } from "../domain/error.ts";
import { invalid, optionalTexts, show } from "../domain/input/fields.ts";
import type { DeclarationMemory, DeclaredNames } from "../app/manage/declared.ts";

export function declaredFile(directory: string): DeclarationMemory {
  const file = join(directory, "declared.json");
  return {
    read: async () => {
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return text === null ? null : read(text, file);
    },
    write: (names) => writeFile(file, `${JSON.stringify(names)}\n`, { mode: 0o600 }),
  };
}

/**
 * @returns null for a file that a crash left incomplete: everything is then reported as new.
 * @throws PurserError `store_unavailable` with the field of a file that somebody wrote otherwise.
 */
function read(text: string, file: string): DeclaredNames | null {
  const value = parse(text);
  if (value === undefined) return null;
  try {
    return namesIn(value);
  } catch (cause) {
    if (!(cause instanceof PurserError)) throw cause;
    const remedy =
      "Remove the file: the next start then reports all that the configuration declares as new.";
    throw new PurserError("store_unavailable", `${file} cannot be read: ${cause.message}`, {
      ...cause.detail,
      remedy,
      cause,
    });
  }
}

/** @returns undefined for what is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Fields that a newer version added are left alone. @throws PurserError `invalid_request` */
function namesIn(value: unknown): DeclaredNames {
  const fields = { prefix: "", values: entriesOf(value, "declared.json") };
  return {
    budgets: optionalTexts(fields, "budgets", "") ?? [],
    keys: optionalTexts(fields, "keys", "") ?? [],
    prices: pricesIn(fields.values.get("prices") ?? {}),
  };
}

/** A field that is null counts as absent. */
function entriesOf(value: unknown, field: string): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(field, `must be an object, not ${show(value)}`, "");
  return new Map(
    Object.entries(value as Readonly<Record<string, unknown>>).filter(([, one]) => one !== null),
  );
}

/** Rows as JSON, by name. */
function pricesIn(value: unknown): DeclaredNames["prices"] {
  const rows = [...entriesOf(value, "prices")].map(([name, row]): [string, string] => {
    const read = typeof row === "string" ? parse(row) : null;
    if (typeof row !== "string" || typeof read !== "object" || read === null)
      throw invalid(`prices.${name}`, "is not a row of prices as JSON", "");
    return [name, row];
  });
  return Object.fromEntries(rows);
}
