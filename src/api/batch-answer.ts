/** Answers to a batch, in which each row is recorded, repeated or refused by itself. */

import type { RowAnswer } from "../app/ingest/usage-batch.ts";
import type { PurserError } from "../domain/error.ts";
import { wholeBody } from "./validate.ts";

/** How many rows were recorded, were repeats, and failed. */
export function countsOf(answers: readonly Pick<RowAnswer, "status">[]) {
  const count = (...statuses: readonly RowAnswer["status"][]): number =>
    answers.filter(({ status }) => statuses.includes(status)).length;
  return {
    recorded: count("recorded"),
    repeated: count("repeated"),
    failed: count("invalid", "conflict"),
  };
}

/** Why a row failed. A row that is no object has no field to name: it is named itself. */
export function errorJson(
  { code, message, detail: { field, remedy } }: PurserError,
  index: number,
): ErrorJson {
  const isWhole = field === undefined && message.startsWith(`${wholeBody} `);
  const row = `data[${index}]`;
  return {
    code,
    detail: isWhole ? message.replace(wholeBody, row) : message,
    field: isWhole ? row : (field ?? null),
    remedy: remedy ?? null,
  };
}

interface ErrorJson {
  readonly code: PurserError["code"];
  readonly detail: string;
  readonly field: string | null;
  readonly remedy: string | null;
}

/** The id of a row that cannot be read, if it has one. */
export function idIn(row: unknown, names: readonly string[]): string | null {
  if (typeof row !== "object" || row === null) return null;
  const ids = names.map((name): unknown => Reflect.get(row, name));
  return ids.find((id) => typeof id === "string") ?? null;
}
