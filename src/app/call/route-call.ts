/** Reads a metered call, chooses where it goes, and checks that its key permits that. */

import type { Replaced } from "../../domain/ledger/entry.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { ReadRequest } from "../../wire/wire.ts";
import { checkAllowed, checkOtherAllowed } from "../caller/permission.ts";
import type { Route } from "../route/target.ts";
import { checkReferences } from "./belongings.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { contentTypeOf } from "./content-type.ts";
import { findRoute } from "./find-route.ts";
import { checkModel } from "./own-models.ts";
import { replaceModel } from "./replace-model.ts";

/** A call that was read and is permitted. Nothing is held yet. */
export interface RoutedCall extends IncomingCall {
  readonly at: number;
  /** The book of that time. It prices the hold and the bill, whatever is set in between. */
  readonly prices: PriceBook;
  readonly route: Route;
  /** What the caller asked for, if a rule replaced it. */
  readonly replaced?: Replaced;
  readonly request: ReadRequest;
}

/**
 * @throws PurserError `invalid_request` or `not_found` for a bad request, `forbidden` for a model
 *   or a stored object that the key may not use.
 */
export function routeCall(context: CallContext, incoming: IncomingCall): RoutedCall {
  const { caller, target, headers, body, method } = incoming;
  const request = target.wire.read(target.endpoint, body, contentTypeOf(headers));
  const at = context.clock.now();
  const prices = context.prices();
  const route = findRoute(context, incoming, { model: request.facts.model, at });
  checkPermitted(context, incoming, { route, request });
  const asked = { at, prices, caller, target, method, headers, body, route, request };
  const replaced = replaceModel(context, asked);
  return replaced === null ? asked : { ...asked, ...replaced };
}

function checkPermitted(
  { belongings }: CallContext,
  { caller }: IncomingCall,
  { route, request }: Pick<RoutedCall, "route" | "request">,
): void {
  const { provider, wire, model } = route;
  checkAllowed(caller, route);
  const custody = { belongings, caller, provider, wire };
  checkModel(custody, model);
  for (const { model: other } of request.facts.otherModels ?? []) {
    checkOtherAllowed(caller, { provider, model: other });
    if (other !== null) checkModel(custody, other);
  }
  checkReferences(custody, request.stored.uses);
}
