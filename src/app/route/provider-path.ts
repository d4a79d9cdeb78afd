/** Converts paths between their two forms: under a provider's name, and unified. */

import type { WireFormat } from "../../wire/wire.ts";
import type { Wires } from "./target.ts";

/** The usual version prefix of a format's paths: `/v1` or `/v1beta`. */
export function versionOf({ paths }: WireFormat): string {
  return `/${paths.versions[0]}`;
}

/** Whether a segment of a path is a version in any format. */
export function isVersion(wires: Wires, segment: string): boolean {
  return wires.some(({ paths }) => paths.versions.includes(segment));
}

/** The version if base URLs of the format end in it, else nothing. */
export function baseOf(wire: WireFormat): string {
  return wire.paths.isVersionInBase ? versionOf(wire) : "";
}

/** The path relative to the SDK's base URL, which ends in the version in some formats. */
export function afterBase(path: string, wire: WireFormat): string {
  const base = baseOf(wire);
  if (base === "" || !path.startsWith(base)) return path;
  return path.length === base.length || path[base.length] === "/" ? path.slice(base.length) : path;
}

/** The opposite of {@link afterBase}, under a provider's name. */
export function underName(provider: string, wire: WireFormat, path: string): string {
  return `/${provider}${baseOf(wire)}${path}`;
}

/** Removes doubled slashes and a trailing slash, which are never intended. */
export function tidyPath(path: string): string {
  const question = path.indexOf("?");
  const place = question < 0 ? path : path.slice(0, question);
  if (!/\/\/|.\/$/.test(place)) return path;
  const tidy = place.replaceAll(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  return question < 0 ? tidy : tidy + path.slice(question);
}

/** The path without its query. */
export function placeOf(path: string): string {
  return path.split("?", 1)[0] ?? "";
}
