/** What a `purser.yaml` says, checked and made whole. Contract of this folder: all else in it makes one of these. */

import type { CallLimits, HoldLimits, StoredAccess } from "../app/port/limits.ts";
import type { PriceOverride } from "../domain/price/rate.ts";
import type { Budget } from "../domain/budget/budget.ts";
import type { KeyDefinition } from "../domain/key/define.ts";
import type { WireName } from "../wire/wire.ts";

/** Names and values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration {
  /** Null where no file was read. */
  readonly file: string | null;
  readonly server: ServerConfiguration;
  /** The data folder, relative to where the process runs. */
  readonly data: string;
  /** `full` syncs every batch to disk, `process` survives a crash of the process only. */
  readonly durability: "full" | "process";
  readonly providers: readonly ProviderConfiguration[];
  readonly prices: readonly PriceOverride[];
  readonly budgets: readonly Budget[];
  readonly keys: readonly KeyConfiguration[];
  /** Short names of models: `fast` → `openai/gpt-5-mini`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly limits: LimitConfiguration;
  /** Whether calls without a key are served. */
  readonly allowAnonymous: boolean;
  /** Whether the built-in simulator answers `sim/...`; null leaves it on as long as no provider is configured. */
  readonly simulator: "on" | "off" | null;
  /** What happens to the rest of an answer whose caller has left. */
  readonly onDisconnect: "drain" | "cancel";
  /** What is allowed and not wise, to be shown at the start. */
  readonly warnings: readonly ConfigurationWarning[];
}

export interface ServerConfiguration {
  readonly host: string;
  readonly port: number;
  /** Names besides the address by which the server may be called. */
  readonly hosts: readonly string[];
  /** Origins of other sites whose pages may call it. */
  readonly origins: readonly string[];
  /** Who may read `/metrics`: holders of a key that reads all figures, or everybody. */
  readonly metrics: "key" | "open";
}

export interface ProviderConfiguration {
  readonly name: string;
  readonly wire: WireName;
  /** As the vendor's SDK takes it, without a trailing slash: OpenAI's with `/v1`, Anthropic's and Gemini's without a version. */
  readonly baseUrl: string;
  /** Null when only callers bring keys. */
  readonly apiKey: string | null;
  /** Added to every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of callers' headers that go to it besides those on the list; in lower case. */
  readonly passHeaders: readonly string[];
  /** The catalogue's id of the vendor whose prices it has; null where its host or its name says that. */
  readonly priceProvider: string | null;
  /** The region in which its calls must be processed, in the provider's words; absent: as its host says. */
  readonly region?: string;
  /** Whether endpoints whose cost cannot be known are refused. */
  readonly unmetered: "refuse" | "allow";
  /** Whether a cost in its answers is the charge; null where its documentation decides. */
  readonly reportedCost: "charge" | "beside" | null;
  /** What callers may reach of the things that it keeps. */
  readonly stored: StoredAccess;
}

/** A key that is declared: its secret is whatever the environment says. */
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
  /** Begins with the field. */
  readonly message: string;
  readonly remedy: string;
}
