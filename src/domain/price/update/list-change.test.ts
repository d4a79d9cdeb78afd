/** What a published list changes in the book, and what it leaves as it is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico } from "../../money/money.ts";
import { makePriceBook } from "../book.ts";
import { changeOf, goneFrom, listedModels, type StatedList } from "./list-change.ts";
import { doubtsAbout, doubtsOf } from "./list-doubt.ts";
import { randomRow } from "../row/random-row.test-kit.ts";
import { compareRows } from "./rate-change.ts";
import { renewRow } from "./renew-row.ts";
import type { CatalogueRow } from "../row/row.ts";
import { formatRow, parseRow } from "../text/row-text.ts";
import type { PriceBook } from "../sheet.ts";

const at = Date.UTC(2026, 10, 28);
const model = { provider: "openai", model: "m1" };

function row(fields: object = {}, source = "old"): CatalogueRow {
  const text = { ...model, input: "2", output: "8", ...fields };
  return parseRow(text, { field: "", source, version: "1" });
}

function stated(fields: object = {}): CatalogueRow {
  return row(fields, "list");
}

function listOf(...rows: readonly CatalogueRow[]): StatedList {
  return { source: "list", version: "2", rows, skipped: [] };
}

function bookOf(...rows: readonly CatalogueRow[]): PriceBook {
  const source = (id: string): readonly CatalogueRow[] =>
    rows.filter(({ provider }) => provider === id);
  return makePriceBook({ sources: [source], version: "test" });
}

function change(present: CatalogueRow, ...listed: readonly CatalogueRow[]) {
  const [first] = listedModels(listOf(...listed), at);
  assert.ok(first);
  return changeOf(first, { book: bookOf(present), at });
}

test("a list that states the prices in force changes nothing", () => {
  assert.equal(change(row(), stated()), null);
  assert.equal(
    change(row({ cache_read: "0.2", service_tiers: { batch: { factor: "0.5" } } }), stated()),
    null,
    "what it leaves out is no change",
  );
  fc.assert(
    fc.property(randomRow, (present) => {
      const { row: same, carried } = renewRow(present, {
        ...present,
        supplements: [],
        source: "list",
      });
      assert.deepEqual([compareRows(present, same), carried], [[], []]);
    }),
    { numRuns: 200 },
  );
});

test("a changed model is dearer, cheaper or mixed, with the rates before and after", () => {
  const kinds = [
    [{ input: "3" }, "dearer"],
    [{ output: "7" }, "cheaper"],
    [{ input: "3", output: "7" }, "mixed"],
    [{ context_tiers: [{ above: 200_000, input: "4" }] }, "dearer"],
    [{ service_tiers: { batch: { factor: "0.5" } } }, "cheaper"],
  ] as const;
  for (const [fields, kind] of kinds) assert.equal(change(row(), stated(fields))?.kind, kind);
  const [rate] = change(row(), stated({ output: "7" }))?.rates ?? [];
  assert.deepEqual([rate?.meter, rate?.before, rate?.after], ["output", 8_000_000n, 7_000_000n]);
  const long = change(row(), stated({ context_tiers: [{ above: 200_000, output: "9" }] }));
  assert.equal(long?.rates.find(({ meter }) => meter === "output")?.contextTokens, 200_001);
});

test("reasoning, the end of hours, and units under terms or hours are compared", () => {
  const hours = (to: string, more: object = { input: "4" }) => ({
    hours: [{ from: "01:00", to, ...more }],
  });
  const tier = (images: string) => ({ service_tiers: { priority: { meters: { images } } } });
  const pairs = [
    [{ reasoning: "9" }, { reasoning: "10" }, "reasoning", 9_000_000n, 10_000_000n],
    [{}, { reasoning: "10" }, "reasoning", 8_000_000n, 10_000_000n],
    [hours("04:00"), hours("05:00"), "input", 2_000_000n, 4_000_000n],
    [tier("1"), tier("2"), "images", 10n ** 12n, 2n * 10n ** 12n],
    [
      hours("04:00", { meters: { images: "1" } }),
      hours("04:00", { meters: { images: "2" } }),
      "images",
      10n ** 12n,
      2n * 10n ** 12n,
    ],
  ] as const;
  for (const [before, after, meter, old, now] of pairs) {
    const found = compareRows(row(before), row(after)).find((one) => one.meter === meter);
    assert.deepEqual([found?.before, found?.after], [old, now]);
  }
  const outputs = compareRows(row(), row({ output: "9" })).map(({ meter }) => meter);
  assert.ok(outputs.includes("output") && !outputs.includes("reasoning"));
});

test("the stored row is whole, and is valid from the moment of the update on", () => {
  const present = row({
    web_search: "0.01",
    regions: { us: { factor: "1.1" } },
    cache_read: "0.2",
  });
  const changed = change(present, stated({ input: "3" }));
  assert.deepEqual(changed?.rows.map(formatRow), [
    {
      ...model,
      input: "3",
      cache_read: "0.3",
      output: "8",
      web_search: "0.01",
      regions: { us: { factor: "1.1" } },
      valid_from: new Date(at).toISOString(),
    },
  ]);
  assert.deepEqual(changed?.carried, ["cache_read"]);
});

test("a rate of a tier that the list leaves out follows its standard rate, and is reported", () => {
  const present = row({
    context_tiers: [{ above: 200_000, input: "4" }],
    service_tiers: {
      batch: { factor: "0.5" },
      priority: { input: "5", output: "20", context_tiers: [{ above: 200_000, input: "10" }] },
    },
  });
  const cheaper = change(present, stated({ input: "1" }));
  const [text] = cheaper?.rows.map(formatRow) ?? [];
  assert.deepEqual(text?.service_tiers, {
    batch: { factor: "0.5" },
    priority: { input: "2.5", output: "20", context_tiers: [{ above: 200_000, input: "5" }] },
  });
  assert.deepEqual(text?.context_tiers, [{ above: 200_000, input: "2" }]);
  assert.deepEqual(cheaper?.carried.toSorted(), ["context_tiers", "priority"]);
  const same = change(present, stated({ input: "2", web_search: "0.02" }));
  assert.deepEqual(same?.carried, [], "its standard rates are the same");
});

test("the rate of reasoning follows that of output, and is reported", () => {
  const found = change(row({ reasoning: "12" }), stated({ output: "4" }));
  assert.equal(found?.rows[0]?.rates.reasoning, 6_000_000n);
  assert.deepEqual(found.carried, ["reasoning"]);
});

test("a rate of a tier at a threshold that the list no longer has is left out, and reported", () => {
  const present = row({
    context_tiers: [{ above: 200_000, input: "4" }],
    service_tiers: { priority: { input: "5", context_tiers: [{ above: 200_000, input: "10" }] } },
  });
  const moved = change(present, stated({ context_tiers: [{ above: 272_000, input: "4" }] }));
  const [text] = moved?.rows.map(formatRow) ?? [];
  assert.deepEqual(text?.service_tiers, { priority: { input: "5" } });
  assert.deepEqual(moved?.carried, ["priority"]);
});

test("what the list states takes the place of what was there", () => {
  const present = row({
    cache_read: "0.5",
    service_tiers: { batch: { factor: "0.5" }, flex: { factor: "0.5" } },
  });
  const fields = { input: "4", cache_read: "0.4", service_tiers: { batch: { factor: "0.4" } } };
  const [text] = change(present, stated(fields))?.rows.map(formatRow) ?? [];
  assert.equal(text?.cache_read, "0.4");
  assert.deepEqual(text?.service_tiers, { flex: { factor: "0.5" }, batch: { factor: "0.4" } });
});

test("a factor stays if it gives the rates that the list states for its tier", () => {
  const present = row({ cache_read: "0.2", service_tiers: { batch: { factor: "0.5" } } });
  const batch = (input: string): object => ({
    input: "4",
    cache_read: "0.4",
    service_tiers: { batch: { input } },
  });
  const tiersOf = (fields: object) =>
    change(present, stated(fields))?.rows.map(formatRow)[0]?.service_tiers;
  assert.deepEqual(tiersOf(batch("2")), { batch: { factor: "0.5" } });
  assert.deepEqual(tiersOf(batch("1")), { batch: { input: "1" } });
});

test("output that is priced as input, as that of embeddings, does not become free", () => {
  assert.equal(change(row({ output: "2" }), stated({ output: "0" })), null);
  assert.deepEqual(doubts(listOf(stated({ input: "0", output: "0" })), row({ output: "2" })), [
    "zero openai m1",
  ]);
});

test("a price read at the provider stays until the list says something new", () => {
  const firstHand = { source: "page", list: bookOf(row({ input: "3" })) };
  const book = bookOf(row({ input: "1" }, "page"));
  const against = (fields: object) => {
    const [first] = listedModels(listOf(stated(fields)), at);
    return first && changeOf(first, { book, firstHand, at });
  };
  assert.equal(against({ input: "3" }), null, "as before the page was read");
  assert.equal(against({ input: "4" })?.kind, "dearer");
  const other = bookOf(row({ input: "1" }, "old"));
  const [first] = listedModels(listOf(stated({ input: "3" })), at);
  assert.equal(first && changeOf(first, { book: other, firstHand, at })?.kind, "dearer");
});

test("multiples and factors follow, without a report", () => {
  const present: CatalogueRow = {
    ...row(),
    supplements: [
      {
        multiples: { cache_write_1h: { of: "input", numerator: 2n, denominator: 1n } },
        source: "fees",
        version: "1",
      },
    ],
  };
  const changed = change(present, stated({ input: "3" }));
  assert.equal(changed?.rows.map(formatRow)[0]?.cache_write_1h, "6");
  assert.deepEqual(changed?.carried, []);
});

test("a model that only a prefix matched is new", () => {
  const present: CatalogueRow = { ...row(), ids: { startsWith: "m1" } };
  const found = change(present, stated({ model: "m1-mini", input: "1" }));
  assert.deepEqual([found?.kind, found?.rates, found?.model], ["new", [], "m1-mini"]);
  const dated: CatalogueRow = { ...row(), ids: { startsWith: "m1" } };
  assert.equal(change(dated, stated({ model: "m1-2026-01-01" })), null, "a snapshot is not");
});

test("prices that begin later are stored with those of now; those that have ended are not", () => {
  const soon = "2027-01-01T00:00:00.000Z";
  const changed = change(
    row(),
    stated({ input: "9", valid_to: "2026-01-01" }),
    stated({ input: "2", valid_to: soon }),
    stated({ input: "3", valid_from: soon }),
  );
  assert.deepEqual(
    changed?.rows
      .map(formatRow)
      .map(({ input, valid_from, valid_to }) => [input, valid_from, valid_to]),
    [
      ["2", new Date(at).toISOString(), soon],
      ["3", soon, undefined],
    ],
  );
});

test("a later price of the book is kept, unless the list states times itself", () => {
  const soon = "2027-01-01T00:00:00.000Z";
  const known = Date.parse(soon);
  const book = bookOf(
    row({ valid_to: soon }),
    row({ input: "4", valid_from: soon, valid_to: "2028-01-01" }),
    row({ input: "9", valid_from: "2028-01-01" }),
  );
  const against = (...listed: readonly CatalogueRow[]) => {
    const [first] = listedModels(listOf(...listed), at);
    const found = first && changeOf(first, { book, at });
    return [found?.knownChange, ...(found?.rows ?? []).map(({ validTo }) => validTo)];
  };
  const cached = { cache_read: "0.1" };
  assert.deepEqual(against(stated(cached)), [known, known]);
  assert.deepEqual(against(stated({ ...cached, valid_from: "2026-01-01" })), [known, known]);
  const later = Date.parse("2027-06-01");
  assert.deepEqual(against(stated({ ...cached, valid_to: "2027-06-01" })), [null, later]);
  const moved = stated({ input: "4", valid_from: "2027-06-01" });
  assert.deepEqual(against(stated({ ...cached, valid_to: "2027-06-01" }), moved), [
    null,
    later,
    undefined,
  ]);
});

test("a later row of the book at the same prices is no change to keep", () => {
  const soon = "2027-01-01";
  const book = bookOf(row({ valid_to: soon }), row({ valid_from: soon }));
  const [first] = listedModels(listOf(stated({ input: "3" })), at);
  const found = first && changeOf(first, { book, at });
  assert.deepEqual([found?.knownChange, found?.rows[0]?.validTo], [null, undefined]);
  const masked = bookOf(row({ input: "5", valid_from: soon }), row());
  const other = first && changeOf(first, { book: masked, at });
  assert.equal(other?.rows[0]?.validTo, Date.parse(soon), "a row that precedes the present one");
  const ending = first && changeOf(first, { book: bookOf(row({ valid_to: soon })), at });
  assert.equal(ending?.knownChange, Date.parse(soon), "after which it has no price");
});

test("models of the same source that are no longer in the list are gone", () => {
  const list = listOf(stated());
  const booked = [
    { ...model, source: "list" },
    { ...model, model: "m2", source: "list" },
    { ...model, model: "m3", source: "list" },
    { ...model, model: "m4", source: "other" },
  ];
  const skipping = { ...list, skipped: [{ ...model, model: "M3", path: null, why: "is strange" }] };
  assert.deepEqual(
    goneFrom(skipping, booked, at).map((gone) => gone.model),
    ["m2"],
  );
});

function doubts(list: StatedList, present: CatalogueRow, booked = [{ ...model, source: "list" }]) {
  const changes = listedModels(list, at).flatMap(
    (one) => changeOf(one, { book: bookOf(present), at }) ?? [],
  );
  const gone = goneFrom(list, booked, at);
  return [...doubtsAbout(list, { gone, at }), ...changes.flatMap(doubtsOf)].map(
    ({ kind, provider, model: id }) => [kind, provider, id].join(" "),
  );
}

test("each kind of nonsense is a doubt about its model", () => {
  const cases = [
    [{ input: "0" }, ["zero openai m1"]],
    [{ input: "20" }, ["tenfold openai m1"]],
    [{ output: "0.8" }, ["tenfold openai m1"]],
    [{ input: "19.9", output: "0.81" }, []],
    [{ input: "0", output: "80" }, ["tenfold openai m1", "zero openai m1"]],
    [{ context_tiers: [{ above: 1000, input: "20000" }] }, ["tenfold openai m1", "unit openai m1"]],
    [{ service_tiers: { batch: { factor: "0" } } }, ["zero openai m1"]],
  ] as const;
  for (const [fields, expected] of cases)
    assert.deepEqual(doubts(listOf(stated(fields)), row()).toSorted(), expected);
});

test("the doubt about a unit names what the list states, not what follows it in proportion", () => {
  const present = row({ cache_read: "0.2" });
  const list = listOf(stated({ input: "0.000002" }));
  const found = listedModels(list, at).flatMap(
    (one) => changeOf(one, { book: bookOf(present), at }) ?? [],
  );
  assert.deepEqual(found[0]?.carried, ["cache_read"]);
  const [unit] = found.flatMap(doubtsOf).filter(({ kind }) => kind === "unit");
  assert.match(unit?.detail ?? "", /^input at /);
});

test("a new model that is free, or free under some terms, is doubted", () => {
  const free = { input: "0", output: "0" };
  const cases = [
    [free, true],
    [{ ...free, model: "new:free" }, false],
    [{ ...free, request: "0" }, true],
    [{ ...free, request: "0.01" }, false],
    [{ ...free, meters: { images: "0.04" } }, false],
    [{ ...free, meters: { images: "0" } }, true],
    [{ output: "0", model: "new-embed" }, false],
    [{ service_tiers: { batch: { factor: "0" } } }, true],
    [{ service_tiers: { flex: { input: "0", output: "1" } } }, true],
    [{ regions: { "*": { factor: "0" } } }, true],
    [{ hours: [{ from: "01:00", to: "04:00", output: "0" }] }, true],
    [{ context_tiers: [{ above: 200_000, input: "0" }] }, true],
    [
      {
        context_tiers: [{ above: 200_000, input: "4" }],
        service_tiers: {
          flex: { input: "1", output: "4", context_tiers: [{ above: 200_000, input: "0" }] },
        },
      },
      true,
    ],
    [
      { service_tiers: { batch: { factor: "0.5" } }, context_tiers: [{ above: 9, input: "1" }] },
      false,
    ],
  ] as const;
  for (const [fields, isDoubted] of cases) {
    const list = listOf(stated({}), stated({ model: "new", ...fields }));
    const found = doubts(list, row());
    assert.deepEqual(
      found.map((text) => text.startsWith("zero openai new")),
      isDoubted ? [true] : [],
      JSON.stringify(fields),
    );
    // So is a known model that gets such terms.
    if (!isDoubted || "model" in fields || "request" in fields || "meters" in fields) continue;
    assert.deepEqual(
      doubts(listOf(stated(fields)), row()),
      ["zero openai m1"],
      JSON.stringify(fields),
    );
  }
});

test("a new model with the price of a million tokens as that of one, or the other way, is doubted", () => {
  const price = (input: bigint): CatalogueRow => ({
    ...stated({ model: "new" }),
    rates: { input: pico(input), output: pico(input) },
  });
  assert.deepEqual(doubts(listOf(stated(), price(2_500_000_000_000n)), row()), ["unit openai new"]);
  assert.deepEqual(doubts(listOf(stated(), price(3n)), row()), ["unit openai new"]);
  assert.deepEqual(doubts(listOf(stated(), price(100n)), row()), []);
  assert.deepEqual(doubts(listOf(stated(), price(0n)), row()), ["zero openai new"]);
});

test("a doubt shows an amount above the largest number in powers of ten", () => {
  const price = { ...stated({ model: "new" }), rates: { input: pico(15n * 10n ** 400n) } };
  const changes = listedModels(listOf(price), at).flatMap(
    (one) => changeOf(one, { book: bookOf(row()), at }) ?? [],
  );
  assert.deepEqual(
    changes.flatMap(doubtsOf).map(({ detail }) => detail),
    ["input at 1.5e+395 USD per million"],
  );
});

test("a price per unit above the most that can be stored is doubted", () => {
  const each = (usd: bigint): CatalogueRow => ({
    ...stated({ model: "new" }),
    rates: { input: pico(0n), output: pico(0n), request: pico(usd * 1_000_000_000_000n) },
  });
  assert.deepEqual(doubts(listOf(stated(), each(1_001n)), row()), ["unit openai new"]);
  assert.deepEqual(doubts(listOf(stated(), each(1_000n)), row()), []);
});

test("a new model with an impossible price under a tier, in a region or at some hours is doubted", () => {
  const dear = "20000";
  const cases = [
    { service_tiers: { batch: { input: dear } } },
    { service_tiers: { batch: { reasoning: "0.00001" } } },
    { service_tiers: { batch: { factor: "0.00001" } } },
    { regions: { us: { input: dear } } },
    { hours: [{ from: "01:00", to: "04:00", input: dear }] },
    {
      context_tiers: [{ above: 1000, input: "3" }],
      service_tiers: { batch: { input: "1", context_tiers: [{ above: 1000, input: dear }] } },
    },
  ];
  for (const fields of cases)
    assert.deepEqual(
      doubts(listOf(stated(), stated({ model: "new", ...fields })), row()),
      ["unit openai new"],
      JSON.stringify(fields),
    );
  const plausible = {
    web_search: "0.01",
    meters: { images: "0.00000001" },
    service_tiers: { batch: { factor: "0.001" }, priority: { meters: { images: "0.0000001" } } },
  };
  assert.deepEqual(doubts(listOf(stated(), stated({ model: "new", ...plausible })), row()), []);
});

test("a provider without any model left, and an empty list, are doubted", () => {
  const booked = [
    { ...model, source: "list" },
    { provider: "mistral", model: "a", source: "list" },
    { provider: "groq", model: "b", source: "other" },
  ];
  assert.deepEqual(doubts(listOf(stated()), row(), booked), ["vanished mistral "]);
  assert.deepEqual(doubts(listOf(), row(), booked), ["empty  "]);
  assert.deepEqual(doubts(listOf(stated({ valid_to: "2026-01-01" })), row()), ["empty  "]);
});

test("a rate in place of a substitute may be a tenth of it", () => {
  assert.deepEqual(doubts(listOf(stated({ cache_read: "0.2" })), row()), []);
});

test("a price that a list only rounds is no change", () => {
  const book = bookOf(row({ input: "30.8333", output: "8" }));
  const changeTo = (input: string) =>
    changeOf({ ...model, rows: [stated({ input })] }, { book, at })?.kind;
  assert.equal(changeTo("30.83"), undefined);
  assert.equal(changeTo("30.7"), "cheaper");
  const mixed = stated({ input: "30.83", output: "9" });
  const change = changeOf({ ...model, rows: [mixed] }, { book, at });
  assert.equal(change?.rows[0]?.rates.input, 30_830_000n);
});

test("own rates of a tier that a list leaves out are kept, in proportion", () => {
  const edge = { above: 200_000 };
  const tiers = { context_tiers: [{ ...edge, input: "4", output: "12" }] };
  const batch = { input: "1", output: "4" };
  const long = { ...batch, context_tiers: [{ ...edge, input: "2", output: "6" }] };
  const present = row({ ...tiers, service_tiers: { batch: long } });
  const same = stated({ ...tiers, service_tiers: { batch } });
  assert.equal(changeOf({ ...model, rows: [same] }, { book: bookOf(present), at }), null);
  const halved = stated({ ...tiers, service_tiers: { batch: { input: "0.5" } } });
  const { row: renewed, carried } = renewRow(present, halved);
  assert.deepEqual(formatRow(renewed).service_tiers, {
    batch: { input: "0.5", output: "2", context_tiers: [{ ...edge, input: "1", output: "3" }] },
  });
  assert.deepEqual(carried, ["batch"]);
});
