/** Reads `display`: the currencies in which amounts can be shown, with dated rates. */

import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalList,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import { nearest } from "../domain/input/nearest.ts";
import { decimalText, parseInstant } from "../domain/input/scalar.ts";
import { fraction, type ExchangeRate } from "../domain/money/exchange.ts";
import { parseUsd } from "../domain/money/money.ts";
import type { Faults } from "./fault.ts";

const prefix = "display.";
const remedyOfRates =
  'Give a list of rates, such as [{ from: 2026-01-01, units_per_usd: "0.92" }].';

/** Errors are added to `faults`. @returns Rates of one or more currencies. */
export function readDisplay(input: unknown, faults: Faults): readonly ExchangeRate[] {
  if (input === undefined) return [];
  const read = faults.readObject({ input, prefix, standIns: { currency: "EUR" } }, (object) => {
    const fields = openFields(object, { prefix, known: ["currency", "rates"] });
    const usual = fields.values.has("currency") ? readCurrency(fields, undefined) : undefined;
    const listed = optionalList(fields, "rates", remedyOfRates);
    if (listed === undefined || listed.length === 0)
      throw invalid(`${prefix}rates`, "is missing", remedyOfRates);
    const rates = listed.map((rate, index) => readRate(rate, { index, usual, faults }));
    checkRepeated(rates);
    return rates.flatMap((rate) => rate ?? []);
  });
  return read ?? [];
}

interface Place {
  readonly index: number;
  readonly usual: string | undefined;
  readonly faults: Faults;
}

/** @returns Undefined if it has faults. */
function readRate(input: unknown, { index, usual, faults }: Place): ExchangeRate | undefined {
  const of = `${prefix}rates[${index}].`;
  const known = ["currency", "from", "units_per_usd", "usd_per_unit"];
  return faults.readObject({ input, prefix: of, standIns: standInsOf(input) }, (object) => {
    const fields = openFields(object, { prefix: of, known });
    const currency = readCurrency(fields, usual);
    return { currency, from: readFrom(fields), ...readUnits(fields) };
  });
}

/** A rate has one of two fields, so only the one that it has is replaced. */
function standInsOf(input: unknown): Readonly<Record<string, string>> {
  const as =
    isObject(input) && Object.hasOwn(input, "usd_per_unit") ? "usd_per_unit" : "units_per_usd";
  return { currency: "EUR", from: "2026-01-01", [as]: "1" };
}

const codes = Intl.supportedValuesOf("currency");

function readCurrency(fields: Fields, usual: string | undefined): string {
  const remedy = "Give an ISO 4217 code, such as EUR.";
  if (usual !== undefined && !fields.values.has("currency")) return usual;
  const code = requiredText(fields, "currency", remedy);
  const field = `${fields.prefix}currency`;
  if (code === "USD")
    throw invalid(field, "is USD, which is the currency of the ledger", "Leave it out.");
  if (codes.includes(code)) return code;
  const near = nearest(code.toUpperCase(), codes);
  throw invalid(
    field,
    `is ${show(code)}, which is not an ISO 4217 currency`,
    near === undefined ? remedy : `Did you mean ${near}?`,
  );
}

/** A day: rates change at midnight UTC. */
function readFrom(fields: Fields): number {
  const field = `${fields.prefix}from`;
  const text = requiredText(fields, "from", "Give the first day of the rate: 2026-01-01.");
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseInstant(text, field);
  throw invalid(field, `is ${show(text)}, which is not a day`, "Give a day, such as 2026-01-01.");
}

function readUnits(fields: Fields): Pick<ExchangeRate, "units" | "stated"> {
  const names = ["units_per_usd", "usd_per_unit"] as const;
  const remedy = 'Give either units_per_usd or usd_per_unit, such as "0.92".';
  const [as, other] = names.filter((name) => fields.values.has(name));
  if (as === undefined) throw invalid(`${fields.prefix}units_per_usd`, "is missing", remedy);
  if (other !== undefined) throw invalid(`${fields.prefix}${other}`, "is a second rate", remedy);
  const field = `${fields.prefix}${as}`;
  const value = requiredText(fields, as, 'Write it as text, in quotes: "0.92".');
  const rate = parseUsd(decimalText(value, field), field);
  if (rate <= 0n) throw invalid(field, `is ${show(value)}`, "Give a rate above zero.");
  const units = as === "units_per_usd" ? fraction(rate, one) : fraction(one, rate);
  return { units, stated: { as, value } };
}

/** `parseUsd` reads a decimal as a whole number of these. */
const one = 1_000_000_000_000n;

function checkRepeated(rates: readonly (ExchangeRate | undefined)[]): void {
  const seen = new Set<string>();
  for (const [index, rate] of rates.entries()) {
    if (!rate) continue;
    const { currency, from } = rate;
    const key = `${currency} ${from}`;
    if (seen.has(key))
      throw invalid(
        `${prefix}rates[${index}].from`,
        `has a second rate of ${currency} for a day`,
        "Give one rate for each day on which it changes.",
      );
    seen.add(key);
  }
}
