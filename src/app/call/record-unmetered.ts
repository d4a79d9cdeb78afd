/** Records a call whose cost cannot be known. */

import { PurserError } from "../../domain/error.ts";
import { nothing, type Outcome } from "../../domain/ledger/entry.ts";
import { zero } from "../../domain/money/money.ts";
import { makeOperationId } from "../caller/operation-id.ts";
import { announceChange, announceRefusal } from "../hold/announce.ts";
import { explainRefusal } from "../hold/refusal.ts";
import type { Route } from "../route/target.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";

/**
 * Counts the call as one request of unknown cost, before it is made.
 *
 * @throws PurserError `unmetered` if the configuration refuses it, `forbidden` if a budget does.
 */
export async function recordUnmetered(
  context: CallContext,
  incoming: IncomingCall,
  route: Route,
): Promise<void> {
  if (route.provider.unmetered === "refuse") throw unmetered(route, incoming);
  const { caller } = incoming;
  const at = context.clock.now();
  const call = {
    operationId: makeOperationId(at),
    repeat: "new",
    attribution: caller.attribution,
    route: {
      provider: route.provider.name,
      model: route.model,
      endpoint: route.endpoint.name,
      keyId: caller.key?.keyId ?? null,
    },
    budgets: caller.key?.budgets ?? [],
    expiresAt: null,
    fingerprint: null,
    final: true,
  } as const;
  const cost = { ...nothing, requests: 1n };
  const demand = {
    fixed: cost,
    perOutputToken: zero,
    outputTokens: 0,
    leastOutputTokens: 0,
    inputTokens: 0,
  };
  const answer = await context.ledger.commit({ kind: "hold", at, ...call, demand });
  if (!answer.admitted) {
    announceRefusal(context, answer.refusal);
    throw new PurserError("forbidden", explainRefusal(answer.refusal, call.route), {
      field: "budget",
      remedy: "Wait for the window to reset, or raise the amount.",
    });
  }
  const outcome: Outcome = {
    status: "estimated",
    model: route.model,
    usage: { request: 1 },
    charges: [],
    cost,
    reportedCost: null,
    rawUsage: null,
    flags: ["unmetered"],
    latencyMs: 0,
    priceVersion: context.prices().version,
  };
  const settled = await context.ledger.decide({
    kind: "settle",
    at,
    ...answer.call,
    outcome,
    fingerprint: null,
  });
  announceChange(context, settled.crossed);
}

function unmetered({ provider, endpoint }: Route, { method, target }: IncomingCall): PurserError {
  return new PurserError(
    "unmetered",
    `${method} ${target.path} (${endpoint.name}) of ${provider.name} has a cost that its answer does not report`,
    {
      field: "path",
      remedy: `Set providers.${provider.name}.unmetered to \`allow\` to let such calls pass without a charge.`,
    },
  );
}
