/** Reads and checks the environment variables that configure Purser itself. */

import { PurserError } from "../domain/error.ts";
import { show } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import type { Environment } from "./configuration.ts";
import { canBeSecret, secretBounds } from "./declared.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** @throws PurserError `invalid_configuration` for an unknown level. */
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
 * @returns undefined if it is not set.
 * @throws PurserError `invalid_configuration` for an invalid secret, without showing it.
 */
export function readAdminKey(environment: Environment): string | undefined {
  const key = environment["PURSER_ADMIN_KEY"]?.trim() || undefined;
  if (key === undefined || canBeSecret(key)) return key;
  throw wrong(
    "PURSER_ADMIN_KEY",
    "is not a valid secret",
    `Set it to ${secretBounds}, such as the output of \`openssl rand -hex 24\`.`,
  );
}

function wrong(variable: string, problem: string, remedy: string): PurserError {
  return new PurserError(
    "invalid_configuration",
    `the environment variable ${variable} ${problem}`,
    { field: variable, remedy },
  );
}
