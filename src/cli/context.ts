/** What a command is given: where to write, what it may start, and how it says how it ended. */

import type { DeclaredChange } from "../app/manage/declared.ts";
import type { VerifyReport } from "../app/port/reader.ts";
import type { Probe } from "../app/manage/probe.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { OpenFolder } from "./connection.ts";
import type { ExitCode, Warning } from "./failure.ts";
import type { Screen } from "./terminal/screen.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandContext {
  readonly screen: Screen;
  readonly environment: Environment;
  readonly parts: Parts;
  /** Says how the command ended. Not called: 0. */
  end(code: ExitCode): void;
}

/** The rest of the product, each part loaded when a command asks for it. Chosen in `main.ts`. */
export interface Parts {
  /** Purser's own. */
  readonly version: string;
  /** @param counting Called with a budget and the share done, 0 to 1, while what it has spent is counted. */
  startServer(
    options: ServeOptions,
    counting?: (budgetId: string, share: number) => void,
  ): Promise<RunningServer>;
  openFolder(dataDirectory: string): Promise<OpenFolder>;
  openCatalogue(): Promise<CommandCatalogue>;
  startSimulator(options: SimulateOptions): Promise<RunningSimulator>;
  /** Checks a configuration file, and what the environment says, without starting anything. @throws PurserError `invalid_configuration` */
  checkConfiguration(file: string | undefined): Promise<CheckedConfiguration>;
  /** The names of the providers that need no configuration but a key. */
  knownProviders(): Promise<readonly string[]>;
  /** Asks the providers of a configuration for their lists of models, with the keys that this environment has: free. */
  probeProviders(file: string | undefined): Promise<readonly Probe[]>;
  /** Sees whether a server could open the ledger of a folder, which may be missing; reads next to nothing. @throws PurserError `store_unavailable` */
  checkLedger(dataDirectory: string): Promise<void>;
  /** Reads a data folder without owning it, also while a server does. @param progress Called with the share done, 0 to 1. */
  verifyFolder(dataDirectory: string, progress: (share: number) => void): Promise<VerifyReport>;
  /** Whether a process has the folder for itself now. */
  isHeld(dataDirectory: string): Promise<boolean>;
  /** Starts this same program as a child process. */
  readonly program: { readonly file: string; readonly arguments: readonly string[] };
}

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
  readonly config?: string;
  readonly simulator?: "on" | "off";
}

export interface RunningServer {
  readonly url: string;
  /** Only when it was made at this start: it is kept nowhere but as a hash. */
  readonly adminKey?: string;
  /** The same for the first caller key. */
  readonly firstKey?: string;
  readonly providers: readonly { readonly name: string; readonly real: boolean }[];
  /** What its configuration added, changed or no longer names since the last start. */
  readonly changes: readonly DeclaredChange[];
  /** Of its configuration, and where no admin key is live. */
  readonly warnings: readonly Warning[];
  /** Logs a fault that nothing caught, and counts it. */
  reportFault(error: unknown): void;
  /** Takes no new calls, finishes those under way within a bound, and closes the ledger. */
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
  /** Every model with a price, under the one name that its provider has in texts. */
  models(): readonly { readonly provider: string; readonly model: string }[];
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
