/** Explains why a path cannot be called, and suggests the right one for the caller's base URL. */

import { PurserError } from "../../domain/error.ts";
import { nearest } from "../../domain/input/nearest.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import { formatOfCall, nearestPath } from "./nearest-path.ts";
import type { Provider } from "../port/provider.ts";
import { baseOf, isVersion, placeOf, underName } from "./provider-path.ts";
import { simulator, simulatorOff } from "./simulated.ts";
import type { RequestLine, Target, TargetContext, Wires } from "./target.ts";

interface Mistyped {
  /** Null for a unified path. */
  readonly provider: Provider | null;
  readonly wire: WireFormat;
  /** The path after the provider's name. */
  readonly request: RequestLine;
}

/**
 * @returns undefined if no known path is near, or if the provider allows paths that Purser does not
 *   know.
 */
export function mistyped(
  wires: Wires,
  { provider, wire, request }: Mistyped,
): PurserError | undefined {
  const meant = nearestPath(wires, wire, request);
  if (!meant || (provider?.unmetered === "allow" && !hasVersionTwice(wires, request.path)))
    return undefined;
  const prefix = provider === null ? "" : `/${provider.name}`;
  const base = provider === null ? baseOf(wire) : underName(provider.name, wire, "");
  const verb = meant.method === request.method ? "" : `${meant.method} `;
  return noSuchPath(`${request.method} ${prefix}${placeOf(request.path)}`, {
    meant: `${verb}${prefix}${meant.path}`,
    base: `SDKs of the ${wire.name} format take http://HOST:PORT${base} as their base URL.`,
  });
}

function hasVersionTwice(wires: Wires, path: string): boolean {
  const [, first = "", second = "", ...rest] = placeOf(path).split("/");
  return isVersion(wires, first) && isVersion(wires, second) && rest.length > 0;
}

function noSuchPath(
  asked: string,
  { meant, base }: { readonly meant: string; readonly base: string },
): PurserError {
  return new PurserError("not_found", `no such path: ${asked}`, {
    field: "path",
    remedy: `Did you mean ${meant}? ${base}`,
  });
}

/** The server's own paths. */
const reserved: ReadonlySet<string> = new Set([
  "api",
  "docs",
  "healthz",
  "readyz",
  "metrics",
  "otlp",
  "openapi.json",
]);

const nowhere: Endpoint = { name: "unknown", metering: "unmetered" };

/**
 * Explains a call without its version (`/chat/completions`), or under an unknown provider name.
 *
 * @returns undefined for any other path.
 */
export function strayTarget(
  { providers, wires }: TargetContext,
  request: RequestLine,
): Target | undefined {
  const path = placeOf(request.path);
  const [, first = ""] = path.split("/");
  if (reserved.has(first)) return undefined;
  const stray = { endpoint: nowhere, path, provider: null };
  const [usual] = wires;
  const whole = path === "/models" ? usual : formatOfCall(wires, path);
  const problem = whole && mistyped(wires, { provider: null, wire: whole, request });
  if (problem) return { ...stray, wire: whole, problem };

  const rest = path.slice(1 + first.length);
  const [, version = "", place] = rest.split("/");
  if (place === undefined || !isVersion(wires, version)) return undefined;
  const wire = place.startsWith("models") ? usual : formatOfCall(wires, rest);
  if (wire === undefined) return undefined;
  const known = [...providers.byName.keys()];
  return { ...stray, wire, problem: noProvider(first, { known, rest, wire: usual }) };
}

interface UnknownName {
  readonly known: readonly string[];
  /** The path after the name. */
  readonly rest: string;
  /** The format with the most common providers. */
  readonly wire: WireFormat;
}

function noProvider(name: string, { known, rest, wire }: UnknownName): PurserError {
  if (name === simulator)
    return new PurserError("not_found", `no provider is named "${simulator}"`, {
      field: "path",
      remedy: simulatorOff,
    });
  const meant = nearest(name, known);
  const remedy =
    meant === undefined
      ? `Configured providers: ${known.join(", ")}. A known provider is added when its key is set, such as ${wire.keyVariable}.`
      : `Did you mean /${meant}${rest}?`;
  return new PurserError("not_found", `no provider is named "${name.slice(0, 64)}"`, {
    field: "path",
    remedy,
  });
}
