/** What the control plane needs of the running process, and who is asking it. */

import type { Audience } from "../app/hold/announce.ts";
import type { Probe } from "../app/manage/probe.ts";
import type { Clock } from "../app/port/clock.ts";
import type { Ledger } from "../app/port/ledger.ts";
import type { LedgerReader } from "../app/port/reader.ts";
import type { HoldLimits } from "../app/port/limits.ts";
import type { TokenCounter } from "../app/port/token-counter.ts";
import type { Visit } from "../app/caller/visitor.ts";
import type { TokenizerFamily } from "../domain/estimate/tokenizer.ts";
import type { Key, Role } from "../domain/key/key.ts";
import type { PriceBook } from "../domain/price/sheet.ts";

export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

export interface ApiContext extends Audience {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly clock: Clock;
  readonly counter: Pick<TokenCounter, "countText">;
  /** The current price book. */
  prices(): PriceBook;
  /** Whose tokenizer a provider counts with, unless a model's name says otherwise. */
  tokenizerFamily(provider: string): TokenizerFamily;
  /** How much output calls of a model have needed lately; null while nothing is known. */
  expectedOutput(of: ModelName, ceiling: number): number | null;
  /** Whether the simulator's calls are reported apart from those that cost money. */
  readonly simulatedApart?: boolean;
  /** Whether the cost that a provider reports is the amount billed. */
  reportsBilledCost(provider: string): boolean;
  /** Takes the prices that the ledger keeps into the book, after one was added. */
  reloadPrices(): void;
  /** SHA-256 in hex of every secret that is an administrator besides the keys in the ledger: the admin key, a token of this start. */
  readonly adminKeyHashes: readonly string[];
  /** @throws PurserError `forbidden` for a visit by a name or from a page that is not allowed. */
  admit(visit: Visit): void;
  /** Whether everybody may read the metrics of all calls. */
  readonly openMetrics: boolean;
  /** From now on the key opens nothing: ends what it has under way. */
  endCallsOf(keyId: string): void;
  readonly holdLimits: HoldLimits;
  /** Of Purser. */
  readonly version: string;
  /** Prometheus text: of all calls and of the process, or of the process alone. */
  metrics(of: { readonly ofAllCalls: boolean }): Promise<string>;
  ready(): Promise<Readiness> | Readiness;
  status(): ServerStatus;
  /** Asks each provider for its list of models, which is free. */
  probeProviders(): Promise<readonly Probe[]>;
  /** Every model that has a price. */
  catalogue?(): readonly ModelName[];
  /** Told of every failure that is a bug; the caller learns only that there was one. */
  reportBug(error: unknown): void;
}

/** What the process is made of. */
export interface ServerStatus {
  /** The version of Node that runs it. */
  readonly node: string;
  readonly processId: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The data folder, absolute. */
  readonly data: string;
  readonly durability: string;
  /** The day up to which the prices beside the price list were checked: `2026-11-01`. */
  readonly pricesCheckedOn: string;
  /** Prices of the configuration and of the API. */
  readonly pricesStated: number;
  readonly providers: readonly ProviderStatus[];
}

export interface ProviderStatus {
  readonly name: string;
  readonly baseUrls: readonly string[];
  readonly key: "set" | "callers_bring_theirs" | "simulated";
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, as sentences. */
  readonly reasons: readonly string[];
}

/** Who asks. `public` has shown no key, and needs none where it is let in. */
export interface Caller {
  readonly role: Role | "public";
  /** Null for an administrator whose secret is no key of the ledger, and for the public. */
  readonly key: Key | null;
}
