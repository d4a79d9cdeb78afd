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
 * @throws PurserError `invalid_request` for an unknown name, or a single brace.
 */
export function parseTemplate(
  text: string,
  { field, known }: { readonly field: string; readonly known: readonly string[] },
): Template {
  return [...text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)].map(([whole, inner]): Part => {
    if (whole === "{{" || whole === "}}") return { literal: whole.charAt(0) };
    if (whole === "{" || whole === "}")
      throw invalid(field, `has a single ${whole}`, "Write {NAME}, or {{ and }} for braces.");
    if (inner === undefined) return { literal: whole };
    const name = inner.trim();
    if (known.includes(name)) return { name };
    const near = nearest(name, known);
    const meant = near === undefined ? "" : `Did you mean {${near}}? `;
    throw invalid(
      field,
      `has {${name.slice(0, 60)}}, which the events of this notifier do not have`,
      `${meant}They have ${known.map((one) => `{${one}}`).join(", ")}.`,
    );
  });
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
