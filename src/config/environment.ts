/** What the environment says about Purser itself, checked. */

import { PurserError } from "../domain/error.ts";
import { show } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import type { Environment } from "./configuration.ts";
import { canBeSecret, secretBounds } from "./declared.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** @throws PurserError `invalid_configuration` for a word that is no level. */
export function readLogLevel(environment: Environment): LogLevel {
  const text = environment["PURSER_LOG_LEVEL"]?.trim() || "info";
  const level = logLevels.find((candidate) => candidate === text);
  if (level !== undefined) return level;
  throw wrong(
    "PURSER_LOG_LEVEL",
    `is ${show(text)}, which is not one of ${logLevels.join(", ")}`,
    suggest(text, logLevels),
  );
}

/**
 * @returns undefined where it is not set.
 * @throws PurserError `invalid_configuration` for one that cannot be a secret; never with the key in it.
 */
export function readAdminKey(environment: Environment): string | undefined {
  const key = environment["PURSER_ADMIN_KEY"]?.trim() || undefined;
  if (key === undefined || canBeSecret(key)) return key;
  throw wrong(
    "PURSER_ADMIN_KEY",
    "cannot be a secret",
    `Set it to ${secretBounds}, such as \`openssl rand -hex 24\` prints.`,
  );
}

function wrong(variable: string, problem: string, remedy: string): PurserError {
  return new PurserError(
    "invalid_configuration",
    `the environment variable ${variable} ${problem}`,
    { field: variable, remedy },
  );
}
