/** Describes a provider as configured: the only place a call can go to. */

import type { WireFormat, WireName } from "../../wire/wire.ts";
import type { StoredAccess } from "./limits.ts";

export interface Provider {
  /** The price book uses the same name. */
  readonly name: string;
  /** Base URL for each supported format, without a trailing slash, as the vendor's SDK takes it. */
  readonly bases: Readonly<Partial<Record<WireName, string>>>;
  /** Null if only callers bring keys. */
  readonly apiKey: string | null;
  /** Added to every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Additional request headers to forward, in lower case. */
  readonly passHeaders: readonly string[];
  /**
   * The vendor's name in the price list, such as `openai` or `anthropic`; the provider's own name
   * if unknown.
   */
  readonly vendor: string;
  /** Whether endpoints whose cost cannot be known are refused. */
  readonly unmetered: "refuse" | "allow";
  /** Whether the cost in its answers is the amount billed, and therefore the charge. */
  readonly reportsBilledCost: boolean;
  /** What callers may access of the objects it stores. */
  readonly stored: StoredAccess;
  /** Formats for which this provider has a dialect of its own. */
  readonly wires: Readonly<Partial<Record<WireName, WireFormat>>>;
}

/** The configured providers and model aliases. */
export interface Providers {
  readonly byName: ReadonlyMap<string, Provider>;
  /** `fast` → `openai/gpt-5-mini`. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Common other names of providers, by the name used here. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  xai: ["x-ai", "grok"],
  gemini: ["google"],
};

/** Finds a provider by its name or a common other name. A configured name takes precedence. */
export function providerNamed({ byName }: Providers, name: string): Provider | undefined {
  const provider = byName.get(name);
  if (provider) return provider;
  return byName.get(commonName(name));
}

/** The name to display for a provider, whatever the price list calls it. */
export function commonName(name: string): string {
  return Object.entries(otherNames).find(([, others]) => others.includes(name))?.[0] ?? name;
}
