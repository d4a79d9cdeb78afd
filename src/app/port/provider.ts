/** Describes a provider as configured: the only place a call can go to. */

import type { TokenizerFamily } from "../../domain/estimate/tokenizer.ts";
import type { LeastUnits } from "../../domain/usage/billed-unit.ts";
import { commonName } from "../../domain/price/id/provider-name.ts";
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
  /** Whose tokenizer it counts with, unless a model's name says otherwise. */
  readonly tokenizer: TokenizerFamily;
  /** Whether it resells other vendors' models: a model's own vendor is preferred. */
  readonly isReseller: boolean;
  /** The path after the base URL that checks the key; null: the format's list of models. */
  readonly keyCheckPath: string | null;
  /** Whether endpoints whose cost cannot be known are refused. */
  readonly unmetered: "refuse" | "allow";
  /** Whether the cost in its answers is the amount billed, and therefore the charge. */
  readonly reportsBilledCost: boolean;
  /** The fewest units that it bills for a call, by their general meter. */
  readonly leastUnits: LeastUnits;
  /** What callers may access of the objects it stores. */
  readonly stored: StoredAccess;
  /** Formats for which this provider has a dialect of its own. */
  readonly wires: Readonly<Partial<Record<WireName, WireFormat>>>;
}

/** The configured providers and model aliases. */
export interface Providers {
  readonly byName: ReadonlyMap<string, Provider>;
  /** Such as `fast` for `PROVIDER/MODEL`. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Finds a provider by its name or a common other name. A configured name takes precedence. */
export function providerNamed({ byName }: Providers, name: string): Provider | undefined {
  return byName.get(name) ?? byName.get(commonName(name));
}
