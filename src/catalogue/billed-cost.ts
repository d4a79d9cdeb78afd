/** Providers whose answers tell what was billed for them. */

/**
 * By the catalogue's id; each says so in its own documentation, read 2026-11.
 *
 * - xAI: `cost_in_usd_ticks` is "the actual amount billed", discounts and tools included (https://docs.x.ai/developers/cost-tracking)
 * - OpenRouter: `cost` is "the total amount charged to your account" (https://openrouter.ai/docs/use-cases/usage-accounting)
 */
const tellingProviders: ReadonlySet<string> = new Set(["x-ai", "openrouter"]);

/** Whether the cost that a provider reports is documented as the amount billed. Any other reported cost may be an estimate, or credits. */
export function reportsBilledCost(providerId: string): boolean {
  return tellingProviders.has(providerId);
}
