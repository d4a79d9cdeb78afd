/** Makes the route of a call: the provider's URL and its name for the model. */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import type { WireFormat } from "../../wire/wire.ts";
import type { Provider } from "../port/provider.ts";
import { pathProblem } from "./find-target.ts";
import { afterBase, underName } from "./provider-path.ts";
import type { Route, Target, Wires } from "./target.ts";

/** @throws PurserError `invalid_request` if the provider does not support the target's format. */
export function makeRoute(
  target: Target,
  { provider, model, wires }: Choice & { readonly wires: Wires },
): Route {
  const base = provider.bases[target.wire.name];
  if (base === undefined) throw otherFormat(target, { provider, model, wires });
  const { endpoint } = target;
  const path =
    endpoint.model === undefined
      ? target.path
      : renameModel(target.path, { from: endpoint.model, to: model });
  const problem = pathProblem(path);
  if (problem) throw problem;
  const wire = provider.wires[target.wire.name] ?? target.wire;
  return { provider, wire, endpoint, url: base + path, model, title: titleOf(provider, model) };
}

/** A provider, and its name for a model. */
export interface Choice {
  readonly provider: Provider;
  readonly model: string;
}

/** Formats are not translated: the error names the path at which the model can be called. */
export function otherFormat(
  { wire, endpoint }: Target,
  { provider, model, wires }: Choice & { readonly wires: Wires },
): PurserError {
  const spoken: WireFormat =
    wires.find(({ name }) => provider.bases[name] !== undefined) ?? wires[0];
  const name = shorten(model, 100);
  const path = spoken.paths.call({ endpoint: endpoint.name, model: name });
  const own = underName(provider.name, spoken, afterBase(path, spoken));
  return new PurserError(
    "invalid_request",
    `model: ${provider.name} does not support the ${wire.name} format, and formats are not translated`,
    {
      field: "model",
      remedy: `Call "${name}" in the ${spoken.name} format, at ${path} or ${own}.`,
    },
  );
}

/**
 * The model is caller input: characters that a header cannot carry are percent-encoded as UTF-8.
 */
export function titleOf(provider: Provider, model: string): string {
  return `${provider.name}/${model}`
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent);
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
