/** Validation and defaults of budgets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { dimensions } from "../attribution/attribution.ts";
import { PurserError } from "../error.ts";
import { pico } from "../money/money.ts";
import type { Budget } from "./budget.ts";
import { defineBudget } from "./define.ts";
import { budgetToJson } from "./json.ts";

const minimal = { budget_id: "b1", budget_type: "project", resource_id: "p1", amount: "1.50" };

/** b2 is below b1, b4 is below a cycle of b5 and b6, and b7 has a deleted parent. */
const parents = new Map<string, string | null>([
  ["all", null],
  ["b2", "b1"],
  ["b3", "b2"],
  ["b4", "b5"],
  ["b5", "b6"],
  ["b6", "b5"],
  ["b7", "gone"],
]);
const context = { parentOf: (id: string): string | null | undefined => parents.get(id) };

function define(change: Readonly<Record<string, unknown>>): Budget {
  return defineBudget({ ...minimal, ...change }, context);
}

test("a minimal budget is hard, in USD, for a month in UTC, warns at 0.8 and is exceeded at 1", () => {
  assert.deepEqual(defineBudget(minimal, context), {
    budgetId: "b1",
    parentBudgetId: null,
    budgetType: "project",
    resourceId: "p1",
    amount: 1_500_000_000_000n,
    currency: "USD",
    period: "month",
    timeZone: "UTC",
    anchor: 1,
    start: null,
    end: null,
    policy: "hard",
    thresholds: [
      { partsPerMillion: 800_000, action: "notify" },
      { partsPerMillion: 1_000_000, action: "notify" },
    ],
    models: null,
    providers: null,
    unpriced: { policy: "block" },
    mode: "pooled",
  });
});

