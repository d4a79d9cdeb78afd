/** Reads the providers from the file, and from provider keys in the environment. */

import { isOneLine } from "../domain/input/one-line.ts";
import { maxIdLength } from "../domain/price/id/model-id.ts";
import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalText,
  optionalTexts,
  optionalWord,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import { readRates } from "../domain/budget/unpriced.ts";
import { nearest } from "../domain/input/nearest.ts";
import type { Environment, ProviderConfiguration } from "./configuration.ts";
import type { Faults } from "./fault.ts";

interface KnownProvider {
  readonly wire: ProviderConfiguration["wire"];
  readonly baseUrl: string;
  readonly priceProvider: string;
  /** The environment variable whose key adds the provider. */
  readonly variable: string;
}

/** Base URLs from the SDKs and documentation of the vendors (read 2026-11-22). */
export const knownProviders: Readonly<Record<string, KnownProvider>> = {
  openai: {
    wire: "openai",
    baseUrl: "https://api.openai.com/v1",
    priceProvider: "openai",
    variable: "OPENAI_API_KEY",
  },
  anthropic: {
    wire: "anthropic",
    baseUrl: "https://api.anthropic.com",
    priceProvider: "anthropic",
    variable: "ANTHROPIC_API_KEY",
  },
  openrouter: {
    wire: "openai",
    baseUrl: "https://openrouter.ai/api/v1",
    priceProvider: "openrouter",
    variable: "OPENROUTER_API_KEY",
  },
  deepseek: {
    wire: "openai",
    baseUrl: "https://api.deepseek.com/v1",
    priceProvider: "deepseek",
    variable: "DEEPSEEK_API_KEY",
  },
  xai: {
    wire: "openai",
    baseUrl: "https://api.x.ai/v1",
    priceProvider: "x-ai",
    variable: "XAI_API_KEY",
  },
  gemini: {
    wire: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com",
    priceProvider: "google",
    variable: "GEMINI_API_KEY",
  },
};

/** First path segments that the gateway and the control plane reserve. */
const reserved: ReadonlySet<string> = new Set([
  "api",
  "v1",
  "v1beta",
  "docs",
  "healthz",
  "readyz",
  "metrics",
  "openapi.json",
]);

/** Providers whose key is in the environment. */
export function environmentProviders(environment: Environment): readonly ProviderConfiguration[] {
  return Object.entries(knownProviders).flatMap(
    ([name, known]): readonly ProviderConfiguration[] => {
      const apiKey = environment[known.variable]?.trim();
      if (!apiKey) return [];
      if (!isHeaderValue(apiKey))
        throw invalid(
          known.variable,
          "has characters that a key cannot contain",
          "Set it to only the key, on one line.",
        );
      const { wire, baseUrl } = known;
      const own = {
        headers: {},
        passHeaders: [],
        unmetered: "refuse",
        stored: "refuse",
        reportedCost: null,
      } as const;
      return [{ name, wire, baseUrl, apiKey, priceProvider: null, ...own }];
    },
  );
}

/**
 * Reads `providers: { NAME: { ... } }`. A known provider needs neither `wire` nor `base_url`.
 * Errors are added to `faults`.
 */
export function readProviders(input: unknown, faults: Faults): readonly ProviderConfiguration[] {
  if (input === undefined) return [];
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid(
      "providers",
      `must be an object, not ${show(input)}`,
      "Give each provider a name: providers: { openai: { ... } }.",
    );
  }
  return Object.entries(input).flatMap(([name, value]) => {
    const provider = {
      input: value ?? {},
      prefix: `providers.${name}.`,
      standIns: { wire: "openai", base_url: "http://127.0.0.1" },
    };
    return faults.readObject(provider, (fields) => readProvider(name, fields)) ?? [];
  });
}

function readProvider(name: string, input: unknown): ProviderConfiguration {
  const path = `providers.${name}`;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name) || reserved.has(name)) {
    throw invalid(
      path,
      "is not a valid provider name",
      `Use a-z 0-9 _ -, but not ${[...reserved].join(", ")}: the name is part of paths.`,
    );
  }
  const fields = openFields(input, { prefix: `${path}.`, known: providerFields });
  const known = Object.hasOwn(knownProviders, name) ? knownProviders[name] : undefined;
  const region = optionalText(
    fields,
    "region",
    "Give the region as named in the provider's price list, such as us, or global.",
  );
  return {
    name,
    wire: readWire(fields, { name, known }),
    baseUrl: known && !fields.values.has("base_url") ? known.baseUrl : readBaseUrl(fields),
    apiKey: readApiKey(fields),
    headers: readHeaders(fields),
    passHeaders: readPassHeaders(fields),
    priceProvider:
      optionalText(
        fields,
        "prices",
        "Give the name of the provider in the catalogue, such as openai.",
      ) ?? null,
    ...(region !== undefined && { region: region.toLowerCase() }),
    ...readDeployments(fields),
    unmetered: optionalWord(fields, "unmetered", ["refuse", "allow"]) ?? "refuse",
    stored:
      optionalWord<"refuse" | "own" | "shared">(fields, "stored", ["refuse", "own", "shared"]) ??
      "refuse",
    ...readUnlistedCeiling(fields),
    reportedCost:
      optionalWord<"charge" | "beside">(fields, "reported_cost", ["charge", "beside"]) ?? null,
  };
}

const providerFields =
  "wire base_url api_key prices region deployments headers pass_headers unmetered stored reported_cost unlisted_ceiling".split(
    " ",
  );

