/** Parses the values of options; each error names the option and a valid value. */

import type { Command } from "commander";
import { PurserError } from "../domain/error.ts";
import { checkPort } from "../domain/input/port.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import { parseUsd } from "../domain/money/money.ts";
import type { Target } from "./connection.ts";
import type { CommandContext } from "./context.ts";

export interface JsonOption {
  readonly json?: boolean;
}

/** Select a data folder. */
export interface FolderOptions extends JsonOption {
  readonly data?: string;
  readonly config?: string;
}

export interface TargetOptions extends FolderOptions {
  readonly url?: string;
  readonly adminKey?: string;
}

/** The options that lead another command to the same server, without its key; empty by default. */
export function targetWords({ data, config, url }: TargetOptions): string {
  return Object.entries({ data, config, url })
    .map(([name, value]) => (value === undefined ? "" : ` --${name} ${inShell(value)}`))
    .join("");
}

function inShell(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const dataDefault = "(PURSER_DATA, then the configuration, then .purser)";

/**
 * The folder from the option, the environment, the configuration, or the default: as `serve` finds
 * it.
 *
 * @throws PurserError for a configuration file that does not name its folder.
 */
export async function dataFolder(
  { data, config }: FolderOptions,
  { environment, parts }: FolderContext,
): Promise<string> {
  return data ?? (environment["PURSER_DATA"] || (await parts.configuredFolder(config)));
}

type FolderContext = Pick<CommandContext, "environment"> & {
  readonly parts: Pick<CommandContext["parts"], "configuredFolder">;
};

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option("--json", "print one JSON document instead of text");
}

/** Adds the options that select a data folder. */
export function withFolder(command: Command): Command {
  return withJson(command)
    .option("--data <dir>", `data folder ${dataDefault}`)
    .option("--config <file>", configMeaning);
}

const configMeaning = "configuration file (purser.yaml, if it exists)";

/** Adds the options that select a server or a data folder. */
export function withTarget(command: Command): Command {
  return withJson(command)
    .option("--data <dir>", `data folder, and the server that uses it ${dataDefault}`)
    .option("--config <file>", configMeaning)
    .option("--url <url>", "use the server at this address instead (PURSER_URL)")
    .option(
      "--admin-key <key>",
      "admin key for the server (with --url, prefer the environment variable PURSER_ADMIN_KEY)",
    );
}

/**
 * Options take precedence over the environment: `--data` also overrides `PURSER_URL`.
 * `PURSER_ADMIN_KEY` is used only with an address: a folder has its own key, and the variable may
 * belong to another server.
 */
export async function targetOf(options: TargetOptions, context: FolderContext): Promise<Target> {
  const { environment } = context;
  const url =
    options.url ??
    (options.data === undefined ? environment["PURSER_URL"] || undefined : undefined);
  const usualKey = url === undefined ? undefined : environment["PURSER_ADMIN_KEY"] || undefined;
  return {
    // A server at an address needs no folder.
    data:
      url === undefined
        ? await dataFolder(options, context)
        : (options.data ?? (environment["PURSER_DATA"] || ".purser")),
    url,
    adminKey: options.adminKey ?? usualKey,
  };
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** Parses a whole number within a range. */
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

/** Parses a port to listen on, 0 for any free port. */
export function port(flag: string): (text: string) => number {
  const read = whole(flag, { least: 0, most: 65_535 });
  return (text) => checkPort(read(text), flag);
}

/** Parses a number within a range. */
export function decimal(flag: string, range: Range): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.least && value <= range.most) return value;
    throw wrong(flag, { text, remedy: `Give a number from ${range.least} to ${range.most}.` });
  };
}

/** Parses an amount in USD, and returns the original text. */
export function amount(flag: string): (text: string) => string {
  return (text) => {
    if (parseUsd(text, flag) >= 0n) return text;
    throw wrong(flag, { text, remedy: "Give an amount of zero or more." });
  };
}

/** Parses a date (midnight in UTC) or an RFC 3339 time with its zone. */
export function moment(flag: string): (text: string) => string {
  return (text) => new Date(parseInstant(text, flag)).toISOString();
}

/** Parses the start of a range: a time, or `epoch` for the last epoch. */
export function startMoment(flag: string): (text: string) => string {
  const parse = moment(flag);
  return (text) => (text === "epoch" ? text : parse(text));
}

/** Parses one of several words. */
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

/**
 * Parses names separated by commas, such as `project,model`, and removes repeats. An empty name is
 * refused: it is usually a mistake, such as an unset shell variable.
 */
export function list(flag: string): (text: string) => readonly string[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    if (names.every((name) => name !== "")) return [...new Set(names)];
    throw wrong(flag, {
      text,
      remedy: "Give names separated by single commas, without empty names.",
    });
  };
}

/** Parses shares of a limit: `0.75,0.95`. */
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
      remedy: "Give shares of the limit, greater than 0 and up to 10, such as 0.8 or 0.75,0.95.",
    });
  };
}

/** Converts `team=atlas` and `tag:customer=acme` to the form of the API. */
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

/** Adds `--filter`, which may be repeated. */
export function withFilter(command: Command): Command {
  return command.option(
    "--filter <name=value>",
    "only calls with this value of a dimension, provider, model, status or tag:NAME; may be repeated",
    collect,
    [],
  );
}

/** The names and values of filters, as the API reads them. */
export function filtersOf(pairs: readonly string[]): readonly (readonly [string, string])[] {
  return pairs.map((pair) => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new PurserError("invalid_request", `--filter: "${pair}" is not NAME=VALUE`, {
      field: "--filter",
      remedy: "Write it as --filter team=search or --filter tag:customer=acme.",
    });
  });
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wrong(
  flag: string,
  fault: { readonly text: string; readonly remedy: string },
): PurserError {
  return new PurserError("invalid_request", `${flag}: "${fault.text}" is not valid`, {
    field: flag,
    remedy: fault.remedy,
  });
}
