/**
 * Test gateway configuration: every provider points to the simulator, with a price for each of its
 * models.
 */

/** A provider as `purser.yaml` takes it. */
export interface ProviderSettings {
  readonly wire?: "openai" | "anthropic" | "gemini";
  readonly base_url: string;
  readonly api_key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unmetered?: "allow" | "refuse";
  readonly reported_cost?: "beside" | "charge";
  readonly unlisted_ceiling?: "none" | { readonly input: string; readonly output: string };
  readonly stored?: "refuse" | "own" | "shared";
  readonly pass_headers?: readonly string[];
}

/** The key that the gateway sends to a provider, and to no one else. */
export function providerKey(provider: string): string {
  return `sk-provider-secret-of-${provider}`;
}

export function providersAt(simulatorUrl: string): Readonly<Record<string, ProviderSettings>> {
  const at = (name: string, path: string): ProviderSettings => ({
    base_url: simulatorUrl + path,
    api_key: providerKey(name),
  });
  return {
    openai: at("openai", "/openai/v1"),
    anthropic: at("anthropic", "/anthropic"),
    gemini: at("gemini", "/gemini"),
    deepseek: at("deepseek", "/deepseek/v1"),
    // The simulator bills at its own prices, but most tests compare with the prices in this file.
    xai: { ...at("xai", "/xai/v1"), reported_cost: "beside" },
    openrouter: { ...at("openrouter", "/openrouter/v1"), reported_cost: "beside" },
  };
}

/** USD per million units, by meter. */
export type RowPrices = Readonly<Record<string, string>>;

/** Unusual figures, so that mixed-up rates are detected. */
const small: RowPrices = { input: "0.15", cache_read: "0.0751", output: "0.613" };
const large: RowPrices = {
  input: "3.01",
  cache_read: "0.301",
  cache_write_5m: "3.77",
  cache_write_1h: "6.02",
  output: "15.03",
};
const flash: RowPrices = { input: "0.31", cache_read: "0.033", output: "2.51" };

export interface PriceRow extends RowPrices {
  readonly provider: string;
  readonly model: string;
}

function row(provider: string, model: string, rates: RowPrices): PriceRow {
  return { ...rates, provider, model };
}

export const prices: readonly PriceRow[] = [
  row("openai", "sim-small", small),
  row("openai", "sim-large", large),
  row("openai", "sim-embed", { input: "0.021", output: "0" }),
  row("anthropic", "sim-small", { ...small, cache_write_5m: "0.19", cache_write_1h: "0.31" }),
  row("anthropic", "sim-large", large),
  row("gemini", "sim-small", flash),
  row("gemini", "sim-large", { input: "1.27", cache_read: "0.311", output: "10.01" }),
  row("deepseek", "sim-small", { input: "0.27", cache_read: "0.07", output: "1.1" }),
  row("xai", "sim-small", { input: "0.2", cache_read: "0.05", output: "0.5" }),
  row("openrouter", "sim-small", { input: "0.4", cache_read: "0.1", output: "0.9" }),
];

/**
 * The configured rate of a meter in pico-USD per unit, computed independently of the code under
 * test.
 */
export function ratePico(provider: string, model: string, meter: string): bigint {
  const found = prices.find((price) => price.provider === provider && price.model === model)?.[
    meter
  ];
  if (found === undefined) throw new Error(`no price of ${meter} for ${provider}/${model}`);
  const [whole = "0", fraction = ""] = found.split(".");
  // A millionth of a USD is a million pico-USD.
  return BigInt(whole + fraction.padEnd(6, "0"));
}

/** A budget's window that does not roll while a test runs. */
export const always = {
  period: "once",
  start: "2020-01-01T00:00:00Z",
  end: "2100-01-01T00:00:00Z",
} as const;
