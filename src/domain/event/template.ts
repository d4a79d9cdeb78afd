/** Templates for messages: text with the names of facts in braces, such as `{budget_id}`. */

import { invalid } from "../input/fields.ts";
import { nearest } from "../input/nearest.ts";
import type { Facts } from "./facts.ts";

/** A literal text, or the name of a fact. */
type Part = { readonly literal: string } | { readonly name: string };

export type Template = readonly Part[];

/**
 * `{{` and `}}` are literal braces.
 *
 * @param known The names that it may use.
 * @throws PurserError `invalid_request` for unknown names and single braces, all at once.
 */
export function parseTemplate(
  text: string,
  { field, known }: { readonly field: string; readonly known: readonly string[] },
): Template {
  const problems: Problem[] = [];
  const parts = [...text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)].map(
    ([whole, inner]): Part => {
      if (whole === "{{" || whole === "}}") return { literal: whole.charAt(0) };
      if (whole === "{" || whole === "}")
        problems.push({
          found: `a single ${whole}`,
          remedy: "Write {NAME}, or {{ and }} for braces.",
        });
      if (inner === undefined) return { literal: whole };
      const name = inner.trim();
      if (!known.includes(name)) problems.push(unknownName(name, known));
      return { name };
    },
  );
  const [first] = problems;
  if (!first) return parts;
  const found = problems.map((problem) => problem.found).join(", and ");
  const remedies = new Set(problems.map(({ remedy }) => remedy));
  const list = `They have ${known.map((one) => `{${one}}`).join(", ")}.`;
  const needsList = problems.some(({ isName }) => isName);
  throw invalid(
    field,
    `has ${found}`,
    [...remedies, ...(needsList ? [list] : [])].filter((one) => one !== "").join(" "),
  );
}

interface Problem {
  readonly found: string;
  readonly remedy: string;
  readonly isName?: true;
}

function unknownName(name: string, known: readonly string[]): Problem {
  const near = nearest(name, known);
  return {
    found: `{${name.slice(0, 60)}}, which the events of this notifier do not have`,
    remedy: near === undefined ? "" : `Did you mean {${near}}?`,
    isName: true,
  };
}

/** Whether an event has all that the template names. */
export function canFill(template: Template, facts: Facts): boolean {
  return template.every((part) => "literal" in part || facts.has(part.name));
}

/** @param escape Makes a value literal for the target. The text around it is left as written. */
export function fillTemplate(
  template: Template,
  { facts, escape }: { readonly facts: Facts; readonly escape: (value: string) => string },
): string {
  return template
    .map((part) => ("literal" in part ? part.literal : escape(facts.get(part.name) ?? "")))
    .join("");
}
