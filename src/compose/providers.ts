/** Builds providers from their configuration, the catalogue and the wire formats they support. */

import type { Probe } from "../app/manage/probe.ts";
import type { Provider, Providers } from "../app/port/provider.ts";
import type { Wires } from "../app/route/target.ts";
import { simulator as simulatorName } from "../app/route/simulated.ts";
import type { BookedProvider, Catalogue } from "../catalogue/catalogue.ts";
import type { Configuration, ProviderConfiguration } from "../config/configuration.ts";
import { probeProvider } from "../gateway/probe.ts";
import type { Simulator } from "../simulator/index.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";

export const wires: Wires = {
  openai: openaiWire({ newTokenField: "max_tokens" }),
  anthropic: anthropicWire,
  gemini: geminiWire,
};
/** OpenAI rejects the older field with its newer models. */
const openaiOwnWire = openaiWire({ newTokenField: "max_completion_tokens" });

const probeWithinMs = 10_000;

/** The configured providers, as needed by the price book. */
export function bookedProviders(
  { providers }: Configuration,
  catalogue: Catalogue,
): ReadonlyMap<string, BookedProvider> {
  return new Map(providers.map((provider) => [provider.name, catalogue.identify(provider)]));
}

/**
 * Providers whose reported cost is the charge: those that document it, unless the configuration
 * overrides it.
 */
export function billedCostReporters(
  { providers }: Configuration,
  {
    catalogue,
    booked,
  }: { readonly catalogue: Catalogue; readonly booked: ReadonlyMap<string, BookedProvider> },
): (provider: string) => boolean {
  const stated = new Map(providers.map(({ name, reportedCost }) => [name, reportedCost]));
  return (provider) => {
    const word = stated.get(provider) ?? null;
    return word === null
      ? catalogue.reportsBilledCost(booked.get(provider)?.id ?? provider)
      : word === "charge";
  };
}

interface ProviderParts {
  readonly booked: ReadonlyMap<string, BookedProvider>;
  readonly simulator: Simulator | null;
  readonly reportsBilledCost: (provider: string) => boolean;
}

export function makeProviders(
  { providers, aliases }: Configuration,
  { booked, simulator, reportsBilledCost }: ProviderParts,
): Providers {
  const byName = new Map(
    providers.map((provider) => {
      const { name } = provider;
      return [
        name,
        makeProvider(provider, {
          vendor: booked.get(name)?.id ?? name,
          reportsBilledCost: reportsBilledCost(name),
        }),
      ];
    }),
  );
  if (simulator) byName.set(simulatorName, simulatedProvider(simulator));
  return { byName, aliases };
}

/** Requests the list of models from each configured provider, with its key. */
export async function probeProviders({ providers }: Configuration): Promise<readonly Probe[]> {
  const options = { timeoutMs: probeWithinMs, now: () => performance.now() };
  return Promise.all(
    providers.map((provider) =>
      probeProvider(
        makeProvider(provider, { vendor: provider.name, reportsBilledCost: false }),
        options,
      ),
    ),
  );
}

interface KnownOfProvider {
  /** Its name in the catalogue: a provider with another name may be OpenAI, by its host. */
  readonly vendor: string;
  readonly reportsBilledCost: boolean;
}

function makeProvider(
  { wire, baseUrl, ...rest }: ProviderConfiguration,
  { vendor, reportsBilledCost }: KnownOfProvider,
): Provider {
  const isOpenai = vendor === "openai" || vendor === "azure";
  return {
    ...rest,
    bases: { [wire]: baseUrl },
    vendor,
    reportsBilledCost,
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
    vendor: simulatorName,
    unmetered: "refuse",
    reportsBilledCost: false,
    stored: "refuse",
    wires: {},
  };
}
