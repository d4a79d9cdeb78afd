/** Names of providers: the one that Purser shows, and the one in the price list. */

interface NamedProvider {
  /** The name in configurations, paths and reports. */
  readonly shown: string;
  readonly listed: string;
  /** Further names, under which calls may ask for it. */
  readonly others: readonly string[];
}

/** Providers that the price list calls by another name. */
const renamed: readonly NamedProvider[] = [
  { shown: "xai", listed: "x-ai", others: ["grok"] },
  { shown: "gemini", listed: "google", others: [] },
];

/** Other names that only have a price: the provider is shown under its own name. */
const pricedAs: readonly (readonly [name: string, listed: string])[] = [
  ["bedrock", "aws"],
  ["bedrock_converse", "aws"],
  ["amazon-bedrock", "aws"],
  ["amazon_bedrock", "aws"],
  ["aws-bedrock", "aws"],
  ["vertex", "google"],
  ["vertex-ai", "google"],
  ["vertex_ai", "google"],
  ["vertexai", "google"],
  ["google-vertex", "google"],
  ["google_vertex", "google"],
  ["google-ai-studio", "google"],
  ["google-genai", "google"],
  ["moonshot", "moonshotai"],
  ["moonshot-ai", "moonshotai"],
  ["claude", "anthropic"],
  ["together_ai", "together"],
  ["together-ai", "together"],
  ["togetherai", "together"],
  ["fireworks_ai", "fireworks"],
  ["fireworks-ai", "fireworks"],
  ["azure-openai", "azure"],
  ["azure_openai", "azure"],
  ["azure_ai", "azure"],
  ["azure-ai", "azure"],
  ["azure-foundry", "azure"],
  ["mistralai", "mistral"],
  ["mistral-ai", "mistral"],
  ["deepseek-ai", "deepseek"],
  ["groqcloud", "groq"],
  // The names of OpenTelemetry's conventions, and variants of LiteLLM's and the AI SDK's.
  ["aws.bedrock", "aws"],
  ["bedrock-mantle", "aws"],
  ["bedrock_mantle", "aws"],
  ["azure.ai.openai", "azure"],
  ["azure.ai.inference", "azure"],
  ["gcp.gemini", "google"],
  ["gcp.vertex_ai", "google"],
  ["gcp.gen_ai", "google"],
  ["vertex_ai_beta", "google"],
  ["google-vertex-anthropic", "google"],
  ["google-generative-ai", "google"],
  ["mistral_ai", "mistral"],
  ["x_ai", "x-ai"],
  ["moonshot_ai", "moonshotai"],
  ["cohere_chat", "cohere"],
];

const shownNames = new Map(
  renamed.flatMap(({ shown, listed, others }) =>
    [listed, ...others].map((name) => [name, shown] as const),
  ),
);

const listedNames = new Map([
  ...renamed.flatMap(({ shown, listed, others }) =>
    [shown, ...others].map((name) => [name, listed] as const),
  ),
  ...pricedAs,
]);

/** The name to show for a provider, whatever the price list calls it. */
export function commonName(name: string): string {
  return shownNames.get(name) ?? name;
}

/** The price list's name for a provider, in lower case. */
export function listedName(name: string): string {
  const lower = name.toLowerCase();
  return listedNames.get(lower) ?? lower;
}
