/** Price lists combined by precedence, and where they disagree. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { equalsAny } from "../domain/price/id/id-rule.ts";
import { parsePerMillion } from "../domain/price/text/per-million.ts";
import type { CatalogueRow, Rates } from "../domain/price/row/row.ts";
import { openMeter } from "../domain/usage/open-meter.ts";
import { disagreements, mergeLists, type PriceList } from "./merge.ts";

const at = Date.parse("2026-11-28");

interface Sketch extends Partial<Omit<CatalogueRow, "rates" | "ids">> {
  readonly aliases?: readonly string[];
  readonly rates?: Readonly<Record<string, string>>;
}

function list(source: string, ...rows: readonly Sketch[]): PriceList {
  return {
    source,
    version: "1",
    rows: rows.map(({ aliases = [], rates = { input: "1", output: "2" }, ...more }) => ({
      provider: "acme",
      model: "m",
      ids: equalsAny(more.model ?? "m", ...aliases),
      rates: ratesOf(rates),
      cacheWrites: "asked",
      source,
      version: "1",
      ...more,
    })),
  };
}

function ratesOf(rates: Readonly<Record<string, string>>): Rates {
  return Object.fromEntries(
    Object.entries(rates).map(([meter, text]) => [meter, parsePerMillion(text, meter)]),
  );
}

const half = { batch: { numerator: 1n, denominator: 2n } };

test("the first list has the price; a later one adds what it lacks if it states the same price", () => {
  const [row, ...others] = mergeLists(
    [
      list("first", {}),
      list("second", {
        rates: { input: "1", output: "2", cache_read: "0.1" },
        serviceTiers: half,
        maxOutputTokens: 99,
        aliases: ["other"],
      }),
    ],
    { at },
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    [row?.source, row?.serviceTiers, row?.maxOutputTokens, row?.supplements?.[0]?.source],
    ["first", half, 99, "second"],
  );
  assert.deepEqual(row?.supplements?.[0]?.rates, { cache_read: 100_000n });
});

test("nothing is taken from a list with another price", () => {
  const second = list("second", {
    rates: { input: "1", output: "3", cache_read: "0.1" },
    serviceTiers: half,
  });
  const rows = mergeLists([list("first", {}), second], { at });
  assert.deepEqual(
    rows.map(({ source, serviceTiers, supplements }) => [source, serviceTiers, supplements]),
    [["first", undefined, undefined]],
  );
});

test("units are not added to a row that is billed by tokens, nor tokens where tiers change prices", () => {
  const images = list("second", {});
  const [row] = images.rows;
  assert.ok(row);
  const rates = {
    ...row.rates,
    [openMeter("images")]: row.rates.input,
    cache_read: row.rates.input,
  };
  const tiers = [{ tokens: 9, inclusive: false, rates: {} }];
  const second = { ...images, rows: [{ ...row, rates, contextTiers: tiers } as CatalogueRow] };
  const [merged] = mergeLists([list("first", { contextTiers: tiers }), second], { at });
  assert.equal(merged?.supplements, undefined);
});

test("a snapshot with its own price, and an alias with its own fee, are models of their own", () => {
  const rows = mergeLists(
    [
      list("first", { aliases: ["m-search"], rates: { input: "1", output: "2", web_search: "1" } }),
      list(
        "second",
        { model: "m-2024-05-13", rates: { input: "5", output: "15" } },
        { model: "m-2024-08-06" },
        { model: "m-search", rates: { input: "1", output: "2", web_search: "3" } },
      ),
    ],
    { at },
  );
  assert.deepEqual(
    rows.map(({ model }) => model),
    ["m", "m-2024-05-13", "m-search"],
  );
  assert.doesNotMatch(JSON.stringify(rows[0]?.ids), /m-search/);
});

test("a preferred row of a later list follows the former one", () => {
  const later = list("second", { rates: { input: "9", output: "9" } });
  const rows = mergeLists([list("first", {}), later], {
    at,
    isPreferred: ({ source }) => source === "second",
  });
  assert.deepEqual(
    rows.map(({ source, validFrom, validTo }) => [source, validFrom, validTo]),
    [
      ["first", undefined, at],
      ["second", at, undefined],
    ],
  );
});

test("only rows that are valid are compared or merged: history stays", () => {
  const past = { validTo: at - 1, rates: { input: "8", output: "8" } };
  const first = list("first", past, { validFrom: at - 1 });
  const second = list("second", { serviceTiers: half });
  const rows = mergeLists([first, second], { at });
  assert.deepEqual(
    rows.map(({ validTo, serviceTiers }) => [validTo, serviceTiers]),
    [
      [at - 1, undefined],
      [undefined, half],
    ],
  );
  assert.deepEqual(disagreements([first, second], at), []);
});

test("disagreements name model, price and both figures, in the order of precedence", () => {
  const tier = (input: string) => ({
    contextTiers: [
      { tokens: 200_000, inclusive: false, rates: { input: parsePerMillion(input, "input") } },
    ],
  });
  const found = disagreements(
    [
      list("first", { ...tier("2"), serviceTiers: half }),
      list("second", {
        rates: { input: "1", output: "3" },
        ...tier("4"),
        serviceTiers: { batch: { rates: { input: parsePerMillion("0.6", "input") } } },
      }),
      list("third", { model: "unknown" }),
    ],
    at,
  );
  assert.deepEqual(
    found.map(({ provider, model, price, stated }) => [
      provider,
      model,
      price,
      ...stated.map(({ source, usd }) => `${source} ${usd}`),
    ]),
    [
      ["acme", "m", "output", "first 2", "second 3"],
      ["acme", "m", "input above 200000", "first 2", "second 4"],
      ["acme", "m", "batch input", "first 0.5", "second 0.6"],
    ],
  );
});

test("reasoning is a price per token: it differs by tier, and is not added where tiers change prices", () => {
  const priced = (input: string, output: string, reasoning: string) => ({
    input,
    output,
    reasoning,
  });
  const terms = (batch: Readonly<Record<string, string>>) => ({
    serviceTiers: { batch: { rates: ratesOf(batch) } },
  });
  const first = list("first", { rates: priced("1", "2", "4"), serviceTiers: half });
  const second = list("second", {
    rates: priced("1", "2", "6"),
    ...terms(priced("0.5", "1", "3")),
  });
  assert.deepEqual(
    disagreements([first, second], at).map(({ price, stated }) => [
      price,
      ...stated.map(({ usd }) => usd),
    ]),
    [
      ["reasoning", "4", "6"],
      ["batch reasoning", "2", "3"],
    ],
  );
  const tiers = [{ tokens: 9, inclusive: false, rates: {} }];
  const tiered = [
    list("first", { contextTiers: tiers }),
    list("second", { rates: priced("1", "2", "4"), contextTiers: tiers }),
  ];
  assert.equal(mergeLists(tiered, { at })[0]?.supplements, undefined);
  const own = list("second", { rates: priced("1", "2", "4"), ...terms(priced("0.5", "1", "4")) });
  const [merged] = mergeLists([list("first", {}), own], { at });
  assert.deepEqual(merged?.supplements?.[0]?.rates, ratesOf({ reasoning: "4" }));
  assert.deepEqual(
    merged?.serviceTiers,
    terms(priced("0.5", "1", "4")).serviceTiers,
    "half is not the price of its reasoning",
  );
});

const next = Date.parse("2027-01-01");

function laterRow(
  rates: Readonly<Record<string, string>>,
  added: Partial<Sketch> = {},
  own: Partial<Sketch> = {},
): CatalogueRow | undefined {
  const first = list("first", { validTo: next }, { validFrom: next, rates, ...own });
  const second = list("second", {
    rates: { input: "1", output: "2", input_audio: "0.5", web_search: "14" },
    serviceTiers: { ...half, flex: { rates: ratesOf({ input: "0.5", output: "1" }) } },
    regions: { eu: { numerator: 11n, denominator: 10n } },
    ...added,
  });
  return mergeLists([first, second], { at }).find(({ validFrom }) => validFrom === next);
}

test("a price that changes later keeps factors and fees; rates per token change by the same ratio", () => {
  const later = laterRow({ input: "2", output: "4" });
  assert.deepEqual(later?.regions, { eu: { numerator: 11n, denominator: 10n } });
  assert.deepEqual(later?.serviceTiers, {
    ...half,
    flex: { rates: ratesOf({ input: "1", output: "2" }) },
  });
  assert.deepEqual(later?.supplements?.[0]?.rates, ratesOf({ input_audio: "1", web_search: "14" }));
});

test("where no ratio explains a later price, rates per token are left out, and what it states itself stays", () => {
  const quarter = { batch: { numerator: 1n, denominator: 4n } };
  const later = laterRow({ input: "2", output: "5" }, {}, { serviceTiers: quarter });
  assert.deepEqual(later?.serviceTiers, quarter);
  assert.deepEqual(later?.regions, { eu: { numerator: 11n, denominator: 10n } });
  assert.deepEqual(later?.supplements?.[0]?.rates, ratesOf({ web_search: "14" }));
});

test("a later row at the same price is completed like the current one", () => {
  const later = laterRow({ input: "1", output: "2" });
  assert.deepEqual(
    later?.supplements?.[0]?.rates,
    ratesOf({ input_audio: "0.5", web_search: "14" }),
  );
  assert.deepEqual(Object.keys(later?.serviceTiers ?? {}).sort(), ["batch", "flex"]);
});

test("where nothing decides between two lists, the dearer is charged from now on", () => {
  const eu = { eu: { numerator: 11n, denominator: 10n } };
  const tiers = [{ tokens: 9, inclusive: false, rates: ratesOf({ input: "4" }) }];
  const rows = mergeLists(
    [
      list("first", { rates: { input: "1", output: "3", cache_read: "0.5" } }),
      list("second", {
        rates: { input: "2", output: "2", cache_read: "0.1" },
        regions: eu,
        contextTiers: tiers,
      }),
    ],
    { at, isUndecided: () => true },
  );
  assert.deepEqual(
    rows.map(({ source, validFrom, validTo }) => [source, validFrom, validTo]),
    [
      ["first", undefined, at],
      ["second", at, undefined],
    ],
  );
  assert.deepEqual(rows[1]?.rates, ratesOf({ input: "2", output: "3", cache_read: "0.5" }));
  assert.deepEqual([rows[1]?.regions, rows[1]?.contextTiers], [eu, tiers]);
});

test("a context tier that changes no rate is none: the row is completed", () => {
  const same = [{ tokens: 9, inclusive: false, rates: ratesOf({ input: "1" }) }];
  const second = list("second", { contextTiers: same, serviceTiers: half });
  assert.deepEqual(mergeLists([list("first", {}), second], { at })[0]?.serviceTiers, half);
});
