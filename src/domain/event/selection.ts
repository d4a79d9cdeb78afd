/** Selects events by type, by whom they are about, and by budget. */

import type { Attribution, AttributionKey } from "../attribution/attribution.ts";
import { attributedTo } from "../attribution/attribution.ts";
import { invalid, show } from "../input/fields.ts";
import { suggest } from "../input/nearest.ts";
import { eventTypes, type Event } from "./event.ts";

/** Absent fields do not narrow. */
export interface EventSelection {
  /** Types, or patterns with `*`: `budget.*`. One must match. */
  readonly types?: readonly string[];
  /** Values by dimension (`team`, `tag:customer`). All must match. */
  readonly attribution?: Readonly<Record<string, string>>;
  readonly budgetId?: string;
  /** Leaves out calls of this provider. */
  readonly exceptProvider?: string;
}

/**
 * Checks patterns of event types.
 *
 * @param field Their name in errors, such as `type` or `notifiers[0].events`.
 * @throws PurserError `invalid_request` for an empty list, or a pattern that no type matches.
 */
export function checkTypes(patterns: readonly string[], field: string): readonly string[] {
  if (patterns.length === 0)
    throw invalid(field, "is an empty list, which selects nothing", "Leave it out for all types.");
  for (const pattern of patterns) {
    if (eventTypes.some((type) => matchesType(pattern, type))) continue;
    throw invalid(
      field,
      `is ${show(pattern)}, which matches no type of event`,
      `${suggest(pattern, eventTypes)} A * matches any characters, as in budget.*`,
    );
  }
  return patterns;
}

export function selects(
  { types, attribution, budgetId, exceptProvider }: EventSelection,
  event: Event,
): boolean {
  const { about } = event;
  return (
    (types === undefined || types.some((pattern) => matchesType(pattern, event.type))) &&
    (budgetId === undefined || budgetOf(event) === budgetId) &&
    (exceptProvider === undefined || about.kind !== "call" || about.provider !== exceptProvider) &&
    Object.entries(attribution ?? {}).every(([name, value]) => isAbout(event, name, value))
  );
}

/** A notifier, and the names of all that are configured. */
export interface Receiver {
  readonly name: string;
  readonly configured: readonly string[];
}

/**
 * What a notifier delivers: what it selects, and the alerts of rules that name it. An alert whose
 * rule names only notifiers that are not configured goes to all, so that it does not get lost.
 */
export function isFor(
  { name, configured }: Receiver,
  selection: EventSelection,
  event: Event,
): boolean {
  const { about } = event;
  if (about.kind !== "rule" || about.notify === undefined) return selects(selection, event);
  if (about.notify !== null && about.notify.some((one) => configured.includes(one)))
    return about.notify.includes(name);
  const { types: _, ...narrowing } = selection;
  return selects(narrowing, event);
}

/** Matches in linear time: each part of the pattern is found at its first place. */
export function matchesType(pattern: string, type: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === type;
  if (!type.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = type.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return type.length - last.length >= at && type.endsWith(last);
}

function budgetOf({ about }: Event): string | null {
  if (about.kind === "budget") return about.budget.budgetId;
  return about.kind === "call" || about.kind === "rule" ? about.budgetId : null;
}

/** A call has its attribution; a budget is about the value that it counts. */
function isAbout({ about }: Event, name: string, value: string): boolean {
  if (about.kind === "call" || about.kind === "rule")
    return hasValue(about.attribution, name, value);
  if (about.kind !== "budget") return false;
  const { budget } = about;
  return budget.budgetType === name && (about.value ?? budget.resourceId) === value;
}

function hasValue(attribution: Attribution, name: string, value: string): boolean {
  return attributedTo(attribution, name as AttributionKey) === value;
}