const accepted: readonly (readonly [
  fact: string,
  change: Readonly<Record<string, unknown>>,
  expected: Partial<Budget>,
])[] = [
  ["a number is taken exactly", { amount: 0.1 }, { amount: 100_000_000_000n }],
  ["a whole number is taken exactly", { amount: 100 }, { amount: 100_000_000_000_000n }],
  ["zero is an amount", { amount: "0" }, { amount: 0n }],
  ["minus zero is zero", { amount: -0 }, { amount: 0n }],
  ["one pico-USD is an amount", { amount: "0.000000000001" }, { amount: 1n }],
  ["10^12 USD is an amount", { amount: "1000000000000" }, { amount: 10n ** 24n }],
  [
    "tokens are whole",
    { amount: "1000", currency: "tokens" },
    { amount: 1000n, currency: "tokens" },
  ],
  [
    "whole requests may have zeros after the decimal point",
    { amount: "5.00", currency: "requests" },
    { amount: 5n },
  ],
  [
    "null is the same as absent",
    { parent_budget_id: null, period: null, models: null },
    { parentBudgetId: null, period: "month", models: null },
  ],
  [
    "a parent may be one of the other budgets",
    { parent_budget_id: "all" },
    { parentBudgetId: "all" },
  ],
  [
    "a parent may be below a cycle that does not contain this budget",
    { parent_budget_id: "b4" },
    { parentBudgetId: "b4" },
  ],
  ["a parent may have lost its own parent", { parent_budget_id: "b7" }, { parentBudgetId: "b7" }],
  [
    "a tag may be limited",
    { budget_type: "tag:customer", resource_id: "*" },
    { budgetType: "tag:customer", resourceId: "*" },
  ],
  [
    "the platform has a name by itself",
    { budget_type: "platform", resource_id: null },
    { resourceId: "main" },
  ],
  [
    "a resource may have any letters",
    { resource_id: "Zoë Müller 日本" },
    { resourceId: "Zoë Müller 日本" },
  ],
  [
    "a zone's name is written as the database does",
    { time_zone: "europe/berlin" },
    { timeZone: "Europe/Berlin" },
  ],
  ["a zone may be called timezone", { timezone: "Asia/Kathmandu" }, { timeZone: "Asia/Kathmandu" }],
  ["a week begins on Monday", { period: "week" }, { period: "week", anchor: 1 }],
  ["a day begins at midnight", { period: "day" }, { period: "day", anchor: 0 }],
  ["an anchor is kept", { period: "hour", anchor: 59 }, { period: "hour", anchor: 59 }],
  [
    "once has a start and an end",
    { period: "once", start: "2026-01-01T00:00:00Z", end: "2026-01-01T01:00:00+00:30" },
    { start: 1767225600000, end: 1767227400000, anchor: 0 },
  ],
  [
    "once from a date until a date, both at midnight in UTC",
    { start: "2026-01-01", end: "2026-02-01" },
    { start: 1767225600000, end: 1769904000000 },
  ],
  [
    "once may have begun long ago",
    { period: "once", end: "2026-01-01T00:00:00Z" },
    { start: null, end: 1767225600000 },
  ],
  [
    "a period start and end alone mean once",
    { period_start: "2026-01-01T00:00:00Z", period_end: "2026-02-01T00:00:00Z" },
    { period: "once", start: 1767225600000, end: 1769904000000 },
  ],
  [
    "a warning is a threshold",
    { warning_threshold: 0.5 },
    { thresholds: [{ partsPerMillion: 500_000, action: "notify" }] },
  ],
  [
    "a list of thresholds is the whole list",
    { thresholds: [1, "0.75"] },
    {
      thresholds: [
        { partsPerMillion: 750_000, action: "notify" },
        { partsPerMillion: 1_000_000, action: "notify" },
      ],
    },
  ],
  ["an empty list is no threshold", { thresholds: [] }, { thresholds: [] }],
  [
    "a warning joins the list in its place",
    { warning_threshold: 0.8, thresholds: [0.95, { at: 0.5, action: "notify" }] },
    {
      thresholds: [500_000, 800_000, 950_000].map((partsPerMillion) => ({
        partsPerMillion,
        action: "notify",
      })),
    },
  ],
  [
    "of two thresholds at one share the one that pauses is kept",
    { warning_threshold: 1, thresholds: [{ at: 1, action: "pause" }, 1.0] },
    { thresholds: [{ partsPerMillion: 1_000_000, action: "pause" }] },
  ],
  [
    "a threshold may be ten times the amount",
    { thresholds: [10, 0.000001] },
    {
      thresholds: [
        { partsPerMillion: 1, action: "notify" },
        { partsPerMillion: 10_000_000, action: "notify" },
      ],
    },
  ],
  [
    "names are kept without repeats",
    { models: ["gpt-5", "claude-*", "gpt-5"], providers: ["*"] },
    { models: ["gpt-5", "claude-*"], providers: ["*"] },
  ],
  [
    "a soft budget lets models without a price pass",
    { policy: "soft" },
    { unpriced: { policy: "allow", fallback: null } },
  ],
  [
    "a budget in tokens needs no price",
    { currency: "tokens", amount: 5 },
    { unpriced: { policy: "allow", fallback: null } },
  ],
  [
    "blocking may be configured",
    { policy: "soft", unpriced: "block" },
    { unpriced: { policy: "block" } },
  ],
  [
    "a fallback is in USD per million tokens",
    { unpriced: { policy: "allow", input: "3", output: 0.15 } },
    {
      unpriced: { policy: "allow", fallback: { input: pico(3_000_000n), output: pico(150_000n) } },
    },
  ],
  ["pooled may be said", { mode: "pooled" }, { mode: "pooled" }],
];

for (const [fact, change, expected] of accepted) {
  test(fact, () => {
    const budget: Readonly<Record<string, unknown>> = { ...define(change) };
    assert.deepEqual(
      Object.fromEntries(Object.keys(expected).map((name) => [name, budget[name]])),
      expected,
    );
  });
}

