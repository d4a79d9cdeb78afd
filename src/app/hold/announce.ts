/** Announces decisions of the ledger to the observer and to calls that wait for room. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { ThresholdEntry } from "../../domain/ledger/entry.ts";
import type { Observer } from "../port/observer.ts";
import { refusedCall } from "./refusal.ts";
import type { Waiting } from "./waiting.ts";

/** Those to whom decisions are announced. */
export interface Audience {
  readonly waiting: Pick<Waiting, "roomMade">;
  readonly observer: Pick<Observer, "refused" | "thresholdCrossed">;
}

/** Call this once for each refusal that a caller gets, at the gateway and over the API. */
export function announceRefusal({ observer }: Pick<Audience, "observer">, refusal: Refusal): void {
  observer.refused(refusedCall(refusal));
}

/** Call this after people changed a budget, with the thresholds that the change crossed. */
export function announceControl(
  audience: Audience & { readonly waiting: Pick<Waiting, "approvals"> },
  crossed: readonly ThresholdEntry[] = [],
): void {
  announceChange(audience, crossed);
  audience.waiting.approvals.tryAll();
}

/**
 * Call this after each decision that ends a hold, corrects a charge or changes a budget, at the
 * gateway and over the API.
 *
 * @param crossed Thresholds that the decision crossed.
 */
export function announceChange(
  { waiting, observer }: Audience,
  crossed: readonly ThresholdEntry[] = [],
): void {
  waiting.roomMade();
  for (const threshold of crossed) observer.thresholdCrossed(threshold);
}
