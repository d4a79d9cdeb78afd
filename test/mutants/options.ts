/** Command-line options of a mutation run. */

import { Command, InvalidArgumentError } from "commander";
import { usualRooms } from "./room.ts";

export interface Options {
  readonly count: number;
  readonly seed: number;
  /** Parts of `src`; see `room.ts`. */
  readonly room: readonly string[];
  readonly wider: number;
  /** The percentage that must be killed in every room. */
  readonly least: number;
  readonly json: boolean;
}

/** @throws CommanderError for unknown options or invalid numbers, and after help. */
export function readOptions(words: readonly string[]): Options {
  const command = new Command("npm run check:mutants --")
    .description(
      "Changes the sources in random places, one at a time, in a copy of the checkout, and reports the changes that no test detects.",
    )
    .option("--count <number>", "mutants to try, shared evenly among the rooms", wholeNumber, 100)
    .option(
      "--seed <number>",
      "the same seed tries the same mutants of the same sources",
      wholeNumber,
      1,
    )
    .option("--room <path...>", "parts of src, such as domain/price or app/hold", [...usualRooms])
    .option(
      "--wider <number>",
      "test files outside a mutant's folder to try, nearest importers first",
      wholeNumber,
      30,
    )
    .option("--least <percent>", "fails if fewer are killed in any room", wholeNumber, 90)
    .option("--json", "writes the report as JSON", false)
    .exitOverride();
  return command.parse(words, { from: "user" }).opts<Options>();
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}