const refused: readonly (readonly [
  fact: string,
  change: Readonly<Record<string, unknown>>,
  field: string,
  remedy: RegExp,
])[] = [
  ["no id", { budget_id: undefined }, "budget_id", /id of its own/],
  ["an id with a space", { budget_id: "a b" }, "budget_id", /1 to 128/],
  ["an id of 129 characters", { budget_id: "a".repeat(129) }, "budget_id", /1 to 128/],
  ["an id that is a number", { budget_id: 7 }, "budget_id", /id of its own/],
  ["no type", { budget_type: undefined }, "budget_type", /platform, a dimension/],
  ["a type that is misspelt", { budget_type: "projcet" }, "budget_type", /Did you mean project\?/],
  ["a tag without a name", { budget_type: "tag:" }, "budget_type", /1 to 64/],
  ["no resource", { resource_id: undefined }, "resource_id", /the project to limit, or \*/],
  ["every platform", { budget_type: "platform", resource_id: "*" }, "resource_id", /such as main/],
  ["a resource that is a prefix", { resource_id: "team-*" }, "resource_id", /or \* for all/],
  ["a resource with a line break", { resource_id: "a\nb" }, "resource_id", /on one line/],
  ["no amount", { amount: undefined }, "amount", /"1\.50"/],
  ["NaN", { amount: Number.NaN }, "amount", /plain decimal/],
  ["Infinity", { amount: Number.POSITIVE_INFINITY }, "amount", /plain decimal/],
  ["1e30", { amount: 1e30 }, "amount", /plain decimal/],
  ["1e-7 as a number", { amount: 1e-7 }, "amount", /plain decimal/],
  ["a number of 17 digits", { amount: 0.1 + 0.2 }, "amount", /plain decimal/],
  [
    "a number that is not exact any more",
    { amount: Number("12345678901234567890") },
    "amount",
    /plain decimal/,
  ],
  ["an exponent as text", { amount: "1e3" }, "amount", /plain decimal/],
  ["a comma", { amount: "1,50" }, "amount", /plain decimal/],
  ["a currency sign", { amount: "$1" }, "amount", /plain decimal/],
  ["empty text", { amount: "" }, "amount", /plain decimal/],
  ["digits of another script", { amount: "١" }, "amount", /plain decimal/],
  ["a truth value", { amount: true }, "amount", /plain decimal/],
  ["a negative amount", { amount: "-1" }, "amount", /zero or more/],
  ["a negative number", { amount: -0.5 }, "amount", /zero or more/],
  [
    "more than 10^12 USD",
    { amount: "1000000000000.000000000001" },
    "amount",
    /at most 1000000000000 USD/,
  ],
  ["a finer amount than pico-USD", { amount: "0.0000000000001" }, "amount", /12 decimals/],
  ["half a token", { amount: "0.5", currency: "tokens" }, "amount", /whole number of tokens/],
  [
    "too many tokens",
    { amount: "1000000000000000001", currency: "tokens" },
    "amount",
    /at most 1000000000000000000 tokens/,
  ],
  ["another currency", { currency: "EUR" }, "currency", /Use one of: USD, tokens, requests/],
  ["another period", { period: "monthly" }, "period", /Did you mean month\?/],
  ["another policy", { policy: "hrad" }, "policy", /Did you mean hard\?/],
  ["an unknown zone", { time_zone: "Europe/Berln" }, "time_zone", /IANA/],
  ["an offset as a zone", { time_zone: "+02:00" }, "time_zone", /IANA/],
  ["a date-time as a zone", { timezone: "2026-01-01T00:00Z" }, "timezone", /IANA/],
  [
    "a zone under two names",
    { time_zone: "UTC", timezone: "UTC" },
    "timezone",
    /Give only time_zone/,
  ],
  ["the 29th as an anchor", { anchor: 29 }, "anchor", /from 1 to 28/],
  ["weekday 0 as an anchor", { period: "week", anchor: 0 }, "anchor", /from 1 to 7/],
  ["hour 24 as an anchor", { period: "day", anchor: 24 }, "anchor", /from 0 to 23/],
  ["minute 60 as an anchor", { period: "hour", anchor: 60 }, "anchor", /from 0 to 59/],
  ["half an anchor", { anchor: 1.5 }, "anchor", /whole number/],
  [
    "an anchor for once",
    { period: "once", end: "2026-01-01T00:00:00Z", anchor: 1 },
    "anchor",
    /Leave anchor out/,
  ],
  ["once without an end", { period: "once" }, "end", /time at which the budget ends/],
  [
    "once that ends where it starts",
    { period: "once", start: "2026-01-01T00:00:00Z", end: "2026-01-01T00:00:00Z" },
    "end",
    /later than start/,
  ],
  [
    "a period that ends before it starts",
    { period_start: "2026-02-01T00:00:00Z", period_end: "2026-01-01T00:00:00Z" },
    "period_end",
    /later than period_start/,
  ],
  [
    "a start under two names",
    { start: "2026-01-01T00:00:00Z", period_start: "2026-01-01T00:00:00Z" },
    "period_start",
    /Give only start/,
  ],
  [
    "a start for a month",
    { period: "month", start: "2026-01-01T00:00:00Z" },
    "start",
    /set period to once/,
  ],
  [
    "an end for a month",
    { period: "month", period_end: "2026-01-01T00:00:00Z" },
    "period_end",
    /set period to once/,
  ],
  ["a day that does not exist", { period: "once", end: "2026-02-30T00:00:00Z" }, "end", /RFC 3339/],
  ["a date that does not exist", { period: "once", end: "2026-02-30" }, "end", /RFC 3339/],
  ["a start that does not exist", { start: "2026-04-31", end: "2026-06-01" }, "start", /RFC 3339/],
  ["a time without an offset", { period: "once", end: "2026-02-20T00:00:00" }, "end", /RFC 3339/],
  [
    "a parent that does not exist",
    { parent_budget_id: "none" },
    "parent_budget_id",
    /Define the parent first/,
  ],
  ["itself as its parent", { parent_budget_id: "b1" }, "parent_budget_id", /not below it/],
  ["its child as its parent", { parent_budget_id: "b2" }, "parent_budget_id", /not below it/],
  ["its grandchild as its parent", { parent_budget_id: "b3" }, "parent_budget_id", /not below it/],
  ["a warning at zero", { warning_threshold: 0 }, "warning_threshold", /above 0 and up to 10/],
  ["a negative warning", { warning_threshold: -0.8 }, "warning_threshold", /above 0 and up to 10/],
  [
    "a warning above ten",
    { warning_threshold: 10.000001 },
    "warning_threshold",
    /above 0 and up to 10/,
  ],
  ["a warning in percent", { warning_threshold: "80%" }, "warning_threshold", /plain decimal/],
  [
    "a threshold of seven decimals",
    { thresholds: [0.5, "0.1234567"] },
    "thresholds[1]",
    /above 0 and up to 10/,
  ],
  ["thresholds that are no list", { thresholds: 0.8 }, "thresholds", /list of shares/],
  [
    "a threshold without a share",
    { thresholds: [{ action: "pause" }] },
    "thresholds[0].at",
    /share of the amount/,
  ],
  [
    "an action that is misspelt",
    { thresholds: [{ at: 1, action: "puase" }] },
    "thresholds[0].action",
    /Did you mean pause\?/,
  ],
  [
    "rebalance",
    { thresholds: [{ at: 1, action: "rebalance" }] },
    "thresholds[0].action",
    /Use notify or pause/,
  ],
  [
    "cheaper_model",
    { thresholds: [{ at: 1, action: "cheaper_model" }] },
    "thresholds[0].action",
    /Use notify or pause/,
  ],
  [
    "a threshold's unknown field",
    { thresholds: [{ at: 1, acton: "pause" }] },
    "thresholds[0].acton",
    /Did you mean action\?/,
  ],
  ["allotted", { mode: "allotted" }, "mode", /Leave mode out/],
  ["a weight", { weight: 1 }, "weight", /Leave weight out/],
  ["a least share", { min: "1" }, "min", /Leave min out/],
  ["a most share", { max: "1" }, "max", /Leave max out/],
  ["a reserve", { reserve: "1" }, "reserve", /Leave reserve out/],
  ["an empty list of models", { models: [] }, "models", /match everything/],
  ["a star within a model", { models: ["a", "g*t"] }, "models[1]", /ending in \*/],
  ["a model that is a number", { models: [5] }, "models[0]", /list of names/],
  ["providers that are text", { providers: "openai" }, "providers", /list of names/],
  [
    "a policy for the unpriced that is misspelt",
    { unpriced: "alow" },
    "unpriced",
    /Did you mean allow\?/,
  ],
  [
    "a hard budget that allows without rates",
    { unpriced: "allow" },
    "unpriced",
    /input and output/,
  ],
  ["one rate of two", { unpriced: { policy: "allow", input: "1" } }, "unpriced.output", /together/],
  [
    "a negative rate",
    { unpriced: { policy: "allow", input: "-1", output: "1" } },
    "unpriced.input",
    /zero or more/,
  ],
  [
    "a rate finer than pico-USD",
    { unpriced: { policy: "allow", input: "0.0000001", output: "1" } },
    "unpriced.input",
    /six decimals/,
  ],
  [
    "rates that block",
    { unpriced: { policy: "block", input: "1", output: "1" } },
    "unpriced",
    /policy to allow/,
  ],
  [
    "rates without a policy",
    { unpriced: { input: "1", output: "1" } },
    "unpriced.policy",
    /block or allow/,
  ],
  ["an unknown field", { colour: "red" }, "colour", /Use one of: budget_id/],
  ["a misspelt field", { amuont: "1" }, "amuont", /Did you mean amount\?/],
  [
    "a field in another case",
    { budgetType: "project" },
    "budgetType",
    /Did you mean budget_type\?/,
  ],
  [
    "a field that every object has",
    JSON.parse('{"__proto__": 1}') as Readonly<Record<string, unknown>>,
    "__proto__",
    /Use one of/,
  ],
];

