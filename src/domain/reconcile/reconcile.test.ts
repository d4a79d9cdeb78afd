/** Tests reading bills and explaining how they differ from the ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PurserError } from "../error.ts";
import { parseUsd, pico } from "../money/money.ts";
import { dayMs, readBill } from "./bill.ts";
import { reconcile, type LedgerLine } from "./reconcile.ts";

const day = Date.UTC(2026, 10, 3);

function openai(...items: readonly (readonly [string | null, number | string])[]): object {
  const results = items.map(([name, value]) => ({
    amount: { value, currency: "usd" },
    line_item: name,
    project_id: null,
  }));
  const [start, end] = [day / 1000, (day + dayMs) / 1000];
  return {
    data: [{ object: "bucket", start_time: start, end_time: end, results }],
    has_more: false,
  };
}

function ours(model: string, usd: string, change: Partial<LedgerLine> = {}): LedgerLine {
  return { day, model, cost: parseUsd(usd), calls: 10, unresolved: pico(0n), free: 0, ...change };
}

function causes(bill: unknown, ledger: readonly LedgerLine[]): readonly (readonly unknown[])[] {
  return reconcile(readBill(bill), ledger).map(({ model, causes: found }) => [
    model,
    ...found.map(({ cause, amount }) => `${cause} ${Number(amount) / 1e12}`),
  ]);
}

test("OpenAI's line items are summed by model, and floats are exact to the pico-dollar", () => {
  const bill = readBill(openai(["gpt-5, input", 0.1], ["gpt-5, output", 0.2], [null, 1e-7]));
  assert.deepEqual(
    [bill.format, bill.from, bill.to, bill.lines.map(({ model, amount }) => [model, amount])],
    [
      "openai",
      day,
      day + dayMs,
      [
        ["gpt-5", 100_000_000_000n],
        ["gpt-5", 200_000_000_000n],
        [null, 100_000n],
      ],
    ],
  );
  assert.deepEqual(
    causes(openai(["gpt-5, input", 0.1], ["gpt-5, output", 0.2]), [
      ours("gpt-5-2025-08-07", "0.3"),
    ]),
    [["gpt-5"]],
  );
});

test("Anthropic's amounts are cents", () => {
  const results = [
    {
      currency: "USD",
      amount: "123.78912",
      description: "Input",
      model: "claude-sonnet-4-5-20250929",
    },
    { currency: "USD", amount: "50", description: "Code Execution", model: null },
  ];
  const bill = {
    data: [{ starting_at: "2026-11-03T00:00:00Z", ending_at: "2026-11-04T00:00:00Z", results }],
  };
  assert.deepEqual(
    readBill(bill).lines.map(({ amount }) => amount),
    [1_237_891_200_000n, 500_000_000_000n],
  );
  assert.deepEqual(causes(bill, [ours("claude-sonnet-4-5", "1.2378912")]), [
    [null, "no_model 0.5"],
    ["claude-sonnet-4-5"],
  ]);
});

test("OpenRouter's activity counts calls, as JSON and as CSV", () => {
  const csv =
    'date,model,usage,requests\r\n2026-11-03,"openai/gpt-5",2,12\r\n2026-11-03,a/b,2,10\r\n';
  const json = {
    data: [
      { date: "2026-11-03 00:00:00", model: "openai/gpt-5", usage: 2, requests: 12 },
      { date: "2026-11-03", model: "a/b", usage: 2, requests: 10 },
    ],
  };
  for (const bill of [csv, json])
    assert.deepEqual(causes(bill, [ours("openai/gpt-5", "1"), ours("a/b", "1")]), [
      ["a/b", "price 1"],
      ["openai/gpt-5", "missing_calls 1"],
    ]);
});

test("each residual has its cause", () => {
  const bill = openai(["m, input", 1]);
  for (const [ledger, expected] of [
    [[], "missing_calls 1"],
    [[ours("m", "0.99999")], "rounding 0.00001"],
    [[ours("m", "0.9")], "calls_or_price 0.1"],
    [[ours("m", "0.9", { free: 1 })], "unpriced 0.1"],
    [[ours("m", "1.5", { unresolved: parseUsd("0.5") })], "unresolved -0.5"],
  ] as const)
    assert.deepEqual(causes(bill, ledger), [["m", expected]]);
  assert.deepEqual(causes(bill, [ours("m", "1"), ours("n", "2")]), [["m"], ["n", "not_billed -2"]]);
  assert.deepEqual(causes(bill, [ours("m", "2", { unresolved: parseUsd("0.5") })]), [
    ["m", "unresolved -0.5", "calls_or_price -0.5"],
  ]);
  assert.deepEqual(causes(openai([null, 3]), [ours("m", "1"), ours("n", "2")]), [[null]]);
});

test("causes add up to the residuals, and residuals to the difference of both sides", () => {
  const amount = fc.integer({ min: 0, max: 1_000_000 });
  const model = fc.constantFrom("a", "b", "c");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.option(model), amount), { minLength: 1 }),
      fc.array(fc.tuple(model, amount, amount, fc.nat(3))),
      (billed, ledger) => {
        const bill = readBill(
          openai(...billed.map(([name, value]) => [name, value / 1e6] as const)),
        );
        const lines = ledger.map(([name, cost, held, free]) =>
          ours(name, (cost / 1e6).toFixed(6), {
            unresolved: pico(BigInt(Math.min(cost, held)) * 1_000_000n),
            free,
          }),
        );
        const rows = reconcile(bill, lines);
        for (const { causes: found, residual } of rows)
          assert.equal(
            found.reduce((sum, one) => sum + one.amount, 0n),
            residual,
          );
        assert.equal(
          rows.reduce((sum, { residual }) => sum + residual, 0n),
          bill.lines.reduce((sum, line) => sum + line.amount, 0n) -
            lines.reduce((sum, { cost }) => sum + cost, 0n),
        );
      },
    ),
  );
});

test("a bill that cannot be compared is refused with its field", () => {
  const euro = { data: [{ start_time: 0, results: [{ amount: { value: 1, currency: "eur" } }] }] };
  for (const [bill, field] of [
    [euro, "bill.data[0].results[0].amount.currency"],
    [{ ...openai(["m", 1]), has_more: true }, "bill.has_more"],
    [{ data: [] }, "bill.data"],
    [{ data: [{ colour: 1 }] }, "bill.data[0]"],
    [{ data: [{ date: "never", usage: 1 }] }, "bill.data[0].date"],
    [openai(["m", "a lot"]), "bill.data[0].results[0].amount.value"],
    [{ data: [{ date: "2026-11-03", usage: 1, requests: "x" }] }, "bill.data[0].requests"],
    ["date;usage\n2026-11-03;1", "bill"],
    [7, "bill"],
  ] as const)
    assert.throws(
      () => readBill(bill),
      (error: unknown) => {
        assert.ok(error instanceof PurserError && error.detail.remedy !== undefined);
        assert.deepEqual([error.code, error.detail.field], ["invalid_request", field]);
        return true;
      },
    );
});

test("line items without a model are no_model, unless the ledger has a model of that name", () => {
  const bill = openai(
    ["File storage", 1],
    ["vector stores", 2],
    ["code interpreter sessions", 3],
    ["web search tool calls | gpt-5", 4],
    ["gpt-5, input", 5],
    ["gpt-4o-2024-08-06", 6],
    ["gpt-9, input", 7],
  );
  assert.deepEqual(causes(bill, [ours("gpt-5", "9"), ours("gpt-4o", "6")]), [
    [null, "no_model 6"],
    ["gpt-4o"],
    ["gpt-5"],
    ["gpt-9", "missing_calls 7"],
  ]);
});

for (const [text, problem, remedy] of [
  ["date,modle,usage\n2026-11-03,m,1", 'bill has an unknown column "modle"', "Did you mean model?"],
  ["date;model;usage\n2026-11-03;m;1,5", "bill has semicolons", "commas"],
  ["hello", "bill is not of a known format", "OpenRouter"],
  ["date,model\n2026-11-03,m", 'bill has no column "usage"', "OpenRouter"],
  ["date,model,usage\n", "bill has no rows", "whole file"],
] as const)
  test(`a bill in CSV is refused: ${problem}`, () => {
    assert.throws(
      () => readBill(text),
      (error) =>
        error instanceof PurserError &&
        error.message.startsWith(problem) &&
        error.detail.remedy?.includes(remedy) === true,
    );
  });
