/**
 * The types of a validated configuration with its defaults: the result of everything in this
 * folder.
 */

import type { CallLimits, HoldLimits, StoredAccess } from "../app/port/limits.ts";
import type { ExportSchedule } from "../app/port/export-schedule.ts";
import type { NotifierSettings } from "../app/port/notifier-settings.ts";
import type { TelemetryRules } from "../app/port/telemetry.ts";
import type { PriceSchedule } from "../app/port/price-lists.ts";
import type { PriceOverride } from "../domain/price/text/override.ts";
import type { Budget } from "../domain/budget/budget.ts";
import type { FallbackRates } from "../domain/price/row/rate.ts";
import type { KeyDefinition } from "../domain/key/define.ts";
import type { ExchangeRate } from "../domain/money/exchange.ts";
import type { Rule } from "../domain/rule/rule.ts";
import type { WireName } from "../wire/wire.ts";

/** Names and values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration {
  /** Null if no file was read. */
  readonly file: string | null;
  readonly server: ServerConfiguration;
  /** The data folder, relative to the working directory. */
  readonly data: string;
  /** `full` syncs every batch to disk; `process` only survives a crash of the process. */
  readonly durability: "full" | "process";
  readonly providers: readonly ProviderConfiguration[];
  readonly prices: readonly PriceOverride[];
  /** What has a price and is no model call, as prices in the book. */
  readonly items: readonly PriceOverride[];
  /** Null if the prices are not updated on their own. */
  readonly priceUpdates: PriceSchedule | null;
  readonly budgets: readonly Budget[];
  readonly keys: readonly KeyConfiguration[];
  /** Short names of models: `fast` → `openai/gpt-5-mini`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly limits: LimitConfiguration;
  /** Of the currencies in which amounts can be shown. */
  readonly displayRates: readonly ExchangeRate[];
  /** Whom traced calls are for, and which are not counted. */
  readonly telemetry: TelemetryRules;
  /** Whether calls without a key are accepted. */
  readonly allowAnonymous: boolean;
  /** Whether the built-in simulator is on; null means on until a provider is configured. */
  readonly simulator: "on" | "off" | null;
  /** What to do with the rest of an answer when the caller disconnects. */
  readonly onDisconnect: "drain" | "cancel";
  readonly notifiers: readonly NotifierSettings[];
  readonly rules: readonly Rule[];
  readonly exports: readonly ExportSchedule[];
  /** Valid settings that are probably mistakes, to report at startup. */
  readonly warnings: readonly ConfigurationWarning[];
}

export interface ServerConfiguration {
  readonly host: string;
  readonly port: number;
  /** Additional host names of the server. */
  readonly hosts: readonly string[];
  /** Origins of other sites whose pages may call the server. */
  readonly origins: readonly string[];
  /** Whether `/metrics` requires a key that may read all figures, or is open to all. */
  readonly metrics: "key" | "open";
  /** Where people reach the server, without a trailing slash, for links in messages. */
  readonly publicUrl?: string;
}

export interface ProviderConfiguration {
  readonly name: string;
  readonly wire: WireName;
  /**
   * As the vendor's SDK expects it, without a trailing slash: with `/v1` for OpenAI, without a
   * version for Anthropic and Gemini.
   */
  readonly baseUrl: string;
  /** Null if callers bring their own keys. */
  readonly apiKey: string | null;
  /** Added to every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Additional headers of callers to forward, in lower case. */
  readonly passHeaders: readonly string[];
  /**
   * The vendor in the catalogue whose prices apply; null to derive it from the host or the name.
   */
  readonly priceProvider: string | null;
  /**
   * The region in which calls must be processed, as named by the provider. Absent: from the host.
   */
  readonly region?: string;
  /** The model behind each name that the user chose for a deployment, by that name. */
  readonly deployments?: Readonly<Record<string, string>>;
  /** Whether endpoints with an unknown cost are refused. */
  readonly unmetered: "refuse" | "allow";
  /** Whether a reported cost is the charge; null if the provider's documentation decides. */
  readonly reportedCost: "charge" | "beside" | null;
  /**
   * What bounds models without a price: `none` nothing; absent: the dearest listed model, if the
   * provider's reported cost is the charge.
   */
  readonly unlistedCeiling?: FallbackRates | "none";
  /** Which objects stored at the provider callers may access. */
  readonly stored: StoredAccess;
}

/** A declared key, with its secret from the environment. */
export interface KeyConfiguration {
  readonly secret: string;
  readonly definition: KeyDefinition;
}

export interface LimitConfiguration extends CallLimits, HoldLimits {
  readonly headerBytes: number;
}

export interface ConfigurationWarning {
  readonly line: number;
  readonly field: string;
  /** Starts with the field. */
  readonly message: string;
  readonly remedy: string;
}
