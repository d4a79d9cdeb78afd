/** The path that a mistyped one most likely means: a version too few or too many, a slip, another format's path, another method. */

import { nearest } from "../../domain/input/nearest.ts";
import type { Endpoint, WireFormat } from "../../wire/wire.ts";
import { behindBase, callPath, versions } from "./provider-path.ts";
import type { Wires } from "./target.ts";

export interface AskedPath {
  readonly method: string;
  /** Behind the provider's name, with its version; a query is left out. */
  readonly path: string;
}

/** Names that stand in paths of other gateways, and of vendors that speak another one's format. */
const strayPrefixes: ReadonlySet<string> = new Set(["v1", "v1beta", "v1alpha", "api", "openai", "anthropic", "gemini"]);

/** What is called most, without the version. */
const usual: Readonly<Record<keyof Wires, readonly string[]>> = {
  openai: ["chat/completions", "completions", "responses", "embeddings", "models"],
  anthropic: ["messages", "messages/count_tokens", "messages/batches", "models"],
  gemini: ["models"],
};
const geminiActions = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];

/** @returns The nearest path of that format, with the method that it takes; undefined where none is near. */
export function nearestPath(wires: Wires, wireName: keyof Wires, asked: AskedPath): AskedPath | undefined {
  const place = placeOf(asked.path);
  return (
    sameIn(wires[wireName], { ...asked, path: place }) ??
    slipIn(wireName, { ...asked, path: place }) ??
    otherFormat(wires, wireName, { ...asked, path: place })
  );
}

/** The format in which the path calls a model, once stray versions are left out. */
export function formatOfCall(wires: Wires, path: string): keyof Wires | undefined {
  const place = placeOf(path);
  return (Object.keys(wires) as (keyof Wires)[]).find(
    (wireName) => endpointAt(wires[wireName], { method: "POST", path: `${versions[wireName]}/${place}` }).metering === "metered",
  );
}

/** The path without its query, and without what may stand before it by mistake. */
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
    return action === undefined ? undefined : { method: "POST", path: `${version}/models/${model}:${action}` };
  }
  const meant = nearest(path, usual[wireName]);
  if (meant === undefined) return undefined;
  return { method: meant === "models" ? "GET" : method === "GET" ? "POST" : method, path: `${version}/${meant}` };
}

/** A provider speaks its own format here, whatever else it may speak. */
function otherFormat(wires: Wires, wireName: keyof Wires, { path }: AskedPath): AskedPath | undefined {
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
    if (metering === "metered") return { method: "POST", path: callPath(wireName, { endpoint: name, model }) };
  }
  return undefined;
}

function endpointAt(wire: WireFormat, { method, path }: AskedPath): Endpoint {
  return wire.endpoint(method, behindBase(path, wire.name));
}

/** What is known and costs what no answer tells counts as known: its refusal names the endpoint. */
export function isKnown({ metering, name }: Endpoint): boolean {
  return metering !== "unmetered" || name !== "unknown";
}
