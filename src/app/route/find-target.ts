/** Finds what a path means: its format, its endpoint, and its provider if the path names one. */

import { PurserError } from "../../domain/error.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { providerNamed, type Provider } from "../port/provider.ts";
import { isKnown, isSpelt } from "./nearest-path.ts";
import { mistyped, strayTarget } from "./path-problem.ts";
import { afterBase, placeOf, tidyPath } from "./provider-path.ts";
import type { RequestLine, Target, TargetContext } from "./target.ts";
import { unifiedTarget } from "./unified-path.ts";

/**
 * A path with doubled slashes is tidied if that makes it a known path; an unknown path is passed on
 * as written.
 *
 * @returns undefined for a path that belongs to no provider.
 */
export function findTarget(context: TargetContext, request: RequestLine): Target | undefined {
  if (telemetryPath.test(request.path)) return undefined;
  const path = tidyPath(request.path);
  const tidied = path === request.path ? undefined : lookUp(context, { ...request, path });
  const target =
    tidied && (tidied.problem || isKnown(tidied.endpoint)) ? tidied : lookUp(context, request);
  const problem = target && pathProblem(target.path);
  return problem ? { ...target, problem } : target;
}

/** Where OpenTelemetry's exporters send to: served by the control plane. */
const telemetryPath = /^\/v1\/(?:traces|logs|metrics)(?:\?|$)/;

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

function targetUnder(context: TargetContext, provider: Provider, request: RequestLine): Target {
  const wire = wireOf(context, provider, request.path);
  const path = afterBase(request.path, wire);
  const target = { wire, endpoint: wire.endpoint(request.method, path), path, provider };
  const problem = isSpelt(wire, target.endpoint, request)
    ? undefined
    : mistyped(context.wires, { provider, wire, request });
  return problem ? { ...target, problem } : target;
}

/** The format of a path under a provider; by the path if it has several, like the simulator. */
function wireOf({ wires }: TargetContext, provider: Provider, path: string): WireFormat {
  const spoken = wires.filter(({ name }) => provider.bases[name] !== undefined);
  const wire = spoken.find(({ paths }) => spoken.length > 1 && paths.own.test(path)) ?? spoken[0];
  return (wire && provider.wires[wire.name]) ?? wire ?? wires[0];
}

/**
 * Parts that a URL parser rewrites: a fragment, a backslash, a dot segment, also percent-encoded.
 */
const ambiguous = /[#\\]|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * The provider could read such a path differently from us, and a call would reach another endpoint
 * or model than the one checked.
 *
 * @returns The reason to reject the path, if there is one.
 */
export function pathProblem(path: string): PurserError | undefined {
  if (!ambiguous.test(placeOf(path))) return undefined;
  return new PurserError(
    "invalid_request",
    "the path contains a fragment, a backslash or a dot segment",
    { field: "path", remedy: "Write the path of the endpoint itself." },
  );
}
