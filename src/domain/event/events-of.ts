/** Turns each journal entry into its events: always the same ones, with the same ids. */

import type { Entry } from "../ledger/entry.ts";
import { budgetChanged, thresholdCrossed, windowStarted } from "./budget-events.ts";
import { approvalRequested } from "./approval-event.ts";
import { budgetControlled } from "./control-events.ts";
import { callLapsed, callRefused, charged, corrected } from "./call-events.ts";
import type { EntryContext } from "./context.ts";
import { epochStarted, exportEnded } from "./export-events.ts";
import type { Event, Happening } from "./event.ts";
import { alerted } from "./rule-events.ts";
import {
  keyChanged,
  keyFirstUsed,
  priceStated,
  priceRemoved,
  pricesReverted,
  pricesUpdated,
} from "./set-up-events.ts";

/** @returns In order; empty for an entry that says nothing to the outside. */
export function eventsOf(
  { seq, entry }: { readonly seq: number; readonly entry: Entry },
  context: EntryContext,
): readonly Event[] {
  const { firstUseOf, opened = [] } = context;
  const happenings = [
    ...(firstUseOf === undefined ? [] : [keyFirstUsed(entry, firstUseOf, context.key)]),
    ...opened.map((one) => windowStarted(one, entry.at)),
    ...happeningsOf(entry, context),
  ];
  return happenings.map((happening, index) => ({ ...happening, position: { seq, index } }));
}

function happeningsOf(entry: Entry, context: EntryContext): readonly Happening[] {
  switch (entry.kind) {
    case "settle":
      return charged(entry, context.call);
    case "correction":
      return [corrected(entry, context.call)];
    case "expire":
      return [callLapsed(entry, context.call)];
    case "refusal":
      return callRefused(entry, context.budget);
    case "threshold":
      return thresholdCrossed(entry, context.budget);
    case "budget":
      return [budgetChanged(entry, context.before)];
    case "budget_pause":
    case "budget_resume":
    case "budget_extension":
    case "budget_decline":
      return [budgetControlled(entry, context.budget)];
    case "budget_ask":
      return [approvalRequested(entry, context.budget)];
    case "key":
      return [keyChanged(entry, context.before)];
    case "price":
      return [priceStated(entry)];
    case "price_removal":
      return [priceRemoved(entry)];
    case "price_update":
      return [pricesUpdated(entry)];
    case "price_revert":
      return [pricesReverted(entry)];
    case "rule_fired":
    case "rule_acknowledged":
    case "rule_escalated":
      return [alerted(entry)];
    case "epoch":
      return [epochStarted(entry)];
    case "export_done":
    case "export_failed":
      return [exportEnded(entry)];
    // What it does is said when it fires.
    case "rule":
      return [];
    // A call under way: its events come when it ends.
    case "hold":
    case "top_up":
    case "move":
      return [];
    // Nothing was spent, and the caller knows.
    case "release":
      return [];
  }
  // Does not compile while a kind of entry is missing above.
  entry satisfies never;
  return [];
}
