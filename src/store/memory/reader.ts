/** Answers questions about the past from the journal of a ledger on a server. */

import type { NumberedEntry } from "../../app/port/feed.ts";
import type {
  AlertRow,
  Buckets,
  CallFilter,
  CallRow,
  CorrectionFilter,
  CorrectionRow,
  DistinctQuery,
  DistinctTotals,
  GroupKey,
  KeyUseRow,
  LatencyTotals,
  LedgerReader,
  RefusalRow,
  Totals,
  VerifyReport,
} from "../../app/port/reader.ts";
import { Books } from "../../domain/ledger/books.ts";
import type { CounterState } from "../../domain/ledger/counter.ts";
import { chargeEndpoint } from "../../domain/price/text/item.ts";
import { requestOf } from "../../domain/ledger/request.ts";
import { noHistory } from "../../domain/ledger/past.ts";
import { pico } from "../../domain/money/money.ts";
import { countDistinct, distinctKeys, distinctParts } from "../distinct.ts";
import type { Link } from "./link.ts";
import {
  alertRows,
  callRows,
  correctionRows,
  refusalRows,
  selectsCall,
  selectsRefusal,
} from "./rows.ts";
import type { MemoryServer } from "./server.ts";
import { latenciesOf, totalsOf } from "./totals.ts";

interface Page {
  readonly limit: number;
  readonly before: number | null;
}

const hourMs = 3_600_000;

export class MemoryReader implements LedgerReader {
  readonly #link: Link<MemoryServer>;

  constructor(link: Link<MemoryServer>) {
    this.#link = link;
  }

  async calls(filter: CallFilter, page: Page): Promise<readonly CallRow[]> {
    const rows = callRows(await this.#journal());
    return newestFirst(
      rows.filter((row) => selectsCall(filter, row)),
      page,
    );
  }

  async requestLines(
    filter: CallFilter,
    requestIds: readonly string[],
  ): Promise<readonly CallRow[]> {
    const wanted = new Set(requestIds);
    return callRows(await this.#journal()).filter(
      (row) => wanted.has(requestOf(row)) && selectsCall(filter, row),
    );
  }

  async corrections(filter: CorrectionFilter, page: Page): Promise<readonly CorrectionRow[]> {
    const { bookedFrom = -Infinity, bookedTo = Infinity, ...calls } = filter;
    const { status: _, charged: __, ...selected } = calls;
    const rows = correctionRows(await this.#journal()).filter(
      ({ at, after }) => at >= bookedFrom && at < bookedTo && selectsCall(selected, after),
    );
    return newestFirst(rows, page);
  }

  async refusals(filter: CallFilter, page: Page): Promise<readonly RefusalRow[]> {
    const rows = refusalRows(await this.#journal());
    return newestFirst(
      rows.filter((row) => selectsRefusal(filter, row)),
      page,
    );
  }

  async totals(
    filter: CallFilter,
    by: readonly GroupKey[],
    buckets: Buckets,
  ): Promise<readonly Totals[]> {
    const journal = await this.#journal();
    const countsRefusals =
      filter.status === "refused" || (filter.status === undefined && !filter.charged);
    const refusals = countsRefusals ? refusalRows(journal) : [];
    const rows = {
      calls: callRows(journal).filter((row) => selectsCall(filter, row)),
      refusals: refusals.filter((row) => selectsRefusal(filter, row)),
    };
    return totalsOf(rows, by, buckets);
  }

  async latencies(
    filter: CallFilter,
    by: readonly GroupKey[],
    buckets: Buckets,
  ): Promise<readonly LatencyTotals[]> {
    const calls = callRows(await this.#journal());
    return latenciesOf(
      calls.filter((row) => selectsCall(filter, row)),
      by,
      buckets,
    );
  }

  async distinct(filter: CallFilter, query: DistinctQuery): Promise<readonly DistinctTotals[]> {
    const parts = [];
    for (const part of distinctParts(filter, query))
      parts.push(await this.totals(part, distinctKeys(query), null));
    return countDistinct(parts, query);
  }

  async keyUses(): Promise<readonly KeyUseRow[]> {
    const journal = await this.#journal();
    const used = [
      ...callRows(journal).map((row) => ({ ...row, at: row.endedAt })),
      ...refusalRows(journal).map((row) => ({ ...row, status: "released", cost: 0n })),
    ];
    const byKey = Map.groupBy(used, ({ route }) => route.keyId);
    return [...byKey].flatMap(([keyId, rows]) =>
      keyId === null
        ? []
        : [
            {
              keyId,
              calls: rows.filter(
                ({ status, route }) => status !== "released" && route.endpoint !== chargeEndpoint,
              ).length,
              cost: pico(rows.reduce((sum, { cost }) => sum + cost, 0n)),
              lastUsedAt: Math.floor(Math.max(...rows.map(({ at }) => at)) / hourMs) * hourMs,
            },
          ],
    );
  }

  async alerts({
    budgetId,
    ...page
  }: Page & { readonly budgetId: string | null }): Promise<readonly AlertRow[]> {
    const rows = alertRows(await this.#journal());
    return newestFirst(
      rows.filter(({ counter }) => budgetId === null || counter.budgetId === budgetId),
      page,
    );
  }

  /** Compares the counters of the server with those of the whole journal, applied again. */
  async verify(progress: (share: number) => void = () => undefined): Promise<VerifyReport> {
    const kept = await this.#link.askAgain("counters", null);
    const journal = await this.#journal();
    const books = new Books(noHistory);
    for (const { entry } of journal) books.apply(entry);
    const drift = kept.flatMap(({ key, state }) => {
      const [before, after] = [amounts(state), amounts(books.counter(key))];
      return before === after ? [] : [{ counter: key.budgetId, kept: before, journal: after }];
    });
    progress(1);
    return {
      entries: journal.length,
      staged: 0,
      brokenAt: null,
      drift,
      rollupDrift: [],
      damage: [],
      ok: drift.length === 0,
    };
  }

  async check(): Promise<readonly string[]> {
    return [];
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  async #journal(): Promise<readonly NumberedEntry[]> {
    const request = { seq: 0, limit: Number.MAX_SAFE_INTEGER };
    return (await this.#link.askAgain("entriesAfter", request)) ?? [];
  }
}

function newestFirst<Row extends { readonly seq: number }>(
  rows: readonly Row[],
  { limit, before }: Page,
): readonly Row[] {
  return rows
    .filter(({ seq }) => before === null || seq < before)
    .sort((left, right) => right.seq - left.seq)
    .slice(0, limit);
}

function amounts({ spent, held, overrun, fired, closings }: CounterState): string {
  return JSON.stringify([`${spent}`, `${held}`, `${overrun}`, fired, closings]);
}
