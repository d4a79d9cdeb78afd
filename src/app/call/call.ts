/** Serves one metered call: the story of a call, from its routing to its answer. */

import { tokenizerOf } from "../../domain/estimate/tokenizer.ts";
import { unitsOnly } from "../../domain/price/unit-price.ts";
import type { Refusal } from "../../domain/ledger/command.ts";
import { chargeWithCall, readChargeHeader, toHoldFor } from "../charge/header.ts";
import { hold } from "../hold/hold.ts";
import { InputCount } from "../hold/input-count.ts";
import type { RequestedModel } from "../hold/refusal.ts";
import type { Reply } from "../port/reply.ts";
import { release } from "../settle/settle.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { callToHold } from "./call-to-hold.ts";
import { forward } from "./forward.ts";
import { patienceOf } from "./patience.ts";
import { routeCall, type RoutedCall } from "./route-call.ts";

/** A budget refused a call. */
export interface CallRefusal {
  readonly refusal: Refusal;
  readonly requested: RequestedModel;
}

/**
 * Routes a call, estimates and holds its cost, and forwards it. Its answer is then metered, priced
 * and settled while it passes to the caller (`exchange.ts`, `call-end.ts`). The caller was
 * identified before its body was read.
 *
 * @returns The refusal if a budget refused, and nothing was forwarded; null after a reply.
 * @throws PurserError for a bad request, a key without permission, or a ledger that cannot be
 *   written: nothing was forwarded.
 */
export async function serveCall(
  context: CallContext,
  incoming: IncomingCall,
  reply: Reply,
): Promise<CallRefusal | null> {
  const call = routeCall(context, incoming);
  const charges = readChargeHeader(context, incoming.headers, call);
  const input = inputOf(context, call);
  const toHold = callToHold(context, call, { input, charges: toHoldFor(charges) });
  const { key } = incoming.caller;
  const held = await hold(context, toHold, () =>
    patienceOf(context, key, { reply, bodyBytes: call.body.byteLength }),
  );
  if (!held.admitted)
    return held.abandoned ? null : { refusal: held.refusal, requested: requestedBy(call) };
  try {
    // The key may have been revoked while its call sent a body or waited for room.
    if (key) context.identification.checkLive(key);
    await chargeWithCall(context, { held: held.answer.call, of: toHold, key }, charges);
    if (reply.gone) await release(context, held.answer, "the caller left before the call was made");
    else {
      const exchange = forward(context, { call, held, input }, reply);
      const place = context.inFlight.add(exchange.connection, key);
      // Meters, prices and settles the answer.
      await exchange.ended;
      context.inFlight.remove(place);
    }
  } catch (error) {
    // It failed before anything was sent; once it is sent, the exchange ends the hold.
    await release(context, held.answer, "the call could not be made");
    throw error;
  } finally {
    held.ended();
  }
  return null;
}

function requestedBy({ route, request, at, prices }: RoutedCall): RequestedModel {
  const { unit } = request.facts;
  const asked = { provider: route.provider.name, model: route.model };
  if (unit === undefined) return { ...asked, units: unitsOnly(prices.sheet({ ...asked, at })) };
  const { toHoldLess } = unit;
  return { ...asked, ...(toHoldLess !== undefined && { toHoldLess }) };
}

/** Counts the input only if needed. */
function inputOf({ counter }: CallContext, { body, route }: RoutedCall): InputCount {
  const { provider, model } = route;
  return new InputCount(counter, {
    body,
    tokenizer: tokenizerOf({ family: provider.tokenizer, model }),
  });
}
