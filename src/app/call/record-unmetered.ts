/** Records a call whose cost cannot be known. */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import { nothing, type CallId, type Outcome, type Quantities } from "../../domain/ledger/entry.ts";
import { makeOperationId } from "../caller/operation-id.ts";
import { announceChange, announceRefusal } from "../hold/announce.ts";
import { fixedDemand } from "../hold/estimate.ts";
import { explainRefusal } from "../hold/refusal.ts";
import type { Route } from "../route/target.ts";
import type { CallContext, IncomingCall, UnpricedUnit } from "./call-context.ts";

interface UnmeteredCall {
  readonly incoming: IncomingCall;
  readonly route: Route;
  readonly at: number;
}

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
  const at = context.clock.now();
  const call = await holdRequest(context, { incoming, route, at });
  const outcome: Outcome = {
    status: "estimated",
    model: route.model,
    usage: { request: 1 },
    charges: [],
    cost: oneRequest,
    reportedCost: null,
    rawUsage: null,
    flags: ["unmetered"],
    latencyMs: 0,
    priceVersion: context.prices().version,
  };
  const settled = await context.ledger.decide({
    kind: "settle",
    at,
    ...call,
    outcome,
    fingerprint: null,
  });
  announceChange(context, settled.crossed);
}

const oneRequest: Quantities = { ...nothing, requests: 1n };

/** @throws PurserError `forbidden` if a budget refuses. */
async function holdRequest(
  context: CallContext,
  { incoming, route, at }: UnmeteredCall,
): Promise<CallId> {
  const { attribution, key } = incoming.caller;
  const requested = { provider: route.provider.name, model: route.model };
  const answer = await context.ledger.commit({
    kind: "hold",
    at,
    operationId: makeOperationId(at),
    repeat: "new",
    attribution,
    route: { ...requested, endpoint: route.endpoint.name, keyId: key?.keyId ?? null },
    budgets: key?.budgets ?? [],
    demand: fixedDemand(oneRequest),
    expiresAt: null,
    fingerprint: null,
    final: true,
  });
  if (answer.admitted) return answer.call;
  announceRefusal(context, answer.refusal);
  throw new PurserError("forbidden", explainRefusal(answer.refusal, requested), {
    field: "budget",
    remedy: "Wait for the window to reset, or raise the amount.",
  });
}

/** @throws PurserError `unmetered` for a call that is refused only because a price is missing. */
export function checkPriced({ provider }: Route, { unpriced }: IncomingCall): void {
  if (unpriced && provider.unmetered === "refuse") throw withoutPrice(unpriced);
}

function unmetered(
  { provider, endpoint }: Route,
  { method, target, unpriced }: IncomingCall,
): PurserError {
  if (unpriced) return withoutPrice(unpriced);
  return new PurserError(
    "unmetered",
    `${method} ${target.path} (${endpoint.name}) of ${provider.name} has a cost that its answer does not report`,
    {
      field: "path",
      remedy: `Set providers.${provider.name}.unmetered to \`allow\` to let such calls pass without a charge.`,
    },
  );
}

const tokenPrice = "`input` and `output` per million tokens, or both zero and ";
const noTokenPrice = "`input` and `output` of zero and ";

function withoutPrice({ provider, model, meter, inTokens }: UnpricedUnit): PurserError {
  const units = inTokens ? `tokens or ${meter}` : meter;
  return new PurserError(
    "unmetered",
    `model: "${shorten(model, 100)}" of ${provider} has no price in ${units}, so the cost of the call cannot be known`,
    {
      field: "model",
      remedy:
        `State its price under \`prices\`: ${inTokens ? tokenPrice : noTokenPrice}\`meters: { ${meter}: "0.04" }\`; or set ` +
        `providers.${provider}.unmetered to \`allow\` to let such calls pass without a charge.`,
    },
  );
}
