/** Builds providers from their configuration, the catalogue and the wire formats they support. */

import type { Probe } from "../app/manage/probe.ts";
import type { Provider, Providers } from "../app/port/provider.ts";
import type { Wires } from "../app/route/target.ts";
import { simulator as simulatorName } from "../app/route/simulated.ts";
import type { Catalogue, Identities } from "../catalogue/catalogue.ts";
import type { ProviderIdentity } from "../catalogue/identity.ts";
import type { Configuration, ProviderConfiguration } from "../config/configuration.ts";
import { probeProvider } from "../gateway/probe.ts";
import type { UnlistedRule } from "../domain/price/ceiling.ts";
import type { Simulator } from "../simulator/index.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";

export const wires: Wires = [
  openaiWire({ newTokenField: "max_tokens" }),
  anthropicWire,
  geminiWire,
];
/** OpenAI rejects the older field with its newer models. */
const openaiOwnWire = openaiWire({ newTokenField: "max_completion_tokens" });

const probeWithinMs = 10_000;

/**
 * Providers whose reported cost is the charge: those that document it, unless the configuration
 * overrides it.
 */
export function billedCostReporters(
  { providers }: Pick<Configuration, "providers">,
  identities: Identities,
): (provider: string) => boolean {
  const stated = new Map(providers.map(({ name, reportedCost }) => [name, reportedCost]));
  return (provider) => {
    const word = stated.get(provider) ?? null;
    return word === null ? identities.of(provider).reportsBilledCost : word === "charge";
  };
}

/** What bounds the models of each provider that have no price. */
export function unlistedRules(
  configuration: Pick<Configuration, "providers">,
  identities: Identities,
): (provider: string) => UnlistedRule {
  const isBilled = billedCostReporters(configuration, identities);
  const stated = new Map(
    configuration.providers.map(({ name, unlistedCeiling }) => [name, unlistedCeiling]),
  );
  return (provider) => stated.get(provider) ?? (isBilled(provider) ? "dearest" : "none");
}

/** @param parts.simulator Null if it is off. */
export function makeProviders(
  configuration: Configuration,
  parts: { readonly identities: Identities; readonly simulator: Simulator | null },
): Providers {
  const { identities, simulator } = parts;
  const byName = new Map(
    configured(configuration, identities).map((provider) => [provider.name, provider]),
  );
  if (simulator) byName.set(simulatorName, simulatedProvider(simulator));
  return { byName, aliases: configuration.aliases };
}

/** Checks each configured provider with its key, usually by requesting the list of models. */
export async function probeProviders(
  configuration: Configuration,
  catalogue: Catalogue,
): Promise<readonly Probe[]> {
  const options = { wires, timeoutMs: probeWithinMs, now: () => performance.now() };
  const identities = catalogue.identities(configuration.providers);
  return Promise.all(
    configured(configuration, identities).map((provider) => probeProvider(provider, options)),
  );
}

function configured(configuration: Configuration, identities: Identities): readonly Provider[] {
  const isBilled = billedCostReporters(configuration, identities);
  return configuration.providers.map((provider) =>
    makeProvider(provider, identities.of(provider.name), isBilled(provider.name)),
  );
}

function makeProvider(
  { wire, baseUrl, ...rest }: ProviderConfiguration,
  { id, tokenizer, isReseller, keyCheckPath, leastUnits }: ProviderIdentity,
  reportsBilledCost: boolean,
): Provider {
  const isOpenai = id === "openai" || id === "azure";
  return {
    ...rest,
    bases: { [wire]: baseUrl },
    tokenizer,
    isReseller,
    keyCheckPath,
    reportsBilledCost,
    leastUnits,
    wires: wire === "openai" && isOpenai ? { openai: openaiOwnWire } : {},
  };
}

function simulatedProvider({ url }: Simulator): Provider {
  return {
    name: simulatorName,
    bases: { openai: `${url}/openai/v1`, anthropic: `${url}/anthropic`, gemini: `${url}/gemini` },
    apiKey: "simulated",
    headers: {},
    passHeaders: [],
    tokenizer: "other",
    isReseller: false,
    keyCheckPath: null,
    unmetered: "refuse",
    reportsBilledCost: false,
    leastUnits: {},
    stored: "refuse",
    wires: {},
  };
}
