/** Chooses where a call goes: to the provider in its path, or by its model. */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import { Memo, PairMemo } from "../../domain/memo.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { didYouMean } from "../../domain/price/similar-models.ts";
import type { WireFormat, WireName } from "../../wire/wire.ts";
import { providerNamed, type Provider, type Providers } from "../port/provider.ts";
import { dialectOf, type RequestHeaders } from "./dialect.ts";
import { findTarget } from "./find-target.ts";
import { makeRoute, otherFormat } from "./route.ts";
import { simulator, simulatorOff } from "./simulated.ts";
import type { Route, Target, Wires } from "./target.ts";

interface CallRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: RequestHeaders;
}

/** The prices that decide which provider serves a model. */
interface Priced {
  readonly prices: PriceBook;
  readonly at: number;
  /** The names that the caller may have meant. */
  readonly similar?: (model: string) => readonly string[];
}

/**
 * The routes of one server's providers and formats.
 *
 * Calls repeat a few paths, models and keys, so results are remembered: the same object is returned
 * for the same input, and others can use it as a key for data of their own. Callers can invent
 * paths and models, so what is remembered is bounded.
 */
export class Router {
  readonly wires: Wires;
  readonly #providers: Providers;
  /** By format: a model's own vendor before those that resell it, the simulator last. */
  readonly #preferred: ReadonlyMap<WireName, readonly Provider[]>;
  /** By path, of POSTs to metered endpoints only: other paths contain ids and rarely repeat. */
  readonly #targets = new Memo<string, Target>(mostKept);
  /** By target and the provider's name for the model; a memo for each provider. */
  readonly #routes: ReadonlyMap<Provider, PairMemo<Target, string, Route>>;
  /** By route and key. */
  readonly #callRoutes = new PairMemo<Route, string | null, CallRoute>(mostKept);

  /** @param options.wires The first is the default for paths that several formats share. */
  constructor({ providers, wires }: { readonly providers: Providers; readonly wires: Wires }) {
    this.wires = wires;
    this.#providers = providers;
    const all = [...providers.byName.values()];
    const mostOfEach = Math.ceil(mostKept / Math.max(1, all.length));
    this.#routes = new Map(all.map((provider) => [provider, new PairMemo(mostOfEach)]));
    this.#preferred = new Map(wires.map((wire) => [wire.name, rank(providers, wire)]));
  }

  /**
   * @param request.path Without a key in its query.
   * @param request.headers May indicate the format of paths that several formats share.
   * @returns undefined for a path that belongs to no provider.
   */
  target({ method, path, headers }: CallRequest): Target | undefined {
    const known = method === "POST" ? this.#targets.get(path) : undefined;
    if (known) return known;
    const target = findTarget(
      { providers: this.#providers, wires: this.wires },
      { method, path, dialect: headers && dialectOf(this.wires, headers) },
    );
    const isKept =
      method === "POST" &&
      (target?.endpoint.metering === "metered" || target?.endpoint.unit !== undefined) &&
      !target.problem &&
      path.length <= longestKept;
    return isKept ? this.#targets.keep(path, target) : target;
  }

  /**
   * @param model The model in the request.
   * @throws PurserError `not_found` if no configured provider serves the model, `invalid_request`
   *   if one does, but only in another format.
   */
  route(target: Target, model: string, priced: Priced): Route {
    if (target.provider) return this.routeTo(target, target.provider, model);
    const named = this.#providers.aliases.get(model) ?? model;
    const slash = named.indexOf("/");
    const first = slash > 0 ? named.slice(0, slash) : "";
    const provider = this.#providers.byName.get(first);
    if (provider) return this.routeTo(target, provider, named.slice(slash + 1));
    const candidate = this.#candidate(target.wire, named, priced);
    if (candidate) return this.routeTo(target, candidate, named);
    // A reseller's `VENDOR/MODEL` was looked up first: the whole string is a model name there.
    const meant = slash > 0 ? providerNamed(this.#providers, first) : undefined;
    if (meant) return this.routeTo(target, meant, named.slice(slash + 1));
    throw this.#unserved(target, named, priced);
  }

  /** By its configured name. */
  provider(name: string): Provider | undefined {
    return this.#providers.byName.get(name);
  }

  /** The route as recorded in the ledger, with the key that uses it. */
  callRoute(route: Route, keyId: string | null): CallRoute {
    const known = this.#callRoutes.get(route, keyId);
    if (known) return known;
    const { provider, model, endpoint } = route;
    const callRoute = { provider: provider.name, model, endpoint: endpoint.name, keyId };
    return isShort(route) ? this.#callRoutes.keep(route, keyId, callRoute) : callRoute;
  }

  /** The first provider that supports the format and has a price for the model. */
  #candidate(wire: WireFormat, model: string, priced: Priced): Provider | undefined {
    if (!wire.canCall(model)) return undefined;
    return this.#preferred.get(wire.name)?.find((provider) => serves(provider, model, priced));
  }

  /**
   * @param model The provider's name for it.
   * @throws PurserError `invalid_request` if the provider does not support the target's format.
   */
  routeTo(target: Target, provider: Provider, model: string): Route {
    const memo = this.#routes.get(provider);
    const known = memo?.get(target, model);
    if (known) return known;
    const route = makeRoute(target, { provider, model, wires: this.wires });
    return memo && target.endpoint.metering === "metered" && isShort(route)
      ? memo.keep(target, model, route)
      : route;
  }

  #unserved(target: Target, model: string, priced: Priced): PurserError {
    const { byName } = this.#providers;
    const elsewhere = [...byName.values()].find(
      (other) => other.bases[target.wire.name] === undefined && serves(other, model, priced),
    );
    if (elsewhere) return otherFormat(target, { provider: elsewhere, model, wires: this.wires });
    const meant = didYouMean(priced.similar?.(model) ?? []);
    const example = this.wires[0].keyVariable;
    const names = [...byName.keys()].join(", ");
    return new PurserError(
      "not_found",
      `model: no configured provider serves "${shorten(model, 100)}"`,
      {
        field: "model",
        remedy: model.startsWith(`${simulator}/`)
          ? simulatorOff
          : `${meant}Write it as PROVIDER/MODEL if one of these has it: ${names}; add a price if it has none. Otherwise, set its provider's key, such as ${example}.`,
      },
    );
  }
}

/** The most targets, routes of all providers together, and routes with a key. */
const mostKept = 10_000;
/** Length limit of a path, or of the texts of a route. */
const longestKept = 1000;

/** A title can be nine times as long as its model, because it is encoded. */
function isShort({ url, model, title }: Route): boolean {
  return url.length + model.length + title.length <= longestKept;
}

function serves({ name }: Provider, model: string, { prices, at }: Priced): boolean {
  return prices.sheet({ provider: name, model, at }) !== undefined;
}

function rank({ byName }: Providers, { name }: WireFormat): readonly Provider[] {
  const rankOf = (provider: Provider): number =>
    provider.name === simulator ? 2 : provider.isReseller ? 1 : 0;
  return [...byName.values()]
    .filter(({ bases }) => bases[name] !== undefined)
    .sort((left, right) => rankOf(left) - rankOf(right));
}
