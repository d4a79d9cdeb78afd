/** Chooses where a call goes: to the provider in its path, or by its model. */

import { PurserError } from "../../domain/error.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { WireName } from "../../wire/wire.ts";
import { providerNamed, type Provider, type Providers } from "../port/provider.ts";
import { isCallableIn } from "./model-format.ts";
import { isKnown } from "./nearest-path.ts";
import { mistyped, strayTarget } from "./path-problem.ts";
import { afterBase, callPath, tidyPath, underName } from "./provider-path.ts";
import { RouteMemory } from "./route-memory.ts";
import { simulator, simulatorOff } from "./simulated.ts";
import type { RequestLine, Route, Target, TargetContext } from "./target.ts";
import { geminiCall, unifiedTarget } from "./unified-path.ts";
import { shorten } from "../../domain/input/shorten.ts";

/** One cache per set of providers. */
const memories = new WeakMap<Providers, RouteMemory>();

function memoryOf(providers: Providers): RouteMemory {
  let memory = memories.get(providers);
  if (!memory) memories.set(providers, (memory = new RouteMemory()));
  return memory;
}

/** @returns undefined for a path that belongs to no provider. */
export function findTarget(context: TargetContext, request: RequestLine): Target | undefined {
  const memory = memoryOf(context.providers);
  const known = request.method === "POST" ? memory.target(request.path) : undefined;
  if (known) return known;
  const target = readTarget(context, request);
  return target && isKept(target, request) ? memory.keepTarget(request.path, target) : target;
}

/** Unmetered paths contain ids and rarely repeat. */
function isKept({ endpoint }: Target, { method }: RequestLine): boolean {
  return method === "POST" && endpoint.metering === "metered";
}

/**
 * A path with doubled slashes is tidied if that makes it a known path; an unknown path is passed on
 * as written.
 */
function readTarget(context: TargetContext, request: RequestLine): Target | undefined {
  const path = tidyPath(request.path);
  const tidied = path === request.path ? undefined : lookUp(context, { ...request, path });
  return tidied && (tidied.problem || isKnown(tidied.endpoint)) ? tidied : lookUp(context, request);
}

function lookUp(context: TargetContext, request: RequestLine): Target | undefined {
  const unified = unifiedTarget(context, request);
  if (unified) return unified;
  const slash = request.path.indexOf("/", 1);
  const provider =
    slash > 0 ? providerNamed(context.providers, request.path.slice(1, slash)) : undefined;
  return provider
    ? targetUnder(context, provider, { ...request, path: request.path.slice(slash) })
    : strayTarget(context, request);
}

function targetUnder({ wires }: TargetContext, provider: Provider, request: RequestLine): Target {
  const wireName = wireOf(provider, request.path);
  const wire = provider.wires[wireName] ?? wires[wireName];
  const path = afterBase(request.path, wireName);
  const target = { wire, wireName, endpoint: wire.endpoint(request.method, path), path, provider };
  const problem = isKnown(target.endpoint)
    ? undefined
    : mistyped(wires, { provider, wireName, request });
  return problem ? { ...target, problem } : target;
}

/**
 * @param model The model in the request.
 * @throws PurserError `not_found` if no configured provider serves the model, `invalid_request` if
 *   one does, but only in another format.
 */
export function chooseRoute(
  {
    providers,
    prices,
    at,
  }: { readonly providers: Providers; readonly prices: PriceBook; readonly at: number },
  target: Target,
  model: string,
): Route {
  if (target.provider) return routeTo(providers, target, { provider: target.provider, model });
  const named = providers.aliases.get(model) ?? model;
  const slash = named.indexOf("/");
  const first = slash > 0 ? named.slice(0, slash) : "";
  const provider = providers.byName.get(first);
  if (provider) return routeTo(providers, target, { provider, model: named.slice(slash + 1) });

  const serves = (candidate: Provider): boolean =>
    prices.sheet({ provider: candidate.name, model: named, at }) !== undefined;
  const speaks = isCallableIn(target.wireName, named);
  const candidate = speaks ? preferred(providers, target.wireName).find(serves) : undefined;
  if (candidate) return routeTo(providers, target, { provider: candidate, model: named });
  // A reseller's `x-ai/...` was looked up first, because the whole string is a model name there.
  const meant = slash > 0 ? providerNamed(providers, first) : undefined;
  if (meant) return routeTo(providers, target, { provider: meant, model: named.slice(slash + 1) });
  const elsewhere = [...providers.byName.values()].find(
    (other) => other.bases[target.wireName] === undefined && serves(other),
  );
  throw elsewhere ? otherFormat(elsewhere, target, named) : unserved(providers, named);
}

