/** Remembers how each session is counted that reports its calls in two ways, so that one counts. */

import type { CallRow, LedgerReader } from "../../port/reader.ts";
import { pico, subtract, type PicoUsd, zero } from "../../../domain/money/money.ts";
import { sumUsage, type Meter, type Usage, type UsageSoFar } from "../../../domain/usage/usage.ts";

export interface Totals {
  readonly usage: Usage;
  readonly cost: PicoUsd;
}

/** A session belongs to the key that sends it. */
export interface SessionName {
  readonly id: string;
  readonly keyId: string | null;
}

/** More sessions or series at a time are looked up in the ledger again. */
const mostRemembered = 10_000;
/** Rows of a session that are read to find what it was counted from. */
const mostRows = 1000;

export class ObservedSessions {
  readonly #reader: Pick<LedgerReader, "calls">;
  /** The endpoint that counts, by session. */
  readonly #endpoints = new Map<string, Promise<string>>();
  readonly #totals = new Map<string, Totals>();

  constructor(reader: Pick<LedgerReader, "calls">) {
    this.#reader = reader;
  }

  /** The first endpoint of a session counts, also after a restart: the ledger has its rows. */
  async countsBy(
    name: SessionName,
    { endpoint, other }: { readonly endpoint: string; readonly other: string },
  ): Promise<boolean> {
    const session = JSON.stringify([name.id, name.keyId]);
    let found = this.#endpoints.get(session);
    if (!found) {
      found = this.#rows(name).then(
        (rows) =>
          rows
            .map(({ route }) => route.endpoint)
            .find((one) => one === endpoint || one === other) ?? endpoint,
      );
      remember(this.#endpoints, session, found);
      found.catch(() => this.#endpoints.delete(session));
    }
    return (await found) === endpoint;
  }

  /** What the totals of a series have grown by since they were last recorded. */
  async growth(name: SessionName, series: string, totals: Totals): Promise<Totals> {
    if (!this.#totals.has(series)) {
      const rows = await this.#rows(name);
      const recorded = rows.filter(({ operationId }) => operationId.startsWith(series));
      if (!this.#totals.has(series)) remember(this.#totals, series, sumOf(recorded));
    }
    const before = this.#totals.get(series) ?? { usage: {}, cost: zero };
    const grown = excess(totals, before);
    this.#totals.set(series, {
      usage: sumUsage([before.usage, grown.usage]),
      cost: pico(before.cost + grown.cost),
    });
    return grown;
  }

  /** Call this if the growth of a series may not have been recorded. */
  forget(series: string): void {
    this.#totals.delete(series);
  }

  async #rows({ id, keyId }: SessionName): Promise<readonly CallRow[]> {
    const page = { limit: mostRows, before: null };
    const rows = await this.#reader.calls({ attribution: { session: id } }, page);
    return rows.filter(({ route }) => route.keyId === keyId);
  }
}

function sumOf(rows: readonly CallRow[]): Totals {
  return {
    usage: sumUsage([{}, ...rows.map(({ usage }) => usage)]),
    cost: pico(rows.reduce((sum, { reportedCost }) => sum + (reportedCost ?? 0n), 0n)),
  };
}

function excess(totals: Totals, before: Totals): Totals {
  const usage: UsageSoFar = {};
  for (const [name, count] of Object.entries(totals.usage)) {
    const meter = name as Meter;
    usage[meter] = Math.max(0, count - (before.usage[meter] ?? 0));
  }
  const cost = subtract(totals.cost, before.cost);
  return { usage, cost: cost > 0n ? cost : zero };
}

function remember<Value>(map: Map<string, Value>, name: string, value: Value): void {
  const [oldest] = map.keys();
  if (map.size >= mostRemembered && oldest !== undefined) map.delete(oldest);
  map.set(name, value);
}
