/** Rewrites errors of the control plane to name the command line option instead of the field. */

import { ApiProblem } from "./failure.ts";

export interface OptionWord {
  /** Such as `--warn`. */
  readonly option: string;
  /** Replaces the remedy of the field if it does not fit the command line. */
  readonly remedy?: string;
}

/** By field of the request. */
export type OptionWords = Readonly<Record<string, OptionWord>>;

/** For fields whose option has the same name, with dashes. */
export function sameNames(...fields: readonly string[]): OptionWords {
  return Object.fromEntries(
    fields.map((field) => [field, { option: `--${field.replaceAll("_", "-")}` }]),
  );
}

/** @returns The original error if it is not about one of the fields. */
export function inOptionWords(error: unknown, words: OptionWords): unknown {
  if (!(error instanceof ApiProblem) || error.field === null) return error;
  const [, name = "", , member] = /^(\w+)(\[\d+\])?(?:\.(.+))?$/.exec(error.field) ?? [];
  const word = Object.hasOwn(words, name) ? words[name] : undefined;
  if (!word) return error;
  const typed = member === undefined ? word.option : `${word.option} ${member}`;
  const message = error.message.startsWith(error.field)
    ? `${typed}${error.message.slice(error.field.length)}`
    : error.message;
  const remedy =
    word.remedy ??
    (error.remedy?.includes("/openapi.json")
      ? "See --help for the values it accepts."
      : error.remedy);
  return new ApiProblem({
    status: error.status,
    code: error.code,
    message,
    field: word.option,
    ...(remedy !== null && { remedy }),
  });
}
