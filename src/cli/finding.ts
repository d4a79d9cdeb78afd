/** A finding of `purser doctor` about one subject. */

import { failureOf } from "./failure.ts";

export interface Finding {
  readonly subject: string;
  readonly state: "well" | "warning" | "wrong";
  readonly message: string;
  readonly remedy: string | null;
}

export function well(subject: string, message: string): Finding {
  return { subject, state: "well", message, remedy: null };
}

export function warning(
  subject: string,
  { message, remedy }: { readonly message: string; readonly remedy: string },
): Finding {
  return { subject, state: "warning", message, remedy };
}

export function wrong(
  subject: string,
  facts: { readonly message: string; readonly remedy: string },
): Finding {
  return { subject, state: "wrong", ...facts };
}

/** One finding for each error of a configuration; a single one for any other error. */
export function allWrong(subject: string, error: unknown, usualRemedy: string): readonly Finding[] {
  const { faults } = failureOf(error);
  if (!faults) return [wrongBy(subject, error, usualRemedy)];
  return faults.map(({ message, remedy }) =>
    wrong(subject, { message, remedy: remedy ?? usualRemedy }),
  );
}

/** @param usualRemedy Used if the error has no remedy. */
export function wrongBy(subject: string, error: unknown, usualRemedy: string): Finding {
  const { message, remedy } = failureOf(error);
  return wrong(subject, { message, remedy: remedy ?? usualRemedy });
}
