/** Tests what FOCUS files say of costs of our own prices, and of corrections after a file. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { focusTable } from "../app/export/focus-table.ts";
import { calendarWindow } from "../app/report/range.ts";
import { focusViolations, readRecords } from "../domain/focus/focus-check.test-kit.ts";
import { csvOf } from "../domain/table/csv.ts";
import { beginning, model, openBench, type Bench } from "./api-fixture.test.ts";

type Row = Readonly<Record<string, string>>;

async function focusOf(bench: Bench, query = ""): Promise<readonly Row[]> {
  const { text, status } = await bench.call("GET", `/api/v1/exports/focus?${query}`);
  assert.equal(status, 200);
  assert.deepEqual(focusViolations(text, query.includes("1.2") ? "1.2" : "1.4"), []);
  return readRecords(text);
}

/** Items, each with the charges of the quantities. */
async function charge(
  bench: Bench,
  item: {
    readonly id: string;
    readonly kind: string;
    readonly unit: string;
    readonly price: string;
  },
  quantities: readonly string[],
): Promise<void> {
  const { id, kind, unit, price } = item;
  const set = await bench.call("PUT", `/api/v1/items/${id}`, { kind, unit, price_usd: price });
  assert.equal(set.status, 200, set.text);
  bench.advance(10);
  const data = quantities.map((quantity, row) => ({
    charge_id: `${id}-${row}`,
    item_id: id,
    quantity,
  }));
  const { json } = await bench.call("POST", "/api/v1/charges", { data });
  assert.equal(json.recorded, quantities.length, JSON.stringify(json));
}

const wanted = [
  "BilledCost",
  "EffectiveCost",
  "ListCost",
  "ListUnitPrice",
  "PricingQuantity",
  "PricingUnit",
  "ConsumedQuantity",
  "ConsumedUnit",
  "SkuId",
  "SkuMeter",
  "ServiceCategory",
  "x_CostBasis",
];

function figures(rows: readonly Row[], provider: string): readonly (readonly string[])[] {
  const own = rows.filter((row) => row["ServiceName"] === provider);
  return own.map((row) => wanted.map((name) => row[name] ?? ""));
}

test("items have their own unit, quantity and price, and are not billed by a provider", async (t) => {
  const bench = await openBench(t);
  const search = { id: "web-search", kind: "tool", unit: "call", price: "0.005" };
  await charge(
    bench,
    search,
    Array.from({ length: 9 }, () => "1"),
  );
  const gpu = { id: "gpu", kind: "infrastructure", unit: "hour", price: "0.000000000001" };
  // Each is rounded to a pico-dollar: 1 and 0.
  await charge(bench, gpu, ["0.75", "0.25"]);
  const review = { id: "review", kind: "labor", unit: "hour", price: "60" };
  await charge(bench, review, ["1.5"]);
  const stated = { charge_id: "s", item_id: "crawl", kind: "tool", amount_usd: "0.2" };
  const { json } = await bench.call("POST", "/api/v1/charges", { data: [stated] });
  assert.equal(json.recorded, 1);
  for (const version of ["1.4", "1.2"]) {
    const rows = await focusOf(bench, `version=${version}`);
    const ai = "AI and Machine Learning";
    assert.deepEqual(figures(rows, "tools"), [
      [
        "0.0",
        "0.2",
        "0.2",
        "0.2",
        "1.0",
        "Charges",
        "1.0",
        "Charges",
        "crawl-charge",
        "Charge",
        ai,
        "stated",
      ],
      [
        "0.0",
        "0.045",
        "0.045",
        "0.005",
        "9.0",
        "Calls",
        "9.0",
        "Calls",
        "web-search-call",
        "Calls",
        ai,
        "computed",
      ],
    ]);
    assert.deepEqual(figures(rows, "infrastructure"), [
      [
        "0.0",
        "0.000000000001",
        "0.000000000001",
        "0.000000000001",
        "1.0",
        "Hours",
        "1.0",
        "Hours",
        "gpu-hour",
        "Hours",
        "Compute",
        "computed",
      ],
    ]);
    assert.deepEqual(figures(rows, "labor"), [
      [
        "0.0",
        "90.0",
        "90.0",
        "60.0",
        "1.5",
        "Hours",
        "1.5",
        "Hours",
        "review-hour",
        "Hours",
        "Other",
        "computed",
      ],
    ]);
  }
  const billed = await focusOf(bench, "billed_cost=computed");
  assert.equal(figures(billed, "labor")[0]?.[0], "90.0");
  assert.equal(figures(billed, "tools")[0]?.[0], "0.2");
});

