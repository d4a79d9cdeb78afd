/** Resolves a model name on the command line to a provider and a model. */

import { commonName, listedName } from "../domain/price/id/provider-name.ts";
import { PurserError } from "../domain/error.ts";
import { show } from "../domain/input/fields.ts";
import { nearest } from "../domain/input/nearest.ts";
import { isOneLine } from "../domain/input/one-line.ts";
import { maxIdLength } from "../domain/price/id/model-id.ts";
import { didYouMean, similarModels, splitName } from "../domain/price/similar-models.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import { billedUnits } from "../domain/price/unit-price.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { CommandCatalogue } from "./context.ts";

export interface WantedModel {
  readonly model: string;
  readonly provider: string | undefined;
  readonly at: number;
}

/** @throws PurserError `unpriced` with the names that may have been meant. */
export function resolveModel(catalogue: CommandCatalogue, wanted: WantedModel): ModelName {
  const found = listedModel(catalogue, wanted);
  if (!found) throw unpriced(catalogue, wanted);
  return found;
}

/**
 * Reads `provider/model`, or finds the provider that has the model, preferring its maker.
 *
 * @returns undefined if no provider has it.
 * @throws PurserError for a name without a model, such as `openai/`, or one that no model has.
 */
export function listedModel(
  catalogue: CommandCatalogue,
  wanted: WantedModel,
): ModelName | undefined {
  const { model, at } = wanted;
  checkNamed(model);
  checkLength(model, "model");
  checkLength(wanted.provider ?? "", "--provider");
  if (wanted.provider !== undefined) return { provider: commonName(wanted.provider), model };
  const inPlace = bedrockPath(model);
  if (inPlace) return listedModel(catalogue, { ...wanted, model: inPlace, provider: "aws" });
  const split = splitName(model);
  if (split && catalogue.book.sheet({ ...split, at }))
    return { ...split, provider: commonName(split.provider) };
  const [best] = providersWith(catalogue, { model, at });
  return best === undefined ? undefined : { provider: best, model };
}

/** The id in a path such as `bedrock/us-west-2/anthropic.claude-…`, as other tools write it. */
function bedrockPath(model: string): string | undefined {
  return /^bedrock\/(?:converse\/|invoke\/)?(?:[a-z-]+-\d\/)?(?=[a-z-]+\.|arn:)(.+)$/.exec(
    model,
  )?.[1];
}

/**
 * The providers that price a model, by preference: one with a price of your own, then an exact name,
 * then the maker of the model.
 */
export function providersWith(
  catalogue: CommandCatalogue,
  { model, at }: Pick<WantedModel, "model" | "at">,
): readonly string[] {
  const stated = catalogue.overrides.map(({ row }) => commonName(row.provider));
  return [...new Set([...stated, ...providersOf(catalogue)])]
    .flatMap((provider) => {
      const sheet = catalogue.book.sheet({ provider, model, at });
      return sheet ? [{ provider, rank: rank(provider, sheet) }] : [];
    })
    .toSorted((left, right) => left.rank - right.rank)
    .map(({ provider }) => provider);
}

function checkNamed(name: string): void {
  if (!/^\s*$|\/\s*$/.test(name)) return;
  const isEmpty = name.trim() === "";
  throw new PurserError("invalid_request", isEmpty ? "model is empty" : `${name} names no model`, {
    field: "model",
    remedy: "Give a model id, or provider/model, such as openai/gpt-5-mini.",
  });
}

/** As over the API; a terminal prints no control character. */
function checkLength(name: string, field: string): void {
  const { provider = "", model } = splitName(name) ?? { model: name };
  const isShort = provider.length <= maxIdLength && model.length <= maxIdLength;
  if (isShort && isOneLine(name)) return;
  throw new PurserError("invalid_request", `${field} is ${show(name)}, which is not a name`, {
    field,
    remedy: `Give 1 to ${maxIdLength} characters, without control characters.`,
  });
}

/** The maker of a model, by its name; undefined for names of none in particular. */
export function makerOf(model: string): string | undefined {
  return makersByName.find(([, name]) => name.test(model))?.[0];
}

const makersByName: readonly (readonly [maker: string, name: RegExp])[] = [
  // Bedrock's ids: `eu.anthropic.claude-…`, `amazon.nova-…`, and ARNs.
  ["aws", /^(?:(?:[a-z]{2,6}|us-gov)\.)?(?:[a-z][a-z\d]*)\.[a-z]|^arn:aws[a-z-]*:bedrock:/],
  ["openai", /^(?:gpt-(?!oss)|chatgpt|o\d|dall-e|whisper-\d|tts-\d|sora|text-embedding-(?:3|ada))/],
  ["anthropic", /^claude/],
  ["gemini", /^(?:gemini|imagen|veo|lyria)-/],
  ["xai", /^grok/],
  ["deepseek", /^deepseek-/],
  [
    "mistral",
    /^(?:mistral|ministral|magistral|codestral|devstral|pixtral|voxtral|open-mi[sx]tral)-/,
  ],
  ["cohere", /^command(?:-|$)/],
];

const makers = ["openai", "anthropic", "gemini", "deepseek", "xai", "mistral", "cohere", "sim"];

