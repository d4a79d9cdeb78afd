/** Lists the providers whose answers report the billed amount. */

/**
 * By catalogue id, according to each provider's documentation, read 2026-11.
 *
 * - xAI: `cost_in_usd_ticks` is "the actual amount billed", discounts and tools included
 *   (https://docs.x.ai/developers/cost-tracking)
 * - OpenRouter: `cost` is "the total amount charged to your account"
 *   (https://openrouter.ai/docs/use-cases/usage-accounting)
 */
const reportingProviders: ReadonlySet<string> = new Set(["x-ai", "openrouter"]);

/**
 * Whether a provider documents its reported cost as the amount billed. If not, it may be an
 * estimate, or credits.
 */
export function reportsBilledCost(providerId: string): boolean {
  return reportingProviders.has(providerId);
}