for (const [fact, change, field, remedy] of refused) {
  test(`refused, naming ${field}: ${fact}`, () => {
    assert.throws(
      () => define(change),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.equal(error.code, "invalid_request");
        assert.equal(error.detail.field, field);
        assert.match(error.detail.remedy ?? "", remedy);
        assert.ok(error.message.includes(field));
        return true;
      },
    );
  });
}

test("a non-object is refused, and the prefix precedes every field", () => {
  for (const input of [null, [], "x", 1, undefined]) {
    assert.throws(
      () => defineBudget(input, { ...context, prefix: "budgets[2]." }),
      /^PurserError: budgets\[2\] must be an object/,
    );
  }
  assert.throws(
    () => defineBudget({ ...minimal, amount: "x" }, { ...context, prefix: "budgets[2]." }),
    /budgets\[2\]\.amount/,
  );
});

const anyName = fc.string({
  minLength: 1,
  maxLength: 20,
  unit: fc.constantFrom("a", "b", "Z", "0", "9", ".", "_", ":", "/", "@", "-"),
});
const anyRecurrence = fc.oneof(
  fc.record({
    period: fc.constantFrom("month", "quarter", "year"),
    anchor: fc.integer({ min: 1, max: 28 }),
  }),
  fc.record({ period: fc.constant("day"), anchor: fc.integer({ min: 0, max: 23 }) }),
  fc
    .tuple(fc.integer({ min: 1, max: 4e12 }), fc.integer({ min: 1, max: 1e9 }), fc.boolean())
    .map(([start, length, open]) => ({
      period: "once",
      start: open ? null : new Date(start).toISOString(),
      end: new Date(start + length).toISOString(),
    })),
);
const anyAmount = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 24n }).map((amount) => ({
    currency: "USD",
    amount: `${amount / 10n ** 12n}.${String(amount % 10n ** 12n).padStart(12, "0")}`,
  })),
  fc.record({
    currency: fc.constantFrom("tokens", "requests"),
    amount: fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String),
  }),
);
const anyShare = fc.integer({ min: 1, max: 10_000_000 }).map((parts) => parts / 1_000_000);
const anyRate = fc
  .bigInt({ min: 0n, max: 10n ** 12n })
  .map((parts) => `${parts / 1_000_000n}.${String(parts % 1_000_000n).padStart(6, "0")}`);
