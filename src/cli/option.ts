/** Reads the values of options; each error names the option and says what to write. */

import type { Command } from "commander";
import { PurserError } from "../domain/error.ts";
import { checkPort } from "../domain/input/port.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import { parseUsd } from "../domain/money/money.ts";
import type { Target } from "./connection.ts";

export interface JsonOption {
  readonly json?: boolean;
}

export interface TargetOptions extends JsonOption {
  readonly data?: string;
  readonly url?: string;
  readonly adminKey?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const dataMeaning = "data folder (PURSER_DATA, or .purser)";

/** The folder that an option names, else the environment, else the usual one. */
export function dataFolder(option: string | undefined, environment: Environment): string {
  return option ?? (environment["PURSER_DATA"] || ".purser");
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option("--json", "print one JSON document instead of text");
}

/** Adds what names a server or a data folder. */
export function withTarget(command: Command): Command {
  return withJson(command)
    .option("--data <dir>", "data folder, and the server that holds it (PURSER_DATA, or .purser)")
    .option("--url <url>", "speak to the server at this address instead (PURSER_URL)")
    .option(
      "--admin-key <key>",
      "admin key for it (with --url better in the environment as PURSER_ADMIN_KEY)",
    );
}

/**
 * What no option names comes from the environment; a folder that an option names is not passed over for the address there. The key there
 * goes with an address only: a folder has a key of its own, and the one there may be another server's.
 */
export function targetOf(options: TargetOptions, environment: Environment): Target {
  const url =
    options.url ??
    (options.data === undefined ? environment["PURSER_URL"] || undefined : undefined);
  const usualKey = url === undefined ? undefined : environment["PURSER_ADMIN_KEY"] || undefined;
  return {
    data: dataFolder(options.data, environment),
    url,
    adminKey: options.adminKey ?? usualKey,
  };
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** A reader of a whole number within a range. */
export function whole(flag: string, range: Range): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.least && value <= range.most) return value;
    throw wrong(flag, {
      text,
      remedy: `Give a whole number from ${range.least} to ${range.most}.`,
    });
  };
}

/** A reader of a port to listen on, 0 for any that is free. */
export function port(flag: string): (text: string) => number {
  const read = whole(flag, { least: 0, most: 65_535 });
  return (text) => checkPort(read(text), flag);
}

/** A reader of a number within a range. */
export function decimal(flag: string, range: Range): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.least && value <= range.most) return value;
    throw wrong(flag, { text, remedy: `Give a number from ${range.least} to ${range.most}.` });
  };
}

/** A reader of an amount in USD, kept as it was written. */
export function amount(flag: string): (text: string) => string {
  return (text) => {
    if (parseUsd(text, flag) >= 0n) return text;
    throw wrong(flag, { text, remedy: "Give an amount of zero or more." });
  };
}

/** A reader of a date (its midnight in UTC) or a moment with its zone, as RFC 3339. */
export function moment(flag: string): (text: string) => string {
  return (text) => new Date(parseInstant(text, flag)).toISOString();
}

/** A reader of one of several words. */
export function oneOf<Word extends string>(
  flag: string,
  words: readonly Word[],
): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw wrong(flag, { text, remedy: `Give one of: ${words.join(", ")}.` });
  };
}

/** A reader of names joined by commas: `project,model`, each once. One that is empty is a slip, such as a variable of the shell that is not set. */
export function list(flag: string): (text: string) => readonly string[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    if (names.every((name) => name !== "")) return [...new Set(names)];
    throw wrong(flag, { text, remedy: "Give names joined by single commas, none of them empty." });
  };
}

/** A reader of shares of a limit: `0.75,0.95`. */
export function shares(flag: string): (text: string) => readonly string[] {
  return (text) => {
    const words = text.split(",").map((word) => word.trim());
    if (
      words.length > 0 &&
      words.every(
        (word) => /^\d{1,2}(\.\d{1,6})?$/.test(word) && Number(word) > 0 && Number(word) <= 10,
      )
    )
      return words;
    throw wrong(flag, {
      text,
      remedy: "Give shares of the limit above 0 and up to 10, such as 0.8 or 0.75,0.95.",
    });
  };
}

/** `team=atlas`, `tag:customer=acme` as the API takes them. */
export function attributionOf(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  const fixed: Record<string, string> = {};
  const tags: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw notAPair(pair);
    if (name.startsWith("tag:")) tags[name.slice(4)] = value;
    else fixed[name] = value;
  }
  return Object.keys(tags).length > 0 ? { ...fixed, tags } : fixed;
}

function notAPair(pair: string): PurserError {
  return new PurserError("invalid_request", `--set: "${pair}" has no value`, {
    field: "--set",
    remedy: "Write dimension=value, such as team=atlas.",
  });
}

/** Gathers an option that may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wrong(
  flag: string,
  fault: { readonly text: string; readonly remedy: string },
): PurserError {
  return new PurserError("invalid_request", `${flag}: "${fault.text}" cannot be used`, {
    field: flag,
    remedy: fault.remedy,
  });
}
