/** Warns about budgets and keys that are valid but limit nothing, which is usually a mistake. */

import type { BudgetJson } from "../contract/budget.ts";
import type { StatusJson } from "../contract/status.ts";
import { matchesName } from "../domain/input/name-pattern.ts";
import { suggest } from "../domain/input/nearest.ts";
import { asCalled } from "./called.ts";
import { ask, type Connection } from "./connection.ts";
import type { CommandContext } from "./context.ts";
import { ApiProblem, type Warning, warningJson, warningText } from "./failure.ts";
import type { JsonOption } from "./option.ts";

/**
 * @param context.parts Has the names of the known providers.
 * @param patterns Of `--providers`: names or prefixes ending in `*`; a leading `!` excludes.
 */
export async function unknownProviders(
  { parts }: Pick<CommandContext, "parts">,
  connection: Connection,
  patterns: readonly string[] | undefined,
): Promise<readonly Warning[]> {
  if (patterns === undefined) return [];
  const known = [
    ...new Set([...(await providersOf(connection)), ...(await parts.knownProviders()), "sim"]),
  ];
  return patterns
    .filter((pattern) => !known.some((name) => matchesName([pattern], name)))
    .map((pattern) => ({
      message: `--providers: no provider is named "${pattern}"`,
      field: "--providers",
      remedy: `${suggest(pattern, known)} Only holds over the API can use other names.`,
    }));
}

/** @param now Milliseconds since the epoch. */
export function endedBudget(
  { budget_id: id, period, end }: BudgetJson,
  now: number,
): readonly Warning[] {
  if (period !== "once" || end === null || Date.parse(end) > now) return [];
  const remedy = asCalled(`Give a later end: \`purser budget set ${id} --end DATE\`.`);
  return [
    { message: `budget "${id}" ended at ${end} and limits no calls`, field: "--end", remedy },
  ];
}

export function writeWarnings(
  warnings: readonly Warning[],
  { json }: JsonOption,
  { screen: { notes } }: CommandContext,
): void {
  for (const warning of warnings)
    notes.write(json ? warningJson(warning) : warningText(warning, notes.paint));
}

/** The providers of the server; none if it does not report them. */
async function providersOf(connection: Connection): Promise<readonly string[]> {
  try {
    const status = (await ask(connection, "GET", { path: "/api/v1/status" })) as StatusJson;
    return status.providers.map(({ name }) => name);
  } catch (error) {
    if (error instanceof ApiProblem) return [];
    throw error;
  }
}
