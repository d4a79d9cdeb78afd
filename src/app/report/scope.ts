/** Limits what a key may see: figures of calls, and budgets. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { everyValue } from "../../domain/budget/applies.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import { narrowest, ownValue } from "../../domain/budget/own.ts";
import { PurserError } from "../../domain/error.ts";
import type { Principal } from "../caller/principal.ts";

/**
 * Adds what the key fixes to the requested values, both by dimension (`project`, `tag:customer`).
 *
 * @throws PurserError `forbidden` if a requested value is outside the key's attribution.
 */
export function confine(
  caller: Principal,
  asked: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fixed = fixedValues(caller);
  for (const [name, value] of Object.entries(asked)) {
    const own = fixed[name];
    if (own === undefined || own === value) continue;
    throw new PurserError(
      "forbidden",
      `${name}: this key reads the figures of another ${name} only`,
      {
        field: name,
        remedy: `Leave ${name} out, or use a key for it.`,
      },
    );
  }
  return { ...asked, ...fixed };
}

/** @throws PurserError `forbidden` if the key is confined to a part of the figures. */
export function checkSeesAll(caller: Principal): void {
  const [dimension] = Object.keys(fixedValues(caller));
  if (dimension === undefined) return;
  throw new PurserError("forbidden", `this key reads the figures of one ${dimension} only`, {
    remedy: "Use a reader key without attribution.",
  });
}

/**
 * Returns the value of a budget's dimension to which the caller is confined: null if it sees the
 * whole budget, undefined if it sees nothing of it.
 *
 * A reader whose key fixes nothing sees every budget. A caller key sees the budgets that count only
 * its own calls, so none if it fixes nothing.
 */
export function visibleValue({ role, key }: Principal, budget: Budget): string | null | undefined {
  if (role === "admin" || !key) return null;
  if (role === "reader" && narrowest(key.attribution) === undefined) return null;
  const own = ownValue(budget, key.attribution);
  return own !== undefined && budget.resourceId !== everyValue ? null : own;
}

/**
 * Chooses the value whose figures of a budget are shown: null for all values together.
 *
 * @param asked The requested value, of a budget for every value.
 * @throws PurserError `not_found` if the caller sees nothing of the budget, as if it did not exist;
 *   `invalid_request` for a value of a budget with one counter; `forbidden` for another value than
 *   the caller's own.
 */
export function shownValue(
  caller: Principal,
  budget: Budget,
  asked: string | undefined,
): string | null {
  const own = visibleValue(caller, budget);
  if (own === undefined) {
    throw new PurserError("not_found", `no budget "${budget.budgetId}"`, {
      field: "budget_id",
      remedy: "List budgets to see their ids.",
    });
  }
  if (asked === undefined) return own;
  if (budget.resourceId !== everyValue) {
    throw new PurserError(
      "invalid_request",
      `value: budget "${budget.budgetId}" has one counter only`,
      {
        field: "value",
        remedy: "Leave it out; it selects a value of a budget whose resource_id is *.",
      },
    );
  }
  if (own === null || own === asked) return asked;
  throw new PurserError("forbidden", "value: this key reads another value only", {
    field: "value",
    remedy: "Leave value out.",
  });
}

/** The values that the key fixes, by dimension. An administrator is not confined. */
function fixedValues({ role, key }: Principal): Readonly<Record<string, string>> {
  if (role === "admin" || !key) return {};
  return valuesOf(key.attribution);
}

function valuesOf({ tags, ...attribution }: Attribution): Readonly<Record<string, string>> {
  const values: Record<string, string> = { ...attribution };
  for (const [name, value] of Object.entries(tags ?? {})) values[`tag:${name}`] = value;
  return values;
}
