/** Charges calls that a crash interrupted at the amount held, because their end is unknown. */

import { announceChange, type Audience } from "../hold/announce.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { unresolvedOutcome } from "../settle/unresolved-outcome.ts";

interface RecoverContext extends Audience {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * Settles the holds that a dead process left open. Holds with an expiry stay: their callers settle
 * them.
 *
 * @returns How many were charged as unresolved.
 */
export async function recover(
  { ledger, clock, ...audience }: RecoverContext,
  priceVersion: string,
): Promise<number> {
  const left = (await ledger.openHolds()).filter((hold) => hold.expiresAt === null);
  for (const { operationId, attempt, route, amount, at } of left) {
    const endedAt = clock.now();
    // The monotonic clock of the dead process is gone, so the wall clock has to do.
    const outcome = unresolvedOutcome(priceVersion, {
      model: route.model,
      held: amount,
      latencyMs: Math.max(0, endedAt - at),
      flags: [],
    });
    const settled = await ledger.decide({
      kind: "settle",
      at: endedAt,
      operationId,
      attempt,
      outcome,
      fingerprint: null,
    });
    announceChange(audience, settled.crossed);
  }
  await ledger.flush();
  return left.length;
}
