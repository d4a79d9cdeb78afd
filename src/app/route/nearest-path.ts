/**
 * Suggests the path a caller probably meant: a missing or doubled version, a typo, another format's
 * path, or another method.
 */

import { nearest } from "../../domain/input/nearest.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import { afterBase, callPath, versions } from "./provider-path.ts";
import type { Wires } from "./target.ts";

export interface AskedPath {
  readonly method: string;
  /** The part after the provider's name, with its version but without a query. */
  readonly path: string;
}

/** Prefixes used by other gateways, and by vendors that support another vendor's format. */
const strayPrefixes: ReadonlySet<string> = new Set([
  "v1",
  "v1beta",
  "v1alpha",
  "api",
  "openai",
  "anthropic",
  "gemini",
]);

/** The most common paths, without the version. */
const usual: Readonly<Record<keyof Wires, readonly string[]>> = {
  openai: ["chat/completions", "completions", "responses", "embeddings", "models"],
  anthropic: ["messages", "messages/count_tokens", "messages/batches", "models"],
  gemini: ["models"],
};
const geminiActions = [
  "generateContent",
  "streamGenerateContent",
  "countTokens",
  "embedContent",
  "batchEmbedContents",
];

/** @returns The nearest path in that format and its method; undefined if none is near. */
export function nearestPath(
  wires: Wires,
  wireName: keyof Wires,
  asked: AskedPath,
): AskedPath | undefined {
  const place = placeOf(asked.path);
  return (
    sameIn(wires[wireName], { ...asked, path: place }) ??
    slipIn(wireName, { ...asked, path: place }) ??
    otherFormat(wires, wireName, { ...asked, path: place })
  );
}

/** The format whose model calls have this path, ignoring stray versions. */
export function formatOfCall(wires: Wires, path: string): keyof Wires | undefined {
  const place = placeOf(path);
  return (Object.keys(wires) as (keyof Wires)[]).find(
    (wireName) =>
      endpointAt(wires[wireName], { method: "POST", path: `${versions[wireName]}/${place}` })
        .metering === "metered",
  );
}

/** The path without its query and without stray prefixes. */
function placeOf(path: string): string {
  const segments = (path.split("?", 1)[0] ?? "").split("/").filter((segment) => segment !== "");
  const start = segments.findIndex((segment) => !strayPrefixes.has(segment));
  return start < 0 ? "" : segments.slice(start).join("/");
}

function sameIn(wire: WireFormat, { method, path }: AskedPath): AskedPath | undefined {
  const whole = { method, path: `${versions[wire.name]}/${path}` };
  if (isKnown(endpointAt(wire, whole))) return whole;
  const posted = { ...whole, method: "POST" };
  return isKnown(endpointAt(wire, posted)) ? posted : undefined;
}

function slipIn(wireName: keyof Wires, { method, path }: AskedPath): AskedPath | undefined {
  const version = versions[wireName];
  const called = wireName === "gemini" ? /([^/:]+):([A-Za-z]+)$/.exec(path) : null;
  if (called) {
    const [, model = "", written = ""] = called;
    const action = nearest(written, geminiActions);
    return action === undefined
      ? undefined
      : { method: "POST", path: `${version}/models/${model}:${action}` };
  }
  const meant = nearest(path, usual[wireName]);
  if (meant === undefined) return undefined;
  return {
    method: meant === "models" ? "GET" : method === "GET" ? "POST" : method,
    path: `${version}/${meant}`,
  };
}

/** Under its name, a provider accepts only its own format, even if it supports others. */
function otherFormat(
  wires: Wires,
  wireName: keyof Wires,
  { path }: AskedPath,
): AskedPath | undefined {
  for (const other of Object.keys(wires) as (keyof Wires)[]) {
    if (other === wireName) continue;
    const {
      metering,
      name,
      model = "{model}",
    } = endpointAt(wires[other], {
      method: "POST",
      path: `${versions[other]}/${path}`,
    });
    if (metering === "metered")
      return { method: "POST", path: callPath(wireName, { endpoint: name, model }) };
  }
  return undefined;
}

function endpointAt(wire: WireFormat, { method, path }: AskedPath): Endpoint {
  return wire.endpoint(method, afterBase(path, wire.name));
}

/** Endpoints with an unknown cost are known too: their refusal names the endpoint. */
export function isKnown({ metering, name }: Endpoint): boolean {
  return metering !== "unmetered" || name !== "unknown";
}
