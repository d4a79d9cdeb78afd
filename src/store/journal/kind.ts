/** The numbers of the `kind` column: one per kind of entry and, for outcomes, per status. */

import type { CallStatus, Entry } from "../../domain/ledger/entry.ts";

/** Stored on disk: never reuse a number. */
export const kinds = {
  hold: 1,
  top_up: 2,
  settled: 3,
  estimated: 4,
  unresolved: 5,
  release: 6,
  expire: 7,
  corrected_settled: 8,
  corrected_estimated: 9,
  corrected_unresolved: 10,
  refusal: 11,
  threshold: 12,
  move: 13,
  budget: 20,
  key: 21,
  price: 22,
  price_update: 23,
  price_revert: 24,
  price_removal: 25,
  budget_pause: 30,
  budget_resume: 31,
  budget_extension: 32,
  budget_ask: 33,
  budget_decline: 34,
  rule: 40,
  rule_fired: 41,
  rule_acknowledged: 42,
  rule_escalated: 43,
  epoch: 50,
  export_done: 51,
  export_failed: 52,
} as const;

/** Roll-ups are grouped by status; refusals have a status of their own. */
export const statuses = {
  settled: 1,
  estimated: 2,
  unresolved: 3,
  released: 4,
  refused: 5,
} as const;

export type StatusCode = (typeof statuses)[keyof typeof statuses];

export function isOutcome(kind: number): boolean {
  return kind >= kinds.settled && kind <= kinds.corrected_unresolved;
}

export function isCorrection(kind: number): boolean {
  return kind >= kinds.corrected_settled && kind <= kinds.corrected_unresolved;
}

export function kindOf(entry: Entry): number {
  if (entry.kind === "settle") return kinds[entry.status];
  if (entry.kind === "correction") return kinds[`corrected_${entry.status}`];
  return kinds[entry.kind];
}

/** The status of a call after an outcome entry of this kind. */
export function statusOf(kind: number): CallStatus {
  if (kind === kinds.settled || kind === kinds.corrected_settled) return "settled";
  if (kind === kinds.estimated || kind === kinds.corrected_estimated) return "estimated";
  return kind === kinds.unresolved || kind === kinds.corrected_unresolved
    ? "unresolved"
    : "released";
}

/** The kinds of outcome that leave a call in this status. */
export function kindsOf(status: CallStatus): readonly number[] {
  return Object.values(kinds).filter((kind) => isOutcome(kind) && statusOf(kind) === status);
}
