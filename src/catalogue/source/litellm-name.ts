/** Parses the keys of LiteLLM's map: a provider, a model, and a region or an image variant. */

import { listedName } from "../../domain/price/id/provider-name.ts";

/** Names that only the map has. */
const renamed: Readonly<Record<string, string>> = {
  "text-completion-openai": "openai",
  azure_text: "azure",
  codestral: "mistral",
  "text-completion-codestral": "mistral",
  "fireworks_ai-embedding-models": "fireworks",
  voyage: "voyageai",
  github_copilot: "github-copilot",
  bigmodel: "zhipuai",
};

/** The catalogue's id of a provider of the map. */
export function providerOf(litellmProvider: string): string {
  if (litellmProvider.startsWith("vertex_ai")) return "google";
  return Object.hasOwn(renamed, litellmProvider)
    ? (renamed[litellmProvider] ?? litellmProvider)
    : listedName(litellmProvider);
}

export interface MapName {
  readonly model: string;
  /** As in the regions of a row; absent for the price without a region. */
  readonly region?: string;
  /** The end of an image meter: `hd_1024x1792`. */
  readonly image?: string;
  /** Whether the price is for capacity bought by the month, not for use. */
  readonly isCommitment: boolean;
}

const azureZones: ReadonlySet<string> = new Set(["us", "eu", "apac", "us-gov"]);
const awsRegion = /^[a-z]{2}(?:-gov)?-[a-z]+-\d$/;
const size = /^(\d+|max)-x-(\d+|max)$/;
const quality = /^(?:low|medium|high|standard|hd|auto|(?:\d+|max)-steps)$/;

/**
 * Reads `azure/eu/gpt-5.5`, `hd/1024-x-1792/dall-e-3`, `bedrock/us-east-1/anthropic.claude-v2:1`.
 */
export function parseName(key: string, litellmProvider: string): MapName {
  const parts = key.split("/");
  const image: { quality?: string; size?: string } = {};
  let isCommitment = false;
  let region: string | undefined;
  const takeImage = (): void => {
    for (let head = parts[0]; parts.length > 1 && head !== undefined; head = parts[0]) {
      if (size.test(head)) image.size = head.replace("-x-", "x");
      else if (quality.test(head)) image.quality = head.replace("-", "_");
      else return;
      parts.shift();
    }
  };
  takeImage();
  if (parts.length > 1 && litellmProvider.startsWith(parts[0] ?? "")) parts.shift();
  if (parts.length > 1 && ["invoke", "global", "global-standard"].includes(parts[0] ?? ""))
    parts.shift();
  takeImage();
  const head = parts[0] ?? "";
  if (litellmProvider === "azure" && parts.length > 1 && azureZones.has(head)) {
    // A region of Azure is not OpenAI's of that name.
    region = `azure-${head}`;
    parts.shift();
  } else if (parts.length > 1 && (awsRegion.test(head) || head === "*")) {
    region = head;
    parts.shift();
  }
  if (parts.length > 1 && parts[0]?.endsWith("-month-commitment") === true) {
    isCommitment = true;
    parts.shift();
  }
  const variant = [image.quality, image.size].filter((part) => part !== undefined).join("_");
  return {
    model: parts.join("/"),
    ...(region !== undefined && { region }),
    ...(variant !== "" && { image: variant }),
    isCommitment,
  };
}

/** The pixels of an image variant that ends in its size. */
export function pixelsOf(variant: string): bigint | undefined {
  const found = /(\d+)x(\d+)$/.exec(variant);
  return found ? BigInt(found[1] ?? 0) * BigInt(found[2] ?? 0) : undefined;
}
