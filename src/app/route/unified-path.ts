/** Resolves paths without a provider: by the model, or to the only provider possible. */

import { PurserError } from "../../domain/error.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import { formatOfCall, isSpelt } from "./nearest-path.ts";
import { mistyped } from "./path-problem.ts";
import type { Provider, Providers } from "../port/provider.ts";
import { simulator } from "./simulated.ts";
import { afterBase, placeOf, underName } from "./provider-path.ts";
import type { RequestLine, Target, TargetContext, Wires } from "./target.ts";

/** @returns undefined for a path without a leading version. */
export function unifiedTarget(context: TargetContext, request: RequestLine): Target | undefined {
  const wire = wireOf(context.wires, request);
  if (wire === undefined) return undefined;
  const path = afterBase(request.path, wire);
  const endpoint = wire.endpoint(request.method, path);
  const target = { wire, endpoint, path, provider: null };
  if (!isSpelt(wire, endpoint, request)) {
    return {
      ...target,
      problem:
        mistyped(context.wires, { provider: null, wire, request }) ??
        noSuchPath(context.providers, target, request),
    };
  }
  return namesModel(endpoint, request) ? target : withoutModel(context, target, request);
}

function wireOf(wires: Wires, { path, dialect }: RequestLine): WireFormat | undefined {
  const known = wires.find(({ paths }) => paths.own.test(path));
  if (known) return known;
  return /^\/v1(?:[/?]|$)/.test(path)
    ? (dialect ?? formatOfCall(wires, path) ?? wires[0])
    : undefined;
}

/** Unmetered endpoints whose body has a model, which determines the provider. */
const bodiesWithModel =
  /^\/v1\/(?:messages\/count_tokens|complete|responses\/input_tokens|moderations)(?:\?|$)/;

function namesModel({ metering, model, unit }: Endpoint, { method, path }: RequestLine): boolean {
  return (
    metering === "metered" ||
    unit !== undefined ||
    model !== undefined ||
    (method === "POST" && bodiesWithModel.test(path))
  );
}

/**
 * `/v1/responses/{id}`, `/v1/files` and the like go to the provider that supports the format, if
 * there is only one.
 */
function withoutModel(context: TargetContext, target: Target, request: RequestLine): Target {
  const candidates = candidatesFor(context.providers, target.wire);
  const [only] = candidates;
  if (only && candidates.length === 1)
    return { ...target, wire: only.wires[target.wire.name] ?? target.wire, provider: only };
  const problem =
    candidates.length > 0
      ? ambiguous(candidates, target, request)
      : unsupported(context.wires, target, request);
  return { ...target, problem };
}

/** The simulator is a candidate only if there is no other. */
function candidatesFor({ byName }: Providers, { name }: WireFormat): readonly Provider[] {
  const speaking = [...byName.values()].filter(({ bases }) => bases[name] !== undefined);
  const real = speaking.filter((provider) => provider.name !== simulator);
  return real.length > 0 ? real : speaking;
}

function ambiguous(
  candidates: readonly Provider[],
  target: Target,
  { method, path }: RequestLine,
): PurserError {
  return new PurserError(
    "invalid_request",
    `${method} ${placeOf(path)} has no model to choose a provider by`,
    {
      field: "path",
      remedy: `Call it under the provider's name: ${pathsOf(candidates, target)}.`,
    },
  );
}

function unsupported(wires: Wires, { wire }: Target, { method, path }: RequestLine): PurserError {
  const variables = wires.map(({ keyVariable }) => keyVariable);
  const examples = [variables.slice(0, -1).join(", "), variables.at(-1)].join(" or ");
  return new PurserError(
    "not_found",
    `${method} ${placeOf(path)}: no configured provider supports the ${wire.name} format`,
    { field: "path", remedy: `Set the key of one, such as ${examples}.` },
  );
}

function noSuchPath(
  providers: Providers,
  target: Target,
  { method, path }: RequestLine,
): PurserError {
  const candidates = candidatesFor(providers, target.wire);
  return new PurserError("not_found", `no such path: ${method} ${placeOf(path)}`, {
    field: "path",
    ...(candidates.length > 0 && {
      remedy: `Provider-specific paths are under the provider's name: ${pathsOf(candidates, target)}.`,
    }),
  });
}

function pathsOf(candidates: readonly Provider[], { wire, path }: Target): string {
  return candidates.map(({ name }) => underName(name, wire, placeOf(path))).join(" or ");
}
