/** Prices on which the published lists disagree, where the later list is right. */

import type { CatalogueRow } from "../../src/domain/price/row/row.ts";

interface Resolved {
  readonly provider: string;
  readonly model: string;
  /** The source whose price is right, against the order of precedence. */
  readonly right: string;
  readonly why: string;
}

const govCloud = {
  provider: "aws",
  right: "litellm",
  why: "GovCloud costs more than other regions (aws.amazon.com/bedrock/pricing)",
} as const;

export const resolved: readonly Resolved[] = [
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

export function isPreferred({ provider, model, source }: CatalogueRow): boolean {
  return resolved.some(
    (entry) => entry.provider === provider && entry.model === model && entry.right === source,
  );
}