/** Prices of your own come first, then exact names, then the maker of the model. */
function rank(provider: string, { row, match, model }: PriceSheet): number {
  if (row.source === "configuration" || row.source === "api") return match === "prefix" ? -1 : -2;
  if (makerOf(model) === provider) return match === "prefix" ? 100 : 0;
  const maker = makers.indexOf(provider);
  return (match === "prefix" ? 100 : 0) + 1 + (maker < 0 ? makers.length : maker);
}

interface Unpriced {
  /** `MODEL` or `PROVIDER/MODEL`. */
  readonly model: string;
  /** As given in an option of its own. */
  readonly provider?: string | undefined;
  readonly at: number;
}

/** The error for a model without a price, with similar names. */
export function unpriced(
  catalogue: CommandCatalogue,
  { model, provider, at }: Unpriced,
): PurserError {
  if (provider !== undefined) {
    const wrong = unknownProvider(provider, { catalogue, model, at });
    if (wrong) return wrong;
  }
  const name = provider === undefined ? model : `${provider}/${model}`;
  const similar = similarPriced(catalogue, name, at);
  const meant = didYouMean(similar);
  const named = splitName(name) ?? { provider: makerOf(model) ?? "openai", model };
  const rates = exampleRates(catalogue, similar, at);
  return new PurserError(
    "unpriced",
    `${name} is unpriced: its price is unknown, which does not mean free`,
    {
      field: "model",
      remedy: `${endedText(catalogue, named, at)}${meant}${meant === "" ? "Add" : "Or add"} its price under \`prices:\` in purser.yaml, such as { provider: ${named.provider}, model: ${inYaml(named.model)}, ${rates} }.`,
    },
  );
}

/** A model that was retired had a price before. */
function endedText(catalogue: CommandCatalogue, named: ModelName, at: number): string {
  for (let months = 1; months <= mostMonths; months++) {
    const sheet = catalogue.book.sheet({ ...named, at: at - months * monthMs });
    if (!sheet || sheet.match === "prefix") continue;
    const { validTo } = sheet.row;
    if (validTo === undefined || validTo > at) return "";
    const end = new Date(validTo).toISOString().slice(0, 10);
    return `Its price ended on ${end}, so the model may be retired; --at shows earlier prices. `;
  }
  return "";
}

const mostMonths = 36;
const monthMs = 30 * 86_400_000;

export function similarPriced(
  catalogue: CommandCatalogue,
  name: string,
  at: number,
): readonly string[] {
  return similarModels(name, {
    models: catalogue.models(),
    isPriced: (one) => catalogue.book.sheet({ ...one, at }) !== undefined,
  });
}

/**
 * The error for a provider without any price, with one that prices the model; undefined for a known
 * provider.
 */
function unknownProvider(
  name: string,
  { catalogue, model, at }: Unpriced & { readonly catalogue: CommandCatalogue },
): PurserError | undefined {
  const known = providersOf(catalogue);
  if (isKnown(name, known)) return undefined;
  const elsewhere = listedModel(catalogue, { model, provider: undefined, at })?.provider;
  return notListed(name, { known, elsewhere });
}

/** @throws PurserError `not_found` with the nearest name. */
export function checkProvider(name: string, catalogue: CommandCatalogue): void {
  const known = providersOf(catalogue);
  if (!isKnown(name, known)) throw notListed(name, { known });
}

function isKnown(name: string, known: readonly string[]): boolean {
  return known.includes(commonName(name)) || known.includes(shownProvider(name));
}

/** The name of a provider in the price list, for a name that other tools use: `bedrock`. */
export function shownProvider(name: string): string {
  return commonName(listedName(name));
}

interface KnownProviders {
  readonly known: readonly string[];
  /** One that prices the model. */
  readonly elsewhere?: string | undefined;
}

function notListed(name: string, { known, elsewhere }: KnownProviders): PurserError {
  const meant = nearest(name, known) ?? elsewhere;
  const examples = makers.filter((maker) => known.includes(maker)).join(", ");
  return new PurserError("not_found", `no provider "${name}" is in the price list`, {
    field: "--provider",
    remedy: `${meant === undefined ? `Use one of the list, such as ${examples}.` : `Did you mean ${meant}?`} For a provider of your own, add a price under \`prices:\` in purser.yaml.`,
  });
}

function providersOf(catalogue: CommandCatalogue): readonly string[] {
  return [...new Set(catalogue.models().map(({ provider }) => provider))];
}

/** In the unit that similar models are billed by. */
function exampleRates(catalogue: CommandCatalogue, similar: readonly string[], at: number): string {
  const [first] = similar;
  const found =
    first === undefined
      ? undefined
      : listedModel(catalogue, { model: first, provider: undefined, at });
  const sheet = found && catalogue.book.sheet({ ...found, at });
  const [unit] = sheet ? billedUnits(sheet) : [];
  if (unit === undefined) return 'input: "0.15", output: "0.60"';
  return `input: "0", output: "0", meters: { ${unit.replace(variant, "$1")}: "0.04" }`;
}

/** `images_hd_1024x1792` is a variant of `images`. */
const variant = /^(images|audio_seconds|video_seconds)_.*$/;

/** Names such as `@cf/meta/llama` have to be quoted. */
function inYaml(name: string): string {
  return /^[a-z][\w./-]*$/i.test(name) ? name : JSON.stringify(name);
}
