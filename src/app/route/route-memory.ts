/** Caches recent targets and routes. */

import type { CallRoute } from "../../domain/ledger/entry.ts";
import type { WireName } from "../../wire/wire.ts";
import type { Provider } from "../port/provider.ts";
import type { Route, Target } from "./target.ts";

/**
 * Calls repeat a few paths, models and keys. A cached object stays the same object, so others can
 * use it as a key for data of their own.
 */
export class RouteMemory {
  readonly #targets = new Map<string, Target>();
  readonly #routes = new Map<Target, Map<Provider, Map<string, Route>>>();
  readonly #callRoutes = new Map<Route, Map<string | null, CallRoute>>();
  readonly #preferred = new Map<WireName, readonly Provider[]>();
  #size = 0;

  /** @param path Of a POST to a metered endpoint. */
  target(path: string): Target | undefined {
    return this.#targets.get(path);
  }

  keepTarget(path: string, target: Target): Target {
    if (this.#hasRoomFor(path)) this.#targets.set(path, target);
    return target;
  }

  /** @param model The provider's name for the model. */
  route(target: Target, provider: Provider, model: string): Route | undefined {
    return this.#routes.get(target)?.get(provider)?.get(model);
  }

  keepRoute(target: Target, route: Route): Route {
    if (this.#hasRoomFor(route.url + route.model))
      inner(inner(this.#routes, target), route.provider).set(route.model, route);
    return route;
  }

  preferred(wireName: WireName): readonly Provider[] | undefined {
    return this.#preferred.get(wireName);
  }

  keepPreferred(wireName: WireName, providers: readonly Provider[]): readonly Provider[] {
    this.#preferred.set(wireName, providers);
    return providers;
  }

  callRoute(route: Route, keyId: string | null): CallRoute | undefined {
    return this.#callRoutes.get(route)?.get(keyId);
  }

  keepCallRoute(route: Route, callRoute: CallRoute): CallRoute {
    if (this.#hasRoomFor(route.url + route.model))
      inner(this.#callRoutes, route).set(callRoute.keyId, callRoute);
    return callRoute;
  }

  /** Callers can invent paths and models, so the cache is cleared when it is full. */
  #hasRoomFor(name: string): boolean {
    if (name.length > longestKept) return false;
    this.#size += 1;
    if (this.#size <= mostKept) return true;
    this.#targets.clear();
    this.#routes.clear();
    this.#callRoutes.clear();
    this.#size = 1;
    return true;
  }
}

const mostKept = 10_000;
/** Length limit of a path, or of a URL plus a model. */
const longestKept = 1000;

function inner<Outer, Key, Value>(
  maps: Map<Outer, Map<Key, Value>>,
  outer: Outer,
): Map<Key, Value> {
  let map = maps.get(outer);
  if (!map) maps.set(outer, (map = new Map()));
  return map;
}
