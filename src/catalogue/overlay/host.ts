/** Maps the regional hosts of providers to their provider and region. */

import { anywhere } from "../../domain/price/row/terms.ts";

/** The first capture group is the region. */
interface RegionalHost {
  readonly host: RegExp;
  readonly provider: string;
}

const regionalHosts: readonly RegionalHost[] = [
  // https://developers.openai.com/api/docs/guides/data-residency, read 2026-11.
  { host: /^([a-z]{2})\.api\.openai\.com$/, provider: "openai" },
  // https://docs.x.ai/developers/regions and .../advanced-api-usage/regions, read 2026-11: `us`,
  // `us-east-1`, `eu-west-1`.
  { host: /^([a-z0-9-]+)\.api\.x\.ai$/, provider: "x-ai" },
  // https://docs.mistral.ai/studio-api/regional-inference, read 2026-11.
  { host: /^api\.([a-z]{2})\.mistral\.ai$/, provider: "mistral" },
  // https://openrouter.ai/docs/guides/privacy/data-collection, read 2026-11: in-region routing.
  { host: /^([a-z]{2})\.openrouter\.ai$/, provider: "openrouter" },
  // https://docs.cloud.google.com/gemini-enterprise-agent-platform/resources/locations, read
  // 2026-11; `aiplatform.googleapis.com` is global.
  { host: /^([a-z0-9-]+)-aiplatform\.googleapis\.com$/, provider: "google" },
  // https://docs.aws.amazon.com/govcloud-us/latest/UserGuide, read 2026-11: GovCloud's prices are
  // its own. Other regions of Bedrock are stated in the configuration where they cost more.
  {
    host: /^bedrock-(?:runtime|mantle)(?:-fips)?\.(us-gov-[a-z]+-\d)\./,
    provider: "aws",
  },
  { host: /^aiplatform\.([a-z]{2})\.rep\.googleapis\.com$/, provider: "google" },
];

/** @returns undefined for a host that is not regional. */
export function regionalHost(
  baseUrl: string,
): { readonly provider: string; readonly region: string } | undefined {
  const host = URL.parse(baseUrl)?.hostname ?? "";
  for (const { host: pattern, provider } of regionalHosts) {
    const region = pattern.exec(host)?.[1];
    if (region !== undefined) return { provider, region };
  }
  return undefined;
}

/** Hosts that the built-in list does not have. */
const furtherHosts: readonly { readonly host: RegExp; readonly provider: string }[] = [
  // https://docs.together.ai, read 2026-11: the host of the SDKs and its newer name.
  { host: /^api\.together\.(?:ai|xyz)$/, provider: "together" },
  // https://docs.aws.amazon.com/general/latest/gr/bedrock.html, read 2026-11: FIPS endpoints,
  // China, and the endpoint that shares the formats of others.
  {
    host: /(?:^|\.)bedrock-(?:runtime|mantle)(?:-fips)?\.[a-z0-9-]+\.(?:(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)$/,
    provider: "aws",
  },
  // https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure, read
  // 2026-11.
  {
    host: /\.(?:openai|services\.ai|models\.ai|cognitiveservices)\.azure\.(?:com|us|cn)$/,
    provider: "azure",
  },
  // https://docs.mistral.ai/capabilities/code_generation, read 2026-11.
  { host: /^codestral\.mistral\.ai$/, provider: "mistral" },
];

/** @returns undefined for a host that is not listed here. */
export function furtherHost(baseUrl: string): string | undefined {
  const host = URL.parse(baseUrl)?.hostname ?? "";
  return furtherHosts.find(({ host: pattern }) => pattern.test(host))?.provider;
}

/**
 * OpenRouter's list of models is public, so a key is checked at the endpoint for its limits
 * (https://openrouter.ai/docs/api-reference/limits, read 2026-11).
 *
 * @returns The path after the base URL; null for hosts whose list of models checks the key.
 */
export function keyCheckPath(baseUrl: string): string | null {
  const host = URL.parse(baseUrl)?.hostname ?? "";
  return /(^|\.)openrouter\.ai$/.test(host) ? "/key" : null;
}

/**
 * The region of calls that name none; null if the provider decides. Anthropic uses a workspace
 * default and reports it in the answer
 * (https://platform.claude.com/docs/en/manage-claude/data-residency, read 2026-11).
 */
export function usualRegion(provider: string): string | null {
  return provider === "anthropic" ? null : anywhere;
}

/**
 * The name of a region in the price rows. Azure uses OpenAI's rows, but charges other premiums for
 * its regions and data zones (learn.microsoft.com lists 1.1 to 1.2 times): its regions are not
 * OpenAI's and have no price here.
 */
export function regionOfRows(provider: string, region: string | null): string | null {
  return provider === "azure" && region !== null && region !== anywhere
    ? `azure-${region}`
    : region;
}
