/** Releases a hold over the API. */

import type { ReleaseAnswer } from "../../domain/ledger/command.ts";
import { announceChange } from "../hold/announce.ts";
import type { DeskContext } from "./desk-context.ts";
import { type FoundHold, refuseGatewayCall } from "./find-hold.ts";

/**
 * Releases the whole hold; nothing is charged.
 *
 * @throws PurserError `conflict` for a call in flight at the gateway, or a hold that was settled.
 */
export async function releaseByApi(
  context: DeskContext,
  hold: FoundHold,
  reason: string,
): Promise<ReleaseAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  const answer = await context.ledger.commit({
    kind: "release",
    at: context.clock.now(),
    operationId,
    attempt,
    reason,
  });
  announceChange(context);
  return answer;
}