function unserved(providers: Providers, model: string): PurserError {
  return new PurserError(
    "not_found",
    `model: no configured provider serves "${shorten(model, 100)}"`,
    {
      field: "model",
      remedy: isSimulated(model)
        ? simulatorOff
        : `Set its provider's key, such as OPENAI_API_KEY, or write it as PROVIDER/MODEL with one of: ${[...providers.byName.keys()].join(", ")}.`,
    },
  );
}

function isSimulated(model: string): boolean {
  return model.startsWith(`${simulator}/`);
}

/** Formats are not translated: the error names the path at which the model can be called. */
function otherFormat(
  provider: Provider,
  { wireName, endpoint }: Target,
  model: string,
): PurserError {
  const [spoken = "openai"] = Object.keys(provider.bases) as WireName[];
  const path = callPath(spoken, { endpoint: endpoint.name, model: shorten(model, 100) });
  const own = underName(provider.name, spoken, afterBase(path, spoken));
  return new PurserError(
    "invalid_request",
    `model: ${provider.name} does not support the ${wireName} format, and formats are not translated`,
    {
      field: "model",
      remedy: `Call "${shorten(model, 100)}" in the ${spoken} format, at ${path} or ${own}.`,
    },
  );
}

/**
 * Providers that support the format: a model's own vendor before those that resell it, the
 * simulator last.
 */
function preferred(providers: Providers, wireName: WireName): readonly Provider[] {
  const memory = memoryOf(providers);
  return memory.preferred(wireName) ?? memory.keepPreferred(wireName, rank(providers, wireName));
}

function rank(providers: Providers, wireName: WireName): readonly Provider[] {
  const fitting = [...providers.byName.values()].filter(
    (provider) => provider.bases[wireName] !== undefined,
  );
  const rankOf = (provider: Provider): number =>
    provider.name === simulator ? 2 : provider.vendor === "openrouter" ? 1 : 0;
  return fitting.sort((left, right) => rankOf(left) - rankOf(right));
}

interface Choice {
  readonly provider: Provider;
  readonly model: string;
}

function routeTo(providers: Providers, target: Target, choice: Choice): Route {
  if (target.endpoint.metering !== "metered") return makeRoute(target, choice);
  const memory = memoryOf(providers);
  return (
    memory.route(target, choice.provider, choice.model) ??
    memory.keepRoute(target, makeRoute(target, choice))
  );
}

function makeRoute(target: Target, { provider, model }: Choice): Route {
  const base = provider.bases[target.wireName];
  if (base === undefined) throw otherFormat(provider, target, model);
  const { wireName, endpoint } = target;
  const wire = provider.wires[wireName] ?? target.wire;
  const path =
    endpoint.model === undefined
      ? target.path
      : renameModel(target.path, { from: endpoint.model, to: model });
  checkPath(path);
  return {
    provider,
    wire,
    wireName,
    endpoint,
    url: base + path,
    model,
    title: titleOf(provider, model),
  };
}

/** The model is caller input: characters that a header cannot carry are percent-encoded as UTF-8. */
export function titleOf(provider: Provider, model: string): string {
  return `${provider.name}/${model}`
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent);
}

/** The route as recorded in the ledger, with the key that uses it. */
export function callRouteOf(providers: Providers, route: Route, keyId: string | null): CallRoute {
  const memory = memoryOf(providers);
  return (
    memory.callRoute(route, keyId) ??
    memory.keepCallRoute(route, {
      provider: route.provider.name,
      model: route.model,
      endpoint: route.endpoint.name,
      keyId,
    })
  );
}

/** Parts that a URL parser rewrites: a fragment, a backslash, a dot segment, also percent-encoded. */
const ambiguous = /[#\\]|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Rejects paths that the provider could read differently from us, so that a call cannot reach
 * another endpoint or model than the one checked.
 *
 * @throws PurserError `invalid_request` for such a path.
 */
export function checkPath(path: string): void {
  if (!ambiguous.test(path.split("?", 1)[0] ?? "")) return;
  throw new PurserError(
    "invalid_request",
    "the path contains a fragment, a backslash or a dot segment",
    {
      field: "path",
      remedy: "Write the path of the endpoint itself.",
    },
  );
}

/**
 * A path may contain the model percent-encoded. The replacement is encoded too, so that it stays
 * one segment.
 */
function renameModel(
  path: string,
  { from, to }: { readonly from: string; readonly to: string },
): string {
  if (from === to) return path;
  const written = path.includes(`/${from}`) ? from : encodeURIComponent(from);
  const name = to.split("/").map(encodeURIComponent).join("/");
  return path.replace(`/${written}`, () => `/${name}`);
}

/** The format of a path under a provider with several formats, such as the simulator. */
function wireOf(provider: Provider, path: string): WireName {
  const names = Object.keys(provider.bases) as WireName[];
  const [only] = names;
  if (names.length === 1 && only) return only;
  if (path.startsWith("/v1/messages")) return "anthropic";
  return path.startsWith("/v1beta/") || geminiCall.test(path) ? "gemini" : "openai";
}