test("a fraction of a pico-dollar is in the list cost, so that price times quantity is exact", async (t) => {
  const bench = await openBench(t);
  const gpu = { id: "gpu", kind: "infrastructure", unit: "hour", price: "2.49" };
  await charge(bench, gpu, ["0.333333333333", "0.666666666666"]);
  const [row] = figures(await focusOf(bench), "infrastructure");
  assert.deepEqual(row?.slice(0, 5), [
    "0.0",
    "2.489999999997",
    "2.48999999999751",
    "2.49",
    "0.999999999999",
  ]);
});

test("a changed price is a row of its own, and a corrected charge has no quantity of an item", async (t) => {
  const bench = await openBench(t);
  await charge(bench, { id: "ocr", kind: "tool", unit: "session", price: "0.01" }, ["2", "3"]);
  const set = { kind: "tool", unit: "session", price_usd: "0.02" };
  assert.equal((await bench.call("PUT", "/api/v1/items/ocr", set)).status, 200);
  bench.advance(10);
  const data = [{ charge_id: "later", item_id: "ocr", quantity: "1" }];
  await bench.call("POST", "/api/v1/charges", { data });
  const body = { amount: "0.5", reason: "wrong" };
  const corrected = await bench.call("POST", "/api/v1/entries/ocr-0/correct", body);
  assert.equal(corrected.status, 200, corrected.text);
  const rows = (await focusOf(bench)).map((row) => [
    row["EffectiveCost"],
    row["PricingQuantity"],
    row["PricingUnit"],
    row["ServiceSubcategory"],
    row["x_CostBasis"],
  ]);
  const service = "Other (AI and Machine Learning)";
  assert.deepEqual(rows, [
    ["0.5", "1.0", "Charges", service, "corrected"],
    ["0.03", "3.0", "Sessions", service, "computed"],
    ["0.02", "1.0", "Sessions", service, "computed"],
  ]);
});

const dayMs = 86_400_000;

for (const every of ["day", "week", "month"] as const)
  test(`files of a ${every} add up to the last figure of a call that was corrected later`, async (t) => {
    const bench = await openBench(t);
    const data = [{ operation_id: "a", ...model, amount_usd: "1" }];
    await bench.call("POST", "/api/v1/usage", { data });
    const correct = async (amount: string): Promise<void> => {
      const body = { amount, reason: "the invoice" };
      const { status } = await bench.call("POST", "/api/v1/entries/a/correct", body);
      assert.equal(status, 200);
    };
    const kept = new Map<number, readonly string[]>();
    /** What the schedule does when a period has ended. */
    const makeFiles = async (): Promise<void> => {
      let { from, to } = calendarWindow(beginning, every, "UTC");
      for (; to <= bench.now(); { from, to } = calendarWindow(to, every, "UTC")) {
        if (kept.has(from)) continue;
        const options = { version: "1.4", billsComputed: false, period: "day" } as const;
        const table = focusTable(bench.reader, {
          ...options,
          filter: { from, to },
          from,
          to,
          closing: every,
        });
        const text = (await Array.fromAsync(csvOf(table))).join("");
        assert.deepEqual(focusViolations(text, "1.4"), []);
        const rows = readRecords(text);
        kept.set(
          from,
          rows.map((row) => `${row["EffectiveCost"]} ${row["ChargeClass"]}`.trim()),
        );
      }
    };
    bench.advance(3_600_000);
    await correct("2");
    for (const amount of ["0.25", "0.5"]) {
      bench.advance(10 * dayMs);
      await makeFiles();
      await correct(amount);
    }
    bench.advance(60 * dayMs);
    await makeFiles();
    const all = [...kept.values()].flat();
    const expected = {
      day: ["2.0", "-1.75 Correction", "0.25 Correction"],
      week: ["2.0", "-1.75 Correction", "0.25 Correction"],
      month: ["0.5"],
    };
    assert.deepEqual(all, expected[every]);
  });
