/** A provider as the configuration describes it: the only place a call can go to. */

import type { WireFormat, WireName } from "../../wire/wire.ts";
import type { StoredAccess } from "./limits.ts";

export interface Provider {
  /** Also the price book knows it by this name. */
  readonly name: string;
  /** Base URL for each format it speaks, without a trailing slash, as the vendor's SDK takes it. */
  readonly bases: Readonly<Partial<Record<WireName, string>>>;
  /** Null when only callers bring keys. */
  readonly apiKey: string | null;
  /** Added to every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of callers' headers that go to it besides those on the list; in lower case. */
  readonly passHeaders: readonly string[];
  /** Whose API it is, as the price list calls it: `openai`, `anthropic`; its own name where that is not known. */
  readonly vendor: string;
  /** Whether endpoints whose cost cannot be known are refused. */
  readonly unmetered: "refuse" | "allow";
  /** Whether the cost in its answers is the amount billed, and so the charge. */
  readonly tellsBilledCost: boolean;
  /** What callers may reach of the things that it keeps. */
  readonly stored: StoredAccess;
  /** The formats, where this provider's dialect differs from the format's own. */
  readonly wires: Readonly<Partial<Record<WireName, WireFormat>>>;
}

/** The providers by name, and what a bare model name stands for. */
export interface Providers {
  readonly byName: ReadonlyMap<string, Provider>;
  /** `fast` → `openai/gpt-5-mini`. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Other names under which people know providers, by the one that Purser gives them. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  xai: ["x-ai", "grok"],
  gemini: ["google"],
};

/** The provider of that name, or of the one that it is better known by. A name that is configured means itself. */
export function providerNamed({ byName }: Providers, name: string): Provider | undefined {
  const provider = byName.get(name);
  if (provider) return provider;
  return byName.get(commonName(name));
}

/** The name under which people see a provider, whatever a price list calls it. */
export function commonName(name: string): string {
  return Object.entries(otherNames).find(([, others]) => others.includes(name))?.[0] ?? name;
}
