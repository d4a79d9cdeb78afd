/**
 * Answers questions to the ledger on separate threads: one for figures, one for each verification.
 */

import type {
  AlertRow,
  CallRow,
  CorrectionRow,
  DistinctTotals,
  KeyUseRow,
  LatencyTotals,
  LedgerReader,
  RefusalRow,
  Totals,
  VerifyReport,
} from "../../../app/port/reader.ts";
import { ReaderThread } from "./reader-thread.ts";

export interface ReaderParts {
  readonly directory: string;
  /** Resolves once everything decided so far is in the tables. */
  readonly settled: () => Promise<void>;
}

export class SqliteReader implements LedgerReader {
  readonly #parts: ReaderParts;
  readonly #thread: ReaderThread;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#thread = new ReaderThread({ directory: parts.directory, yieldsToCalls: true });
  }

  async calls(...input: Parameters<LedgerReader["calls"]>): Promise<readonly CallRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "calls", input })) as readonly CallRow[];
  }

  async requestLines(
    ...input: Parameters<LedgerReader["requestLines"]>
  ): Promise<readonly CallRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "requestLines", input })) as readonly CallRow[];
  }

  async corrections(
    ...input: Parameters<LedgerReader["corrections"]>
  ): Promise<readonly CorrectionRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "corrections", input })) as readonly CorrectionRow[];
  }

  async refusals(...input: Parameters<LedgerReader["refusals"]>): Promise<readonly RefusalRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "refusals", input })) as readonly RefusalRow[];
  }

  async totals(...input: Parameters<LedgerReader["totals"]>): Promise<readonly Totals[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "totals", input })) as readonly Totals[];
  }

  async latencies(
    ...input: Parameters<LedgerReader["latencies"]>
  ): Promise<readonly LatencyTotals[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "latencies", input })) as readonly LatencyTotals[];
  }

  async distinct(
    ...input: Parameters<LedgerReader["distinct"]>
  ): Promise<readonly DistinctTotals[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "distinct", input })) as readonly DistinctTotals[];
  }

  async keyUses(): Promise<readonly KeyUseRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "keyUses", input: [] })) as readonly KeyUseRow[];
  }

  async alerts(...input: Parameters<LedgerReader["alerts"]>): Promise<readonly AlertRow[]> {
    await this.#parts.settled();
    return (await this.#thread.ask({ method: "alerts", input })) as readonly AlertRow[];
  }

  async verify(progress?: (share: number) => void): Promise<VerifyReport> {
    await this.#parts.settled();
    // A verification takes a while; a thread of its own keeps other questions from waiting.
    const thread = this.#ownThread();
    try {
      return (await thread.ask({ method: "verify" }, progress)) as VerifyReport;
    } finally {
      await thread.close();
    }
  }

  async check(): Promise<readonly string[]> {
    const thread = this.#ownThread();
    try {
      return (await thread.ask({ method: "check" })) as readonly string[];
    } finally {
      await thread.close();
    }
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  #ownThread(): ReaderThread {
    return new ReaderThread({ directory: this.#parts.directory, yieldsToCalls: true });
  }
}
