/** Meters a call that is billed by unit if its price is known. */

import { PurserError } from "../../domain/error.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import {
  chargesRequests,
  chargesTokens,
  lackingUnit,
  pricesCall,
  type UnitQuery,
} from "../../domain/price/unit-price.ts";
import type { BilledUnit } from "../../domain/usage/billed-unit.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { Target } from "../route/target.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { findRoute } from "./find-route.ts";
import { contentTypeOf } from "./content-type.ts";

type Context = Pick<CallContext, "router" | "prices" | "clock" | "models" | "belongings">;

/**
 * @returns The call with a metered endpoint, if it is billed by unit and the book has a price for
 *   it; else the call, with the reason if a price is missing. A free endpoint is metered if the
 *   model has a price that is not zero.
 * @throws PurserError `invalid_request` for a request that cannot be read, unless its provider's
 *   unmetered calls are allowed.
 */
export function meteredWherePriced(context: Context, incoming: IncomingCall): IncomingCall {
  const { target } = incoming;
  if (target.endpoint.unit === undefined) return incoming;
  const facts = factsOf(incoming);
  if (!facts?.unit) return incoming;
  const prices = context.prices();
  const at = context.clock.now();
  const { provider, model } = findRoute(context, incoming, { model: facts.model, at });
  const sheet = prices.sheet({ provider: provider.name, model, at });
  const { unit, serviceTier, region } = facts;
  const query = { serviceTier, region, at };
  const isFree = target.endpoint.metering === "free" && !costsSomething(sheet, unit, query);
  if (sheet && !isFree && pricesCall(sheet, unit, query))
    return { ...incoming, target: meteredTarget(target) };
  if (isFree) return incoming;
  const { meters, family } = lackingUnit(sheet, unit, query) ?? unit;
  const meter = meters[0] ?? family;
  const inTokens = unit.output !== null;
  return { ...incoming, unpriced: { provider: provider.name, model, meter, inTokens } };
}

function costsSomething(
  sheet: PriceSheet | undefined,
  unit: BilledUnit,
  query: UnitQuery,
): boolean {
  if (!sheet) return false;
  return (
    chargesTokens(sheet, query) ||
    chargesRequests(sheet, query) ||
    lackingUnit(sheet, unit, query) === undefined
  );
}

/** @returns undefined for a request without a model, and for one that may pass unread. */
function factsOf({ target, headers, body }: IncomingCall): RequestFacts | undefined {
  try {
    return target.wire.read(target.endpoint, body, contentTypeOf(headers)).facts;
  } catch (error) {
    const isExpected = error instanceof PurserError;
    const mayPass = target.provider?.unmetered === "allow";
    if (isExpected && (mayPass || error.detail.field === "model")) return undefined;
    throw error;
  }
}

/** The router keeps routes by target, so each target has one metered form. */
const meteredTargets = new WeakMap<Target, Target>();

function meteredTarget(target: Target): Target {
  let metered = meteredTargets.get(target);
  if (!metered) {
    metered = { ...target, endpoint: { ...target.endpoint, metering: "metered" } };
    meteredTargets.set(target, metered);
  }
  return metered;
}
