/** The book at each time at which a price begins or ends: past, current and future prices. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import { possibleRegions } from "../domain/price/row/terms.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import { tokenMeters, type Meter } from "../domain/usage/usage.ts";
import { openBuiltInList } from "./built-in-list.ts";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const book = catalogue.book([]);
const rows = catalogue.rows();
const madeOn = Date.parse(openBuiltInList().madeOn);

/** A moment of each row: its first, or its last. */
function momentOf({ validFrom, validTo }: { validFrom?: number; validTo?: number }): number {
  return validFrom ?? (validTo === undefined ? madeOn : validTo - 1);
}

interface Terms {
  readonly serviceTier: ServiceTier;
  readonly region: string;
  readonly at: number;
}

/** By meter, below every context tier and above them. */
function rates(sheet: PriceSheet, terms: Terms): ReadonlyMap<string, bigint> {
  return new Map(
    ([1, 3_000_000] as const).flatMap((size) =>
      [...tokenMeters].flatMap((meter: Meter): [string, bigint][] => {
        const usage = { input: size, [meter]: size };
        const line = sheet.charge({ model: null, usage }, terms).find((one) => one.meter === meter);
        return line?.rate ? [[`${meter} of ${size}`, line.rate.perUnit]] : [];
      }),
    ),
  );
}

test("a discount tier has no meter dearer than standard, at any date", () => {
  const dearer: string[] = [];
  for (const row of rows) {
    const { provider, model } = row;
    const at = momentOf(row);
    const sheet = book.sheet({ provider, model, at });
    if (!sheet) continue;
    for (const region of possibleRegions(sheet.row, undefined)) {
      const standard = rates(sheet, { serviceTier: "standard", region, at });
      for (const serviceTier of ["batch", "flex"] as const) {
        if (sheet.row.serviceTiers?.[serviceTier] === undefined) continue;
        for (const [meter, rate] of rates(sheet, { serviceTier, region, at }))
          if (rate > (standard.get(meter) ?? rate))
            dearer.push(
              `${provider} ${model} ${new Date(at).toISOString()} ${serviceTier} ${region} ${meter}: ${rate} > ${standard.get(meter)}`,
            );
      }
    }
  }
  assert.deepEqual([...new Set(dearer)], []);
});

test("no region and no tier of service vanishes from a model when its next price begins", () => {
  const lost: string[] = [];
  for (const row of rows.filter(({ validFrom = -Infinity }) => validFrom > madeOn)) {
    const { provider, model, validFrom = 0 } = row;
    const [before, after] = [validFrom - 1, validFrom].map(
      (at) => book.sheet({ provider, model, at })?.row,
    );
    if (!before || !after) continue;
    const names = ({ regions, serviceTiers = {} }: typeof row): readonly string[] => [
      ...(regions === "included" ? [] : Object.keys(regions ?? {})),
      ...Object.keys(serviceTiers),
    ];
    const kept = new Set(names(after));
    if (after.regions === "included") continue;
    for (const name of names(before))
      if (!kept.has(name)) lost.push(`${provider} ${model} ${name}`);
  }
  assert.deepEqual(lost, []);
});
