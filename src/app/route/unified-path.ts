/** Resolves paths without a provider: by the model, or to the only provider possible. */

import { PurserError } from "../../domain/error.ts";
import type { Endpoint, WireName } from "../../wire/wire.ts";
import { formatOfCall, isKnown } from "./nearest-path.ts";
import { mistyped } from "./path-problem.ts";
import type { Provider, Providers } from "../port/provider.ts";
import { simulator } from "./simulated.ts";
import { afterBase, underName } from "./provider-path.ts";
import type { RequestLine, Target, TargetContext, Wires } from "./target.ts";

/**
 * Gemini's SDKs use `v1` or `v1beta`, depending on their version (@google/genai 3.1 uses `v1`). The
 * action distinguishes these paths from OpenAI's models.
 */
export const geminiCall = /^\/v1(?:beta|alpha)?\/(?:models|tunedModels)\/[^?]+:[A-Za-z]+/;

/** Matched at the beginning; the format parses the rest. */
const beginnings: readonly (readonly [beginning: RegExp, wire: keyof Wires])[] = [
  [/^\/v1\/(?:messages|complete(?:\?|$))/, "anthropic"],
  [/^\/v1\/(?:chat\/completions|completions|responses|embeddings)/, "openai"],
  [geminiCall, "gemini"],
  [/^\/v1(?:beta|alpha)(?:[/?]|$)/, "gemini"],
];

/** @returns undefined for a path without a leading version. */
export function unifiedTarget(context: TargetContext, request: RequestLine): Target | undefined {
  const wireName = wireNameOf(context.wires, request);
  if (wireName === undefined) return undefined;
  const wire = context.wires[wireName];
  const path = afterBase(request.path, wireName);
  const endpoint = wire.endpoint(request.method, path);
  const target = { wire, wireName, endpoint, path, provider: null };
  if (!isKnown(endpoint)) {
    return {
      ...target,
      problem:
        mistyped(context.wires, { provider: null, wireName, request }) ??
        noSuchPath(context.providers, target, request),
    };
  }
  return namesModel(endpoint, request) ? target : withoutModel(context.providers, target, request);
}

function wireNameOf(wires: Wires, { path, dialect }: RequestLine): keyof Wires | undefined {
  const known = beginnings.find(([beginning]) => beginning.test(path));
  if (known) return known[1];
  return /^\/v1(?:[/?]|$)/.test(path)
    ? (dialect ?? formatOfCall(wires, path) ?? "openai")
    : undefined;
}

/** Unmetered endpoints whose body has a model, which determines the provider. */
const bodiesWithModel =
  /^\/v1\/(?:messages\/count_tokens|complete|responses\/input_tokens|moderations|images\/generations|audio\/speech)(?:\?|$)/;

function namesModel({ metering, model }: Endpoint, { method, path }: RequestLine): boolean {
  return (
    metering === "metered" ||
    model !== undefined ||
    (method === "POST" && bodiesWithModel.test(path))
  );
}

/**
 * `/v1/responses/{id}`, `/v1/files` and the like go to the provider that supports the format, if
 * there is only one.
 */
function withoutModel(providers: Providers, target: Target, request: RequestLine): Target {
  const candidates = candidatesFor(providers, target.wireName);
  const [only] = candidates;
  if (only && candidates.length === 1)
    return { ...target, wire: only.wires[target.wireName] ?? target.wire, provider: only };
  return { ...target, problem: whose(candidates, target, request) };
}

/** The simulator is a candidate only if there is no other. */
function candidatesFor({ byName }: Providers, wireName: WireName): readonly Provider[] {
  const speaking = [...byName.values()].filter(
    (provider) => provider.bases[wireName] !== undefined,
  );
  const real = speaking.filter((provider) => provider.name !== simulator);
  return real.length > 0 ? real : speaking;
}

function whose(
  candidates: readonly Provider[],
  target: Target,
  { method, path: written }: RequestLine,
): PurserError {
  const { wireName } = target;
  const place = `${method} ${placeOf(written)}`;
  if (candidates.length > 0) {
    const remedy = `Call it under the provider's name: ${pathsOf(candidates, target)}.`;
    return new PurserError("invalid_request", `${place} has no model to choose a provider by`, {
      field: "path",
      remedy,
    });
  }
  return new PurserError(
    "not_found",
    `${place}: no configured provider supports the ${wireName} format`,
    {
      field: "path",
      remedy: "Set the key of one, such as OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY.",
    },
  );
}

function noSuchPath(
  providers: Providers,
  target: Target,
  { method, path }: RequestLine,
): PurserError {
  const candidates = candidatesFor(providers, target.wireName);
  return new PurserError("not_found", `no such path: ${method} ${placeOf(path)}`, {
    field: "path",
    ...(candidates.length > 0 && {
      remedy: `Provider-specific paths are under the provider's name: ${pathsOf(candidates, target)}.`,
    }),
  });
}

function pathsOf(candidates: readonly Provider[], { wireName, path }: Target): string {
  return candidates.map(({ name }) => underName(name, wireName, placeOf(path))).join(" or ");
}

function placeOf(path: string): string {
  return path.split("?", 1)[0] ?? "";
}
