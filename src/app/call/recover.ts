/** After a crash: calls that may have reached a provider are charged at the held amount, since their end is unknown. */

import { announceChange, type Audience } from "../hold/announce.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { unresolvedOutcome } from "../settle/outcome.ts";

interface RecoverContext extends Audience {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * Settles the holds that a dead process left behind. Holds with an expiry belong to callers that settle them themselves, and stay.
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
    // The clock of the process that began the call is gone: only the time of day is left of it.
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
