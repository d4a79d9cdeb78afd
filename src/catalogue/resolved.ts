/** Prices on which published lists disagree, and which of them is right or charged. */

import type { PriceList } from "./merge.ts";
import { parsePerCall } from "../domain/price/text/per-million.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";

interface Resolved {
  readonly provider: string;
  readonly model: string;
  /** The source whose price is right, against the order of precedence; or `the book`, by its overlay. */
  readonly right: string;
  readonly why: string;
}

const govCloud = {
  provider: "aws",
  right: "litellm",
  why: "GovCloud costs more than other regions (aws.amazon.com/bedrock/pricing)",
} as const;

const redirected = {
  provider: "x-ai",
  right: "the book",
  why: "since 2026-05-15 served and billed as grok-4.3 (docs.x.ai/developers/migration/may-15-retirement)",
} as const;

export const resolved: readonly Resolved[] = [
  { ...redirected, model: "grok-code-fast" },
  { ...redirected, model: "grok-code-fast-1" },
  { ...redirected, model: "grok-code-fast-1-0825" },
  { ...govCloud, model: "us-gov.anthropic.claude-haiku-5-5" },
  { ...govCloud, model: "us-gov.anthropic.claude-sonnet-5" },
  { ...govCloud, model: "us-gov.anthropic.claude-sonnet-5-5" },
  {
    provider: "fireworks",
    model: "accounts/fireworks/models/gemma-3-27b-it",
    right: "litellm",
    why: "models of more than 16 billion parameters cost 0.90 (fireworks.ai/pricing)",
  },
];

interface Undecided {
  readonly provider: string;
  /** Ids of the later list. */
  readonly model: RegExp;
  /** Other ids by which the earlier list has the models. */
  readonly earlier?: RegExp;
  readonly why: string;
}

/** Disagreements that nothing decides: the dearer price is charged, so that budgets hold. */
export const undecided: readonly Undecided[] = [
  {
    provider: "aws",
    model: /^openai\.gpt-5\.[45]$/,
    why: "litellm: GovCloud costs more than other regions (aws.amazon.com/bedrock/pricing)",
  },
  {
    provider: "deepseek",
    model: /^deepseek-v3\.2$/,
    why: "the dearer: the lists have different prices and no address for them",
  },
  {
    provider: "azure",
    model: /^text-embedding-(?:3-large|3-small|ada-002)$/,
    earlier: /^ada$/,
    why: "the dearer: litellm has it for data zones, too, and a host does not show the kind of a deployment",
  },
  {
    provider: "mistral",
    model: /^(?:open-)?mistral-nemo$/,
    why: "the dearer: the lists have different prices and no address for them",
  },
  {
    provider: "openai",
    model: /^gpt-5\.6-cyber$/,
    why: "the dearer: only one list has the price of long contexts that the other models of GPT-5.6 have",
  },
];

export function isUndecided({ provider, model }: CatalogueRow): boolean {
  return undecided.some((entry) => entry.provider === provider && entry.model.test(model));
}

/** Whether nothing decides between the price of a row, from any list, and that of another list. */
export function isDisputed(row: CatalogueRow): boolean {
  return (
    isUndecided(row) ||
    undecided.some(({ provider, earlier }) => provider === row.provider && earlier?.test(row.model))
  );
}

export function isPreferred({ provider, model, source }: CatalogueRow): boolean {
  return resolved.some(
    (entry) => entry.provider === provider && entry.model === model && entry.right === source,
  );
}

/** Why the price of a list is wrong, if another list is known to have the right one. */
export function whyWrong({ provider, model, source }: CatalogueRow): string | undefined {
  const entry = resolved.find((each) => each.provider === provider && each.model === model);
  return entry && sources.has(source) && entry.right !== source
    ? `has another price in ${entry.right}, which is right: ${entry.why}`
    : undefined;
}

/** The lists between which it was decided. */
const sources: ReadonlySet<string> = new Set(["genai-prices", "litellm"]);

interface Fee {
  readonly provider: string;
  readonly models: RegExp;
  /** USD of a search. */
  readonly webSearch: string;
  readonly why: string;
}

/** Fees on which a list disagrees with itself, or with another one, for ids of the same model. */
export const resolvedFees: readonly Fee[] = [
  {
    provider: "openai",
    models: /^gpt-(?:4\.1|4o)(?:-mini)?(?:-20\d\d-\d\d-\d\d)?$/,
    webSearch: "0.01",
    why: "web search costs 0.01 with every model; 0.025 is the fee of the preview tool, which does not bill the tokens of what it finds (developers.openai.com/api/docs/pricing, as quoted in community.openai.com/t/1363698)",
  },
  {
    provider: "azure",
    models: /^gpt-\d/,
    webSearch: "0.014",
    why: "searches are made with Bing (learn.microsoft.com/azure/ai-foundry/openai/how-to/web-search), for 14 per 1,000; 0.01 is the fee at OpenAI",
  },
];

/** The list with the fees that are right. A row without a fee gets none. */
export function withRightFees<List extends PriceList>(list: List): List {
  return { ...list, rows: list.rows.map(withRightFee) };
}

function withRightFee(row: CatalogueRow): CatalogueRow {
  const fee = resolvedFees.find(
    ({ provider, models }) => provider === row.provider && models.test(row.model),
  );
  if (!fee || row.rates.web_search === undefined) return row;
  return { ...row, rates: { ...row.rates, web_search: parsePerCall(fee.webSearch, "web_search") } };
}
