/** Finds the route of a call, or suggests the models that its caller may have meant. */

import type { ModelName } from "../../domain/price/served.ts";
import { similarModels } from "../../domain/price/similar-models.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { mayCall } from "../../domain/key/key.ts";
import type { Caller } from "../caller/identify.ts";
import type { ServedModel } from "../route/served-models.ts";
import type { Route } from "../route/target.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { mayHave } from "./own-models.ts";

type Context = Pick<CallContext, "router" | "prices" | "models" | "belongings">;

interface Asked {
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @throws PurserError as {@link Router.route} does. */
export function findRoute(
  context: Context,
  { target, caller }: Pick<IncomingCall, "target" | "caller">,
  { model, at }: Asked,
): Route {
  return context.router.route(target, model, {
    prices: context.prices(),
    at,
    similar: (name) => similarVisible(context, { caller, wire: target.wire }, { model: name, at }),
  });
}

/** The names that a caller may have meant, of models that it may call. */
export function similarVisible(
  context: Context,
  { caller, wire }: { readonly caller: Caller; readonly wire: WireFormat },
  { model, at }: Asked,
): readonly string[] {
  const prices = context.prices();
  return similarModels(model, {
    models: visibleModels(context, caller, wire).map(nameOf),
    isPriced: (one) => one.provider === "" || prices.sheet({ ...one, at }) !== undefined,
  });
}

/** The models that a caller may call in a format: it sees no others, and is suggested no others. */
export function visibleModels(
  { router, models, belongings }: Omit<Context, "prices">,
  caller: Caller,
  wire: WireFormat,
): readonly ServedModel[] {
  return models().filter(({ wires, provider: name, model }) => {
    const provider = router.provider(name);
    return (
      wires.includes(wire.name) &&
      (caller.key === null || mayCall(caller.key, { provider: name, model })) &&
      (!provider || mayHave({ belongings, caller, provider, wire }, model))
    );
  });
}

function nameOf({ id, provider, model }: ServedModel): ModelName {
  return id === `${provider}/${model}` ? { provider, model } : { provider: "", model: id };
}
