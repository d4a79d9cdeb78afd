/** Test kit: asserts that two rows give the same bills and the same bounds. */

import assert from "node:assert/strict";
import * as fc from "fast-check";
import { countContext, type Usage } from "../../usage/usage.ts";
import { makePriceBook } from "../book.ts";
import type { ServiceTier } from "../row/rate.ts";
import { formatRow, parseRow } from "./row-text.ts";
import { serviceTiers } from "../row-sheet.test-kit.ts";
import type { CatalogueRow } from "../row/row.ts";
import type { PriceSheet } from "../sheet.ts";

/** A call, and the terms it is billed under. */
export interface Billed {
  readonly usage: Usage;
  readonly serviceTier: ServiceTier;
  readonly region: string;
  readonly cacheWrite: "none" | "5m" | "1h";
  readonly media: boolean;
  readonly at: number;
}

/** @param week Start of the week in which the call is made. */
export function randomCall(usage: fc.Arbitrary<Usage>, week: number): fc.Arbitrary<Billed> {
  return fc.record({
    usage,
    serviceTier: fc.constantFrom(...serviceTiers),
    region: fc.constantFrom("global", "us", "eu", "mars"),
    cacheWrite: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
    media: fc.boolean(),
    at: fc.nat({ max: weekMs }).map((moment) => week + moment),
  });
}

const weekMs = 7 * 86_400_000;

/** @returns A function that asserts it of one call. */
export function sameBillOf(before: CatalogueRow, after: CatalogueRow): (call: Billed) => void {
  const [left, right] = [sheetsOf(before), sheetsOf(after)];
  return (call) => assertSameBill(left(call.at), right(call.at), call);
}

function assertSameBill(
  left: PriceSheet | undefined,
  right: PriceSheet | undefined,
  { usage, serviceTier, region, cacheWrite, media, at }: Billed,
): void {
  assert.equal(left === undefined, right === undefined);
  if (!left || !right) return;
  const lines = (sheet: PriceSheet): readonly unknown[] =>
    sheet
      .charge({ model: null, usage }, { serviceTier, region, at })
      .map(({ meter, quantity, cost }) => [meter, quantity, cost]);
  assert.deepEqual(lines(right), lines(left));
  const query = { inputTokens: countContext(usage), cacheWrite, serviceTier, media };
  assert.deepEqual(right.dearest({ ...query, region }), left.dearest({ ...query, region }));
  assert.deepEqual(right.dearest(query), left.dearest(query));
  assert.equal(right.prices({ serviceTier, region }), left.prices({ serviceTier, region }));
  assert.deepEqual(new Set(right.openMeters), new Set(left.openMeters));
  assert.deepEqual(
    [right.contextWindow, right.maxOutputTokens],
    [left.contextWindow, left.maxOutputTokens],
  );
}

/** Through JSON, as a file or a ledger keeps it. */
export function throughText(row: CatalogueRow): CatalogueRow {
  return parseRow(JSON.parse(JSON.stringify(formatRow(row))), { field: "", source: "text" });
}

function sheetsOf(row: CatalogueRow): (at: number) => PriceSheet | undefined {
  const book = makePriceBook({ sources: [() => [row]], version: "1", regionOf: () => null });
  return (at) => book.sheet({ provider: row.provider, model: row.model, at });
}
