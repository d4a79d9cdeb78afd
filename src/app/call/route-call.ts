/** Reads a metered call, chooses where it goes, and checks that its key permits that. */

import type { PriceBook } from "../../domain/price/sheet.ts";
import type { ReadRequest } from "../../wire/wire.ts";
import type { Headers } from "../caller/identify.ts";
import { checkAllowed, checkOtherAllowed } from "../caller/permission.ts";
import type { Route } from "../route/target.ts";
import { checkReferences } from "./belongings.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { findRoute } from "./find-route.ts";
import { checkModel } from "./own-models.ts";

/** A call that was read and is permitted. Nothing is held yet. */
export interface RoutedCall extends IncomingCall {
  readonly at: number;
  /** The book of that time. It prices the hold and the bill, whatever is set in between. */
  readonly prices: PriceBook;
  readonly route: Route;
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
  return { at, prices, caller, target, method, headers, body, route, request };
}

/** @returns undefined for a header that is absent or repeated. */
export function contentTypeOf({ "content-type": type }: Headers): string | undefined {
  return typeof type === "string" ? type : undefined;
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
