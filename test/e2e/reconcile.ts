/** Compares Purser's ledger with the simulator's books, call by call. */

import assert from "node:assert/strict";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import type { GatewayProcess, SimulatorProcess } from "./process.ts";
import { ratePico } from "./settings.ts";

const compared = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "reasoning",
] as const;
const priced = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output"] as const;

/** Σ quantity × rate in pico-USD, from the books' counts and the configured prices alone. */
export function costOfRow(row: BookRow): bigint {
  return priced.reduce((sum, meter) => {
    const count = row[meter];
    return count === 0 ? sum : sum + BigInt(count) * ratePico(row.provider, row.model, meter);
  }, 0n);
}

/**
 * The counts are the provider's to the token, and the cost is Σ quantity × rate in whole pico-USD.
 */
export function assertBilledAlike(entry: Entry, row: BookRow): void {
  const call = `${entry.operation_id} ${entry.endpoint} ${entry.provider}/${entry.model}`;
  for (const meter of compared)
    assert.equal(entry.usage[meter] ?? 0, row[meter], `${meter} of ${call}`);
  assert.deepEqual(
    [entry.provider, entry.model, entry.endpoint],
    [row.provider, row.model, row.endpoint],
    call,
  );
  assert.equal(picoOf(entry.cost_usd), costOfRow(row), `the cost of ${call}`);
  assert.equal(
    sumPico(entry.charges.map((charge) => charge.cost_usd)),
    picoOf(entry.cost_usd),
    `the lines of ${call}`,
  );
}

/**
 * Checks that an operation has one entry and one row, which match, and is settled without flags.
 */
export async function assertSettledAsBilled(
  {
    gateway,
    simulator,
  }: { readonly gateway: GatewayProcess; readonly simulator: SimulatorProcess },
  tag: string,
): Promise<Entry> {
  const [entries, rows] = await Promise.all([
    gateway.entries(`operation_id=${tag}`),
    simulator.books(tag),
  ]);
  const [entry] = entries;
  const [row] = rows;
  assert.ok(
    entry && row && entries.length === 1 && rows.length === 1,
    `${tag}: ${entries.length} entries, ${rows.length} rows`,
  );
  assertBilledAlike(entry, row);
  assert.deepEqual([entry.status, entry.flags], ["settled", []]);
  return entry;
}
