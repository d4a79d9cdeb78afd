/** The figures that the tests compare: a call in Purser's ledger and in the simulator's books. */

import type { Meter } from "../../src/domain/usage/usage.ts";

export type Counts = Readonly<Partial<Record<Meter | "reasoning", number>>>;

/** A row of `GET /api/v1/entries`. */
export interface Entry {
  readonly operation_id: string;
  readonly attempt: number;
  readonly status: "settled" | "estimated" | "unresolved" | "released";
  readonly provider: string;
  readonly model: string;
  readonly requested_model: string;
  readonly endpoint: string;
  readonly key_id: string | null;
  readonly attribution: Readonly<Record<string, unknown>>;
  readonly usage: Counts;
  readonly parts: readonly { readonly model: string; readonly usage: Counts }[];
  readonly charges: readonly {
    readonly model: string;
    readonly meter: string;
    readonly quantity: number;
    readonly rate_usd_per_million: string | null;
    readonly cost_usd: string;
    readonly rate: {
      readonly service_tier: string;
      readonly region: string | null;
      readonly match: string;
      readonly source: string;
      readonly version: string;
    } | null;
  }[];
  readonly cost_usd: string;
  readonly reported_cost_usd: string | null;
  readonly computed_cost_usd: string | null;
  readonly difference_usd: string | null;
  readonly flags: readonly string[];
  readonly raw_usage: string | null;
}

/** A row of the simulator's books. */
export interface BookRow {
  readonly id: string;
  readonly request_id: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly model: string;
  /** 0 if no headers were sent. */
  readonly status: number;
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly reasoning: number;
  readonly web_search: number;
  readonly billed: boolean;
  readonly finished: boolean;
  /** Output at the cut; null for a complete answer. */
  readonly cut_at: number | null;
  readonly tag: string | null;
}

const decimals = 12;

/** Parses a decimal string to pico-USD, independently of the code under test. */
export function picoOf(usd: string): bigint {
  const negative = usd.startsWith("-");
  const [whole = "0", fraction = ""] = usd.replace("-", "").split(".");
  if (fraction.length > decimals) throw new Error(`more than ${decimals} decimals: ${usd}`);
  const amount = BigInt(whole + fraction.padEnd(decimals, "0"));
  return negative ? -amount : amount;
}

export function sumPico(amounts: Iterable<string>): bigint {
  let sum = 0n;
  for (const amount of amounts) sum += picoOf(amount);
  return sum;
}
