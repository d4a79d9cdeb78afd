/** Explains why a path cannot be called, and suggests the right one for the caller's base URL. */

import { PurserError } from "../../domain/error.ts";
import { nearest } from "../../domain/input/nearest.ts";
import type { Endpoint } from "../../wire/wire.ts";
import { formatOfCall, nearestPath } from "./nearest-path.ts";
import type { Provider } from "../port/provider.ts";
import { baseUnderName } from "./provider-path.ts";
import { simulator, simulatorOff } from "./simulated.ts";
import type { RequestLine, Target, TargetContext, Wires } from "./target.ts";

interface Mistyped {
  /** Null for a unified path. */
  readonly provider: Provider | null;
  readonly wireName: keyof Wires;
  /** The path after the provider's name. */
  readonly request: RequestLine;
}

/**
 * @returns undefined if no known path is near, or if the provider allows paths that Purser does not
 *   know.
 */
export function mistyped(
  wires: Wires,
  { provider, wireName, request }: Mistyped,
): PurserError | undefined {
  const meant = nearestPath(wires, wireName, request);
  if (!meant || (provider?.unmetered === "allow" && !hasVersionTwice(request.path)))
    return undefined;
  const prefix = provider === null ? "" : `/${provider.name}`;
  const base = provider === null ? unifiedBases[wireName] : baseUnderName(provider.name, wireName);
  const verb = meant.method === request.method ? "" : `${meant.method} `;
  return noSuchPath(`${request.method} ${prefix}${placeOf(request.path)}`, {
    meant: `${verb}${prefix}${meant.path}`,
    base: `SDKs of the ${wireName} format take http://HOST:PORT${base} as their base URL.`,
  });
}

const unifiedBases: Readonly<Record<keyof Wires, string>> = {
  openai: "/v1",
  anthropic: "",
  gemini: "",
};

function hasVersionTwice(path: string): boolean {
  return /^\/v1(?:beta|alpha)?\/v1(?:beta|alpha)?\//.test(path);
}

function placeOf(path: string): string {
  return path.split("?", 1)[0] ?? "";
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
  const whole = path === "/models" ? "openai" : formatOfCall(wires, path);
  const problem = whole && mistyped(wires, { provider: null, wireName: whole, request });
  if (problem)
    return {
      wire: wires[whole],
      wireName: whole,
      endpoint: nowhere,
      path,
      provider: null,
      problem,
    };

  const rest = path.slice(1 + first.length);
  const wireName = /^\/v1(?:beta|alpha)?\/models/.test(rest) ? "openai" : formatOfCall(wires, rest);
  if (wireName === undefined || !/^\/v1(?:beta|alpha)?\//.test(rest)) return undefined;
  const unknown = noProvider(first, [...providers.byName.keys()], rest);
  return {
    wire: wires[wireName],
    wireName,
    endpoint: nowhere,
    path,
    provider: null,
    problem: unknown,
  };
}

function noProvider(name: string, known: readonly string[], rest: string): PurserError {
  if (name === simulator)
    return new PurserError("not_found", `no provider is named "${simulator}"`, {
      field: "path",
      remedy: simulatorOff,
    });
  const meant = nearest(name, known);
  const remedy =
    meant === undefined
      ? `Configured providers: ${known.join(", ")}. A known provider is added when its key is set, such as OPENAI_API_KEY.`
      : `Did you mean /${meant}${rest}?`;
  return new PurserError("not_found", `no provider is named "${name.slice(0, 64)}"`, {
    field: "path",
    remedy,
  });
}