/** Reads `unlisted_ceiling: none`, or rates in USD per million tokens. */
function readUnlistedCeiling(fields: Fields): Pick<ProviderConfiguration, "unlistedCeiling"> {
  const value = fields.values.get("unlisted_ceiling");
  if (value === undefined) return {};
  if (value === "none") return { unlistedCeiling: "none" };
  const field = `${fields.prefix}unlisted_ceiling`;
  const remedy =
    'Write none, or rates above zero in USD per million tokens: { input: "5", output: "15" }.';
  if (!isObject(value))
    throw invalid(field, `must be none or an object with rates, not ${show(value)}`, remedy);
  const rates = readRates(openFields(value, { prefix: `${field}.`, known: ["input", "output"] }));
  if (!rates) throw invalid(field, "is empty", remedy);
  for (const name of ["input", "output"] as const)
    if (rates[name] === 0n) throw invalid(`${field}.${name}`, "is zero", remedy);
  return { unlistedCeiling: rates };
}

function readDeployments(fields: Fields): Pick<ProviderConfiguration, "deployments"> {
  const field = `${fields.prefix}deployments`;
  const input = fields.values.get("deployments");
  if (input === undefined) return {};
  const remedy = "Give the model behind each name: { my-deployment: gpt-4o }.";
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw invalid(field, `is ${show(input)}`, remedy);
  const deployments = Object.entries(input);
  for (const [name, model] of deployments) {
    const isId = typeof model === "string" && model.trim() !== "" && isOneLine(model);
    if (!isId || model.length > maxIdLength)
      throw invalid(`${field}.${name}`, `is ${show(model)}, not a model`, remedy);
  }
  return { deployments: Object.fromEntries(deployments) };
}

function readWire(
  fields: Fields,
  provider: { readonly name: string; readonly known: KnownProvider | undefined },
): ProviderConfiguration["wire"] {
  if (fields.values.get("wire") === "bedrock") {
    throw invalid(
      `${fields.prefix}wire`,
      'is "bedrock", which is not one of openai, anthropic, gemini',
      bedrockRemedy,
    );
  }
  const wire =
    optionalWord(fields, "wire", ["openai", "anthropic", "gemini"]) ?? provider.known?.wire;
  if (wire !== undefined) return wire;
  const near = nearest(provider.name, Object.keys(knownProviders));
  const meant = near === undefined ? "" : `Did you mean ${near}? Otherwise set wire to `;
  throw invalid(
    `${fields.prefix}wire`,
    "is missing",
    `${meant || "Set it to "}the API format of the provider: openai, anthropic or gemini.`,
  );
}

/**
 * Bedrock's own API needs signed requests, but two other formats work with a Bedrock API key
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/apis.html, read 2026-11).
 */
const bedrockRemedy =
  "Call Bedrock in a format that it shares with others: wire: openai with " +
  "base_url: https://bedrock-runtime.REGION.amazonaws.com/openai/v1, or wire: anthropic with " +
  "base_url: https://bedrock-mantle.REGION.api.aws/anthropic; and its API key as api_key.";

function readBaseUrl(fields: Fields): string {
  const field = `${fields.prefix}base_url`;
  const remedy =
    "Give an http or https URL as the vendor's SDK expects it, such as https://api.example.com/v1.";
  const text = requiredText(fields, "base_url", remedy);
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw invalid(field, "is not an http or https URL", remedy);
  if (url.username !== "" || url.password !== "")
    throw invalid(field, "contains a user name or password", "Put the key in api_key.");
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) {
    throw invalid(field, "has a query or fragment", "Remove it; put its content in headers.");
  }
  return url.href.replace(/\/+$/, "");
}

function readApiKey(fields: Fields): string | null {
  const remedy = "Write api_key: ${NAME} and set NAME to only the key, on one line.";
  const key = optionalText(fields, "api_key", remedy);
  if (key === undefined) return null;
  // The text is a secret, so it is not shown.
  if (!isHeaderValue(key))
    throw invalid(
      `${fields.prefix}api_key`,
      "has a space, line break or other character that a key cannot contain",
      remedy,
    );
  return key;
}

function isHeaderValue(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

/** Headers of the connection, or set by Purser for each call. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function readHeaders(fields: Fields): Readonly<Record<string, string>> {
  const value = fields.values.get("headers");
  const field = `${fields.prefix}headers`;
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(
      field,
      `must be an object, not ${show(value)}`,
      'Give names and values: { openai-organization: "org-1" }.',
    );
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => readHeader(name, text, field)),
  );
}

/** Credentials are excluded: they are forwarded anyway if callers bring their own key. */
const neverPassed: ReadonlySet<string> = new Set([
  ...ownHeaders,
  "authorization",
  "cookie",
  "x-api-key",
  "x-goog-api-key",
  "api-key",
]);

function readPassHeaders(fields: Fields): readonly string[] {
  const names =
    optionalTexts(fields, "pass_headers", "Give a list of names: [x-request-id].") ?? [];
  return names.map((name, index) => {
    const lower = name.toLowerCase();
    const field = `${fields.prefix}pass_headers[${index}]`;
    if (!headerName.test(lower))
      throw invalid(field, "is not a valid header name", "Use letters, digits and -.");
    if (!neverPassed.has(lower) && !lower.startsWith("x-purser-")) return lower;
    throw invalid(field, "is a header that Purser sets or reads itself", "Leave it out.");
  });
}

const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

function readHeader(name: string, text: unknown, field: string): readonly [string, string] {
  const lower = name.toLowerCase();
  if (!headerName.test(lower))
    throw invalid(`${field}.${name}`, "is not a valid header name", "Use letters, digits and -.");
  if (ownHeaders.has(lower))
    throw invalid(`${field}.${name}`, "is set by Purser for each call", "Leave it out.");
  if (typeof text !== "string" || !/^[\t -~\u0080-\u00ff]*$/.test(text)) {
    throw invalid(`${field}.${name}`, "must be text on one line", "Put the value in quotes.");
  }
  return [lower, text];
}
