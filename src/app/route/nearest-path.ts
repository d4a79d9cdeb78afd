/**
 * Suggests the path a caller probably meant: a missing or doubled version, a typo, another format's
 * path, or another method.
 */

import { nearest } from "../../domain/input/nearest.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import { afterBase, isVersion, placeOf, versionOf } from "./provider-path.ts";
import type { Wires } from "./target.ts";

export interface AskedPath {
  readonly method: string;
  /** The part after the provider's name, with its version but without a query. */
  readonly path: string;
}

/** @returns The nearest path in that format and its method; undefined if none is near. */
export function nearestPath(
  wires: Wires,
  wire: WireFormat,
  { method, path }: AskedPath,
): AskedPath | undefined {
  const asked = { method, path: withoutPrefixes(wires, path) };
  return sameIn(wire, asked) ?? slipIn(wire, asked) ?? otherFormat(wires, wire, asked);
}

/** The format whose model calls have this path, ignoring stray versions. */
export function formatOfCall(wires: Wires, path: string): WireFormat | undefined {
  const place = withoutPrefixes(wires, path);
  return wires.find((wire) => postedTo(wire, place).metering === "metered");
}

/**
 * The path without its query, and without prefixes used by other gateways and by vendors that
 * support another vendor's format.
 */
function withoutPrefixes(wires: Wires, path: string): string {
  const segments = placeOf(path)
    .split("/")
    .filter((segment) => segment !== "");
  const isPrefix = (segment: string): boolean =>
    segment === "api" || isVersion(wires, segment) || wires.some(({ name }) => segment === name);
  const start = segments.findIndex((segment) => !isPrefix(segment));
  return start < 0 ? "" : segments.slice(start).join("/");
}

function sameIn(wire: WireFormat, { method, path }: AskedPath): AskedPath | undefined {
  const whole = { method, path: `${versionOf(wire)}/${path}` };
  const posted = { ...whole, method: "POST" };
  return [whole, posted].find((one) => isSpelt(wire, endpointAt(wire, one), one));
}

function slipIn(wire: WireFormat, { method, path }: AskedPath): AskedPath | undefined {
  const version = versionOf(wire);
  const { actions, usual } = wire.paths;
  const called = actions.length > 0 ? /([^/:]+):([A-Za-z]+)$/.exec(path) : null;
  if (called) {
    const [, model = "", written = ""] = called;
    const action = nearest(written, actions);
    return action === undefined
      ? undefined
      : { method: "POST", path: `${version}/models/${model}:${action}` };
  }
  const meant = nearest(path, usual);
  if (meant === undefined) return undefined;
  return {
    method: meant === "models" ? "GET" : method === "GET" ? "POST" : method,
    path: `${version}/${meant}`,
  };
}

/** Under its name, a provider accepts only its own format, even if it supports others. */
function otherFormat(wires: Wires, wire: WireFormat, { path }: AskedPath): AskedPath | undefined {
  for (const other of wires) {
    if (other.name === wire.name) continue;
    const { metering, name: endpoint, model = "{model}" } = postedTo(other, path);
    if (metering === "metered")
      return { method: "POST", path: wire.paths.call({ endpoint, model }) };
  }
  return undefined;
}

/** @param place Without a version. */
function postedTo(wire: WireFormat, place: string): Endpoint {
  return endpointAt(wire, { method: "POST", path: `${versionOf(wire)}/${place}` });
}

function endpointAt(wire: WireFormat, { method, path }: AskedPath): Endpoint {
  return wire.endpoint(method, afterBase(path, wire));
}

/**
 * Whether a path is known and has no typo. The first part alone makes `audio/transcriptons` known,
 * but it is near a path that is billed.
 */
export function isSpelt(wire: WireFormat, endpoint: Endpoint, asked: AskedPath): boolean {
  if (!isKnown(endpoint)) return false;
  if (asked.method !== "POST" || endpoint.metering !== "unmetered" || endpoint.unit) return true;
  const rest = withoutPrefixes([wire], asked.path);
  const meant = rest.includes("/") ? nearest(rest, wire.paths.usual) : undefined;
  return meant === undefined || meant === rest || firstOf(meant) !== firstOf(rest);
}

function firstOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}

/** Endpoints with an unknown cost are known too: their refusal names the endpoint. */
export function isKnown({ metering, name }: Endpoint): boolean {
  return metering !== "unmetered" || name !== "unknown";
}
