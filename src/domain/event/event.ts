/** What happens in a ledger, as events for programs and people outside. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget } from "../budget/budget.ts";
import type { CloudEvent } from "./cloud-event.ts";
import { eventId, type EventPosition } from "./position.ts";
import { formatInstant } from "../input/scalar.ts";

/**
 * All types of events, in the order of the documentation (`docs/reference/events.md`). Names and
 * fields that are out never change their meaning; new ones are added.
 */
export const eventTypes = [
  "cost.recorded",
  "cost.corrected",
  "call.refused",
  "price.missing",
  "hold.unresolved",
  "hold.expired",
  "budget.warning",
  "budget.exceeded",
  "budget.paused",
  "budget.resumed",
  "budget.extended",
  "budget.approval_requested",
  "budget.approval_declined",
  "budget.window_started",
  "budget.changed",
  "key.created",
  "key.changed",
  "key.first_used",
  "prices.updated",
  "rule.fired",
  "rule.acknowledged",
  "rule.escalated",
  "epoch.started",
  "export.done",
  "export.failed",
] as const;

export type EventType = (typeof eventTypes)[number];

/** Whom an event is about: it decides who may see it, and which filters find it. */
export type EventSubject =
  | {
      readonly kind: "call";
      readonly attribution: Attribution;
      readonly provider: string;
      /** The budget that refused the call. */
      readonly budgetId: string | null;
    }
  /** @property value The value whose counter it is about; null for the budget as a whole. */
  | { readonly kind: "budget"; readonly budget: Budget; readonly value: string | null }
  /**
   * @property notify Names of the notifiers that deliver it; null for all. Absent: those that
   *   select it.
   */
  | {
      readonly kind: "rule";
      readonly attribution: Attribution;
      readonly budgetId: string | null;
      readonly notify?: readonly string[] | null;
    }
  | { readonly kind: "key" }
  | { readonly kind: "prices" }
  | { readonly kind: "epoch" }
  | { readonly kind: "export" };

/** An event before it has a place in its entry. */
export interface Happening {
  readonly type: EventType;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The id of the operation, budget, key or model. */
  readonly subject: string;
  readonly about: EventSubject;
  /** As JSON, in snake_case. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Event extends Happening {
  readonly position: EventPosition;
}

/** The `source` of all events. */
export const eventSource = "/purser";

/** A CloudEvent of a ledger. */
export type LedgerEvent = CloudEvent & { readonly type: EventType; readonly subject: string };

export function toCloudEvent({ position, type, at, subject, data }: Event): LedgerEvent {
  return {
    specversion: "1.0",
    id: eventId(position),
    source: eventSource,
    type,
    time: formatInstant(at),
    subject,
    datacontenttype: "application/json",
    data,
  };
}
