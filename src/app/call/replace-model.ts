/** Serves a cheaper model than a call asks for, while the action of a rule says so. */

import { mayCall } from "../../domain/key/key.ts";
import type { Replaced } from "../../domain/ledger/entry.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { ReadRequest } from "../../wire/wire.ts";
import type { Route } from "../route/target.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { contentTypeOf } from "./content-type.ts";
import { mayHave } from "./own-models.ts";

interface CallAsAsked extends Pick<IncomingCall, "caller" | "target" | "headers" | "body"> {
  readonly route: Route;
  readonly request: ReadRequest;
  readonly prices: PriceBook;
  readonly at: number;
}

/** What replaces the fields of a call. */
export interface ReplacedCall {
  readonly route: Route;
  readonly replaced: Replaced;
  readonly request: ReadRequest;
  readonly body: Uint8Array;
}

/**
 * A call that cannot be served by the cheaper model is served as it asks: its key may not call that
 * model, the model has no price by token or another format, or the call is billed by unit.
 *
 * @returns Null if the call is served as it asks, at once if no action is in effect.
 */
export function replaceModel(context: CallContext, call: CallAsAsked): ReplacedCall | null {
  const replacements = context.ledger.replacements();
  if (replacements === null) return null;
  const { caller, target, route: asked, request, at } = call;
  const { provider, model } = asked;
  const budgets = caller.key?.budgets ?? none;
  const subject = {
    attribution: caller.attribution,
    route: { provider: provider.name, model },
    budgets,
  };
  const found = replacements.of(subject, at);
  if (found === null || request.facts.unit !== undefined) return null;
  const served = found.model.slice(provider.name.length + 1);
  if (!canServe(context, call, served)) return null;
  const route = context.router.routeTo(target, provider, served);
  return { route, replaced: { model, ruleId: found.ruleId }, ...readAs(call, served) };
}

function canServe(
  { belongings }: CallContext,
  { caller, route: { provider, wire }, prices, at }: CallAsAsked,
  model: string,
): boolean {
  const { key } = caller;
  const served = { provider: provider.name, model };
  return (
    (key === null || mayCall(key, served)) &&
    mayHave({ belongings, caller, provider, wire }, model) &&
    wire.canCall(model) &&
    prices.sheet({ ...served, at })?.pricesTokens === true
  );
}

/** What a request can cost depends on its model, so it is read again. */
function readAs(
  { target: { wire, endpoint }, request, headers, body }: CallAsAsked,
  model: string,
): Pick<ReplacedCall, "request" | "body"> {
  const isInPath = endpoint.model !== undefined;
  const renamed = isInPath ? body : request.edit({ model });
  const type = request.contentType ?? contentTypeOf(headers);
  const read = wire.read(isInPath ? { ...endpoint, model } : endpoint, renamed, type);
  return { request: read, body: renamed };
}

const none: readonly string[] = [];