const anyInput = fc
  .tuple(
    fc.record({
      budget_id: anyName,
      budget_type: fc.constantFrom(...dimensions, "tag:customer"),
      resource_id: fc.oneof(anyName, fc.constant("*")),
      time_zone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu"),
      policy: fc.constantFrom("hard", "soft"),
      thresholds: fc.array(
        fc.oneof(anyShare, fc.record({ at: anyShare, action: fc.constantFrom("notify", "pause") })),
        { maxLength: 5 },
      ),
      models: fc.option(fc.array(anyName, { minLength: 1, maxLength: 3 })),
      on_exhausted: fc.constant("refuse"),
      unpriced: fc.oneof(
        fc.constant("block"),
        fc.record({ policy: fc.constant("allow"), input: anyRate, output: anyRate }),
      ),
    }),
    anyRecurrence,
    anyAmount,
  )
  .map(([rest, recurrence, amount]) => ({ ...rest, ...recurrence, ...amount }));

test("a budget survives the round trip through JSON", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const budget = defineBudget(input, context);
      const written: unknown = JSON.parse(JSON.stringify(budgetToJson(budget)));
      assert.deepEqual(defineBudget(written, context), budget);
    }),
    { numRuns: 1000 },
  );
});

const asking = { on_exhausted: "ask", ask_timeout: "30m" };

