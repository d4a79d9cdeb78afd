/** What the control plane needs from the running process. */

import type { Visit } from "../app/caller/visitor.ts";
import type { Audience } from "../app/hold/announce.ts";
import type { Waiting } from "../app/hold/waiting.ts";
import type { ObservedSessions } from "../app/ingest/telemetry/sessions.ts";
import type { EndAudience } from "../app/settle/announce-end.ts";
import type { PriceSchedule } from "../app/port/price-lists.ts";
import type { Probe } from "../app/manage/probe.ts";
import type { ScheduledExports } from "../app/export/scheduled.ts";
import type { PriceUpdates } from "../app/manage/update-prices.ts";
import type { Notifiers } from "../app/event/notifiers.ts";
import type { Feed } from "../app/port/feed.ts";
import type { Clock } from "../app/port/clock.ts";
import type { Exporter } from "../app/port/exporter.ts";
import type { Ledger } from "../app/port/ledger.ts";
import type { HoldLimits } from "../app/port/limits.ts";
import type { LedgerReader } from "../app/port/reader.ts";
import type { TelemetryFormat, TelemetryRules } from "../app/port/telemetry.ts";
import type { TokenCounter } from "../app/port/token-counter.ts";
import type { TokenizerFamily } from "../domain/estimate/tokenizer.ts";
import type { PriceOverride } from "../domain/price/text/override.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { ExchangeRate } from "../domain/money/exchange.ts";
import type { PriceBook } from "../domain/price/sheet.ts";

export interface ApiContext extends Audience, EndAudience {
  readonly waiting: Audience["waiting"] & Pick<Waiting, "approvals">;
  readonly observer: Audience["observer"] & EndAudience["observer"];
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
  /** Null for a folder that is opened without a server. */
  readonly notifiers: Notifiers | null;
  /** Null for a folder that is opened without a server. */
  readonly scheduledExports: ScheduledExports | null;
  /** Call after a rule was set: the journal is followed for it. */
  rulesChanged(): Promise<void>;
  readonly clock: Clock;
  readonly exporter: Exporter;
  readonly counter: Pick<TokenCounter, "countText">;
  /** The current price book. */
  prices(): PriceBook;
  /** Whose tokenizer a provider counts with, unless a model's name says otherwise. */
  tokenizerFamily(provider: string): TokenizerFamily;
  /** Output tokens that recent calls of a model needed; null if unknown. */
  expectedOutput(of: ModelName, ceiling: number): number | null;
  /** Whether simulated calls are reported apart from real ones. */
  readonly simulatedApart?: boolean;
  /** Whether the cost that a provider reports is the amount billed. */
  reportsBilledCost(provider: string): boolean;
  /** Telemetry of OpenTelemetry: its encodings, the configuration, and the sessions counted. */
  readonly telemetry: {
    readonly format: TelemetryFormat;
    readonly rules: TelemetryRules;
    readonly sessions: ObservedSessions;
  };
  /** Refreshes the price book from published lists. */
  readonly priceUpdates: PriceUpdates;
  /** Prices of the configuration. */
  readonly declaredPrices: readonly PriceOverride[];
  /** Items of the configuration. */
  readonly declaredItems: readonly PriceOverride[];
  /** Of the currencies in which amounts can be shown. */
  readonly displayRates: readonly ExchangeRate[];
  /** Providers that calls can name, configured or not. */
  readonly providerNames: readonly string[];
  /** Call after adding a price to the ledger: rebuilds the price book. */
  reloadPrices(): void;
  /**
   * SHA-256 in hex of administrator secrets that are not keys in the ledger: the admin key, and the
   * token of this process.
   */
  readonly adminKeyHashes: readonly string[];
  /** @throws PurserError `forbidden` for a host name or an origin that is not allowed. */
  admit(visit: Visit): void;
  /** Whether metrics of all calls need no key. */
  readonly openMetrics: boolean;
  /** Aborts the calls in flight of a revoked key. */
  endCallsOf(keyId: string): void;
  readonly holdLimits: HoldLimits;
  /** Purser's version. */
  readonly version: string;
  /** Prometheus text: of the process, and of all calls if asked. */
  metrics(of: { readonly ofAllCalls: boolean }): Promise<string>;
  ready(): Promise<Readiness> | Readiness;
  status(): ServerStatus;
  /** Requests each provider's list of models, which is free. */
  probeProviders(): Promise<readonly Probe[]>;
  /** Every model with a price. */
  catalogue?(): readonly ModelName[];
  /** Reports a bug. The caller only sees that there was one. */
  reportBug(error: unknown): void;
}

/** The running process and its parts. */
export interface ServerStatus {
  /** Version of Node.js. */
  readonly node: string;
  readonly processId: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Absolute path of the configuration file; null without one. */
  readonly configuration: string | null;
  readonly durability: string;
  /** The day on which the prices added to the price list were last checked: `2026-11-01`. */
  readonly pricesCheckedOn: string;
  /** The newest date of the price book's sources, in milliseconds since the epoch. */
  readonly pricesUpdatedAt: number;
  /** Number of prices from the configuration and the API. */
  readonly pricesStated: number;
  /** Null if the prices are not updated on their own. */
  readonly priceSchedule: PriceSchedule | null;
  readonly providers: readonly ProviderStatus[];
}

export interface ProviderStatus {
  readonly name: string;
  readonly baseUrls: readonly string[];
  readonly key: "set" | "callers_bring_theirs" | "simulated";
}

export interface Readiness {
  readonly ready: boolean;
  /** Reasons if not ready, as sentences. */
  readonly reasons: readonly string[];
}
