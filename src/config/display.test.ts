import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { loadConfiguration } from "./load.ts";

function load(display: string) {
  const text = `display: ${display}`;
  return loadConfiguration(text, { environment: {}, file: "purser.yaml" }).displayRates;
}

test("rates are exact, of the display's currency unless they name another", () => {
  const rates = load(`
  currency: EUR
  rates:
    - { from: 2026-01-01, units_per_usd: "0.92" }
    - { from: 2026-06-01, usd_per_unit: "1.07" }
    - { from: 2026-01-01, currency: JPY, units_per_usd: "155.25" }`);
  assert.deepEqual(
    rates.map(({ currency, from, units }) => [
      currency,
      new Date(from).toISOString().slice(0, 10),
      units.numerator,
      units.denominator,
    ]),
    [
      ["EUR", "2026-01-01", 23n, 25n],
      ["EUR", "2026-06-01", 100n, 107n],
      ["JPY", "2026-01-01", 621n, 4n],
    ],
  );
  assert.deepEqual(loadConfiguration("", { environment: {}, file: "f" }).displayRates, []);
});

for (const [display, field] of [
  ["{ currency: EUR }", "display.rates"],
  ["{ currency: EUR, rates: [] }", "display.rates"],
  ["{ currency: EURO, rates: [] }", "display.currency"],
  ["{ currency: USD, rates: [] }", "display.currency"],
  ["{ rates: [{ from: 2026-01-01, units_per_usd: '1' }] }", "display.rates[0].currency"],
  ["{ currency: EUR, rates: [{ units_per_usd: '1' }] }", "display.rates[0].from"],
  [
    "{ currency: EUR, rates: [{ from: 2026-01-01T10:00:00Z, units_per_usd: '1' }] }",
    "display.rates[0].from",
  ],
  ["{ currency: EUR, rates: [{ from: 2026-02-30, units_per_usd: '1' }] }", "display.rates[0].from"],
  ["{ currency: EUR, rates: [{ from: 2026-01-01 }] }", "display.rates[0].units_per_usd"],
  [
    "{ currency: EUR, rates: [{ from: 2026-01-01, units_per_usd: 0.92 }] }",
    "display.rates[0].units_per_usd",
  ],
  [
    "{ currency: EUR, rates: [{ from: 2026-01-01, units_per_usd: '0' }] }",
    "display.rates[0].units_per_usd",
  ],
  [
    "{ currency: EUR, rates: [{ from: 2026-01-01, units_per_usd: '1', usd_per_unit: '1' }] }",
    "display.rates[0].usd_per_unit",
  ],
  [
    "{ currency: EUR, rates: [{ from: 2026-01-01, units_per_usd: '1' }, { from: 2026-01-01, usd_per_unit: '1' }] }",
    "display.rates[1].from",
  ],
  ["{ currency: EUR, rate: [] }", "display.rate"],
] as const)
  test(`${display} is refused: ${field}`, () => {
    assert.throws(
      () => load(display),
      (error) => {
        assert.ok(error instanceof PurserError);
        const [fault] = error.detail.faults ?? [];
        assert.deepEqual([error.code, fault?.field], ["invalid_configuration", field]);
        assert.ok(fault?.remedy);
        return true;
      },
    );
  });
