/** What the control plane refuses, in the words of the command line: the option as it was typed, not the field of the request. */

import { ApiProblem } from "./failure.ts";

export interface OptionWord {
  /** Such as `--warn`. */
  readonly option: string;
  /** Where the field's own remedy would not fit what is typed. */
  readonly remedy?: string;
}

/** By the name of the request's field. */
export type OptionWords = Readonly<Record<string, OptionWord>>;

/** For fields whose option is called as they are, with dashes. */
export function sameNames(...fields: readonly string[]): OptionWords {
  return Object.fromEntries(
    fields.map((field) => [field, { option: `--${field.replaceAll("_", "-")}` }]),
  );
}

/** @returns The error itself where it is not about one of the fields. */
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
    (error.remedy?.includes("/openapi.json") ? "See --help for what it takes." : error.remedy);
  return new ApiProblem({
    status: error.status,
    code: error.code,
    message,
    field: word.option,
    ...(remedy !== null && { remedy }),
  });
}