test("a hard budget can ask for more money, and keep a part for closing calls", () => {
  const full = define({ ...asking, reserve_for_closing: "0.50" });
  assert.deepEqual(
    [full.asks, full.reserveForClosing],
    [{ timeoutMs: 1_800_000 }, 500_000_000_000n],
  );
  assert.deepEqual(define({ on_exhausted: "ask" }).asks, { timeoutMs: 600_000 });
  assert.deepEqual(defineBudget(budgetToJson(full), context), full);
  const plain = define({ on_exhausted: "refuse", reserve_for_closing: "0" });
  assert.deepEqual([plain.asks, plain.reserveForClosing], [undefined, undefined]);
});

test("fields of exhausted budgets are refused where they have no meaning", () => {
  const fails = (fields: Record<string, unknown>, field: string): void =>
    assert.throws(
      () => define(fields),
      (error) => error instanceof PurserError && error.detail.field === field,
    );
  fails({ on_exhausted: "wait" }, "on_exhausted");
  fails({ on_exhausted: "ask", policy: "soft" }, "on_exhausted");
  fails({ ask_timeout: "10m" }, "ask_timeout");
  fails({ on_exhausted: "ask", ask_timeout: "2d" }, "ask_timeout");
  fails({ on_exhausted: "ask", ask_timeout: "10" }, "ask_timeout");
  fails({ amount: "1", reserve_for_closing: "1" }, "reserve_for_closing");
  fails({ amount: "1", reserve_for_closing: "-1" }, "reserve_for_closing");
  fails({ policy: "soft", reserve_for_closing: "0.1" }, "reserve_for_closing");
});

test("any input gives a budget, or an error with a field and a remedy", () => {
  const anyField = fc.constantFrom(
    ...Object.keys(budgetToJson(defineBudget(minimal, context))),
    "start",
    "weight",
    "x",
  );
  fc.assert(
    fc.property(
      anyField,
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      (field, value) => {
        try {
          define({ [field]: value });
        } catch (error) {
          assert.ok(error instanceof PurserError, String(error));
          assert.ok(
            error.code === "invalid_request" && error.detail.field && error.detail.remedy,
            error.message,
          );
        }
      },
    ),
    { numRuns: 3000 },
  );
});
