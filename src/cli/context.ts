/** What a command can use: its output, the parts it may start, and its exit code. */

import type { DeclaredChange } from "../app/manage/declared.ts";
import type { VerifyReport } from "../app/port/reader.ts";
import type { Probe } from "../app/manage/probe.ts";
import type { PriceOverride } from "../domain/price/text/override.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { OpenFolder } from "./connection.ts";
import type { ExitCode, Warning } from "./failure.ts";
import type { Screen } from "./terminal/screen.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandContext {
  readonly screen: Screen;
  readonly environment: Environment;
  readonly parts: Parts;
  /** Sets the exit code; 0 if it is not called. */
  end(code: ExitCode): void;
}

/** The other parts of Purser, each loaded on demand. Chosen in `main.ts`. */
export interface Parts {
  /** The version of Purser. */
  readonly version: string;
  /** @param counting Reports progress, from 0 to 1, while a budget is recounted. */
  startServer(
    options: ServeOptions,
    counting?: (budgetId: string, share: number) => void,
  ): Promise<RunningServer>;
  openFolder(dataDirectory: string, file?: string): Promise<OpenFolder>;
  openCatalogue(from?: CatalogueOptions): Promise<CommandCatalogue>;
  startSimulator(options: SimulateOptions): Promise<RunningSimulator>;
  /**
   * Checks a configuration file and the environment without starting anything.
   *
   * @throws PurserError `invalid_configuration`
   */
  checkConfiguration(file: string | undefined): Promise<CheckedConfiguration>;
  /**
   * The data folder of a configuration, or the default; other errors of the file do not matter.
   *
   * @throws PurserError for a file that does not say, or names an unset variable.
   */
  configuredFolder(file: string | undefined): Promise<string>;
  /** Prices of a configuration in whose place prices set over the API apply. */
  replacedPrices(file: string | undefined, dataDirectory: string): Promise<readonly Warning[]>;
  /** The names of the providers that only need a key. */
  knownProviders(): Promise<readonly string[]>;
  /** Requests the list of models from each configured provider, with its key: free. */
  probeProviders(file: string | undefined): Promise<readonly Probe[]>;
  /**
   * Quickly checks that a server could open the ledger of a folder, or create it.
   *
   * @throws PurserError `store_unavailable`
   */
  checkLedger(dataDirectory: string): Promise<void>;
  /**
   * Verifies a data folder without owning it, even while a server does.
   *
   * @param progress Called with the progress, from 0 to 1.
   */
  verifyFolder(dataDirectory: string, progress: (share: number) => void): Promise<VerifyReport>;
  /** Whether a process has the folder for itself now. */
  isHeld(dataDirectory: string): Promise<boolean>;
  /** How to start this program as a child process. */
  readonly program: { readonly file: string; readonly arguments: readonly string[] };
}

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
  readonly config?: string;
  readonly simulator?: "on" | "off";
}

export interface CatalogueOptions {
  /** The data folder with updates and prices set over the API. */
  readonly data?: string;
  readonly config?: string;
}

export interface RunningServer {
  readonly url: string;
  /** Only if this start created it: afterwards, only its hash is stored. */
  readonly adminKey?: string;
  /** The first caller key, under the same condition. */
  readonly firstKey?: string;
  readonly providers: readonly { readonly name: string; readonly real: boolean }[];
  /** What its configuration has added, changed or removed since the last start. */
  readonly changes: readonly DeclaredChange[];
  /** Warnings about its configuration, and about a missing live admin key. */
  readonly warnings: readonly Warning[];
  /** Logs and counts an uncaught error. */
  reportFault(error: unknown): void;
  /** Accepts no new calls, finishes calls in flight within a time limit, and closes the ledger. */
  close(): Promise<void>;
}

export interface SimulateOptions {
  readonly host: string;
  readonly port: number;
  readonly latencyMs: number;
}

export interface RunningSimulator {
  readonly url: string;
  close(): Promise<void>;
}

export interface CommandCatalogue {
  readonly book: PriceBook;
  /** The prices that the configuration and the ledger set. */
  readonly overrides: readonly PriceOverride[];
  disagreements(at: number): readonly PriceDisagreement[];
  /** Every model with a price, with the common name of its provider. */
  models(): readonly { readonly provider: string; readonly model: string }[];
}

/** A price that sources of the price list state differently; the first is charged. */
export interface PriceDisagreement {
  readonly provider: string;
  readonly model: string;
  /** `input`, `input above 200000`, `batch input`. */
  readonly price: string;
  readonly stated: readonly {
    readonly source: string;
    readonly version: string;
    /** USD per million tokens, or per unit of anything else. */
    readonly usd: string;
  }[];
}

export interface CheckedConfiguration {
  readonly host: string;
  readonly port: number;
  readonly providers: readonly {
    readonly name: string;
    readonly baseUrl: string;
    readonly hasKey: boolean;
  }[];
  readonly warnings: readonly Warning[];
}
