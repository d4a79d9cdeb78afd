/** Serves unmetered calls: free ones, and those of unknown cost if the configuration allows it. */

import { PurserError } from "../../domain/error.ts";
import { checkedModelName } from "../../domain/input/model-name.ts";
import { matchesName } from "../../domain/input/name-pattern.ts";
import type { StoredPlace } from "../../wire/wire.ts";
import type { Caller } from "../caller/identify.ts";
import { checkAllowed } from "../caller/permission.ts";
import { upstreamHeaders, withoutKey } from "../header/request-headers.ts";
import type { Reply } from "../port/reply.ts";
import type { UpstreamReceiver } from "../port/upstream.ts";
import { titleOf } from "../route/route.ts";
import type { Route } from "../route/target.ts";
import { checkPlace, checkReferences, isRestricted, rememberMade } from "./belongings.ts";
import type { CallContext, IncomingCall } from "./call-context.ts";
import { ListOfModels } from "./list-of-models.ts";
import { checkModel, type ModelCustody } from "./own-models.ts";
import { Pipe } from "./pipe.ts";
import { checkPriced, recordUnmetered } from "./record-unmetered.ts";
import { findRoute } from "./find-route.ts";
import { contentTypeOf } from "./content-type.ts";

/**
 * @throws PurserError `unmetered` if the configuration refuses such endpoints, `forbidden` if the
 *   key may not call the provider, or may not use an object or model that the request names.
 */
export async function passThrough(
  context: CallContext,
  incoming: IncomingCall,
  reply: Reply,
): Promise<void> {
  const { caller } = incoming;
  if (caller.key) context.identification.checkLive(caller.key);
  const route = routeOf(context, incoming);
  checkProvider(caller, route);
  const { provider, wire } = route;
  const { method, target, body } = incoming;
  const custody = { belongings: context.belongings, caller, provider, wire };
  const place = wire.storedPlace(method, target.path);
  // A job that only lacks a price: the reason that the caller can act on comes first.
  if (place?.makes) checkPriced(route, incoming);
  checkPlace(custody, place, `${method} ${target.path.split("?", 1)[0] ?? ""}`);
  checkNamed(custody, incoming, { route, isPlace: place !== undefined });
  if (route.endpoint.metering === "unmetered") await recordUnmetered(context, incoming, route);

  const pipe = new Pipe(context, route, reply);
  pipe.attach(
    context.upstream.forward(
      {
        method,
        url: withoutKey(route.url, caller),
        headers: upstreamHeaders(incoming.headers, {
          provider,
          wire,
          caller,
          observer: context.observer,
        }),
        body: body.length > 0 ? body : null,
      },
      receiverOf(custody, { place, route, pipe }),
    ),
  );
  const inFlight = context.inFlight.add(pipe.connection, caller.key);
  await pipe.ended;
  context.inFlight.remove(inFlight);
}

function checkProvider(caller: Caller, route: Route): void {
  const { key } = caller;
  if (!key) return;
  if (key.role === "reader" || !matchesName(key.providers, route.provider.name))
    checkAllowed(caller, route);
}

/**
 * Two rules apply to what a request names. A caller restricted to its own objects may name only
 * those; and the key's list of models applies at every provider and account.
 *
 * @throws PurserError `forbidden` for a model that the key may not call, or an object of another.
 */
function checkNamed(
  custody: ModelCustody,
  { method, target, headers, body }: IncomingCall,
  { route, isPlace }: { readonly route: Route; readonly isPlace: boolean },
): void {
  const { caller } = custody;
  const list = route.endpoint.metering === "unmetered" ? caller.key?.models : undefined;
  if (!list && !isRestricted(custody)) return;
  const named = route.wire.named({
    method,
    path: target.path,
    contentType: contentTypeOf(headers),
    body,
  });
  const models = route.model === "" ? named.models : [...named.models, route.model];
  for (const model of models) checkModel(custody, model);
  checkReferences(custody, named.uses);
  if (list) checkListed(caller, { route, models, needsModel: !isPlace });
}

/** @throws PurserError `forbidden` for a missing model, or one that is not on the key's list. */
function checkListed(
  caller: Caller,
  {
    route,
    models,
    needsModel,
  }: { readonly route: Route; readonly models: readonly string[]; readonly needsModel: boolean },
): void {
  for (const model of models) checkAllowed(caller, { ...route, model });
  if (!needsModel || models.length > 0) return;
  throw new PurserError(
    "forbidden",
    `model: the key "${caller.key?.name}" may call some models only, and the request names none`,
    {
      field: "model",
      remedy: `Name one of: ${caller.key?.models?.join(", ")}.`,
    },
  );
}

interface Passing {
  readonly place: StoredPlace | undefined;
  readonly route: Route;
  readonly pipe: Pipe;
}

function receiverOf(custody: ModelCustody, { place, route, pipe }: Passing): UpstreamReceiver {
  if (place)
    return place.made
      ? rememberMade(custody, pipe, { wire: route.wire, of: place.made, from: place.id })
      : pipe;
  const isList = route.endpoint.name === "models" && /\/models\/?(?:\?|$)/.test(route.url);
  return isList && isRestricted(custody) ? new ListOfModels(pipe, custody) : pipe;
}

function routeOf(context: CallContext, { target, caller, headers, body }: IncomingCall): Route {
  const { provider, wire, endpoint, path } = target;
  if (provider) {
    const named = endpoint.model === undefined ? "" : checkedModelName(endpoint.model);
    const url = `${provider.bases[wire.name] ?? ""}${path}`;
    return {
      provider,
      wire,
      endpoint,
      url,
      model: named,
      title: titleOf(provider, named),
    };
  }
  const at = context.clock.now();
  const model = checkedModelName(
    endpoint.model ?? wire.read(endpoint, body, contentTypeOf(headers)).facts.model,
  );
  return findRoute(context, { target, caller }, { model, at });
}
