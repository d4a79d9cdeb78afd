/**
 * Reads a provider's bill: the costs of OpenAI, the cost report of Anthropic, and the activity of
 * OpenRouter, as their APIs answer (read 2026-11).
 */

import { invalid, isObject, show } from "../input/fields.ts";
import { nearest } from "../input/nearest.ts";
import { parseInstant } from "../input/scalar.ts";
import { shorten } from "../input/shorten.ts";
import { parseUsd, pico, type PicoUsd } from "../money/money.ts";

/** An amount of one day. */
export interface BillLine {
  /** Midnight UTC, in milliseconds since the epoch. */
  readonly day: number;
  /** Null if the bill does not name a model. */
  readonly model: string | null;
  /**
   * Whether `model` may be something else: a line item without a kind, such as `file storage`. It is
   * a model if the ledger has it.
   */
  readonly isGuess?: true;
  readonly amount: PicoUsd;
  /** Null if the bill does not count them. */
  readonly calls: number | null;
}

export interface Bill {
  readonly format: "openai" | "anthropic" | "openrouter";
  /** Midnight UTC. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly lines: readonly BillLine[];
}

export const dayMs = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

interface Item {
  readonly fields: Fields;
  /** Its path in the bill, such as `bill.data[0]`. */
  readonly field: string;
}

const remedy =
  "Give the JSON of OpenAI's /v1/organization/costs, Anthropic's /v1/organizations/cost_report or OpenRouter's /api/v1/activity, or OpenRouter's activity as CSV.";

/** @throws PurserError `invalid_request` for an unknown format, another currency, or pages left out. */
export function readBill(input: unknown): Bill {
  const body = typeof input === "string" ? { data: readCsv(input) } : input;
  if (!isObject(body)) throw invalid("bill", `must be an object, not ${show(input)}`, remedy);
  if (body["has_more"] === true)
    throw invalid(
      "bill.has_more",
      "is true: pages are missing",
      "Read all pages, and put their `data` into one bill.",
    );
  const items = itemsIn({ fields: body, field: "bill" }, "data");
  const [first] = items;
  if (!first) throw invalid("bill.data", "is empty", remedy);
  if ("start_time" in first.fields) return billOf("openai", items.flatMap(readOpenai), items);
  if ("starting_at" in first.fields)
    return billOf("anthropic", items.flatMap(readAnthropic), items);
  if ("date" in first.fields) return billOf("openrouter", items.map(readOpenrouter), items);
  throw invalid(first.field, "is not of a known bill", remedy);
}

// oxlint-disable-next-line max-params -- a format, and what was read in it
function billOf(format: Bill["format"], lines: readonly BillLine[], items: readonly Item[]): Bill {
  const days = items.map(dayOf);
  return { format, from: Math.min(...days), to: Math.max(...days) + dayMs, lines };
}

/** Buckets of a day, with an amount in dollars for each line item, such as `gpt-5, input`. */
function readOpenai(bucket: Item): readonly BillLine[] {
  return itemsIn(bucket, "results").map((result) => {
    const { amount, line_item: name } = result.fields;
    const field = `${result.field}.amount`;
    if (!isObject(amount)) throw invalid(field, "must be an object", remedy);
    checkCurrency(amount["currency"], `${field}.currency`);
    const usd = usdOf(amount["value"], `${field}.value`);
    return { day: dayOf(bucket), ...modelIn(name), amount: usd, calls: null };
  });
}

/** `gpt-5, input` and `web search tool calls | gpt-5` name a model; other line items may be one. */
function modelIn(name: unknown): Pick<BillLine, "model" | "isGuess"> {
  if (typeof name !== "string") return { model: null };
  const [, after] = name.split("|");
  if (after !== undefined) return { model: (after.split(",")[0] ?? after).trim() };
  const [model = name, kind] = name.split(",");
  return kind === undefined ? { model: model.trim(), isGuess: true } : { model: model.trim() };
}

/** Buckets of a day, with amounts in cents. */
function readAnthropic(bucket: Item): readonly BillLine[] {
  return itemsIn(bucket, "results").map(({ fields, field }) => {
    checkCurrency(fields["currency"], `${field}.currency`);
    const { model } = fields;
    return {
      day: dayOf(bucket),
      model: typeof model === "string" ? model : null,
      amount: pico(usdOf(fields["amount"], `${field}.amount`) / 100n),
      calls: null,
    };
  });
}

/** A row for each day, model and endpoint. */
function readOpenrouter(item: Item): BillLine {
  const { fields, field } = item;
  const { model, requests } = fields;
  if (fields["currency"] !== undefined) checkCurrency(fields["currency"], `${field}.currency`);
  const calls = requests === undefined || requests === "" ? null : Number(requests);
  if (calls !== null && !Number.isSafeInteger(calls))
    throw invalid(`${field}.requests`, `must be a whole number, not ${show(requests)}`, remedy);
  return {
    day: dayOf(item),
    model: typeof model === "string" && model !== "" ? model : null,
    amount: usdOf(fields["usage"], `${field}.usage`),
    calls,
  };
}

function dayOf({ fields, field }: Item): number {
  const { start_time: seconds, starting_at: instant, date } = fields;
  if (seconds !== undefined) {
    if (!Number.isSafeInteger(seconds))
      throw invalid(`${field}.start_time`, `must be in seconds, not ${show(seconds)}`, remedy);
    return Math.floor((Number(seconds) * 1000) / dayMs) * dayMs;
  }
  const name = instant === undefined ? "date" : "starting_at";
  const text = instant ?? (typeof date === "string" ? date.slice(0, 10) : date);
  return Math.floor(parseInstant(text, `${field}.${name}`) / dayMs) * dayMs;
}

function checkCurrency(currency: unknown, field: string): void {
  if (typeof currency === "string" && currency.toUpperCase() === "USD") return;
  throw invalid(
    field,
    `must be USD, not ${show(currency)}`,
    "The ledger is in USD: give a bill in USD.",
  );
}

/** Floats are rounded to the pico-dollar. */
function usdOf(value: unknown, field: string): PicoUsd {
  const isNumber = typeof value === "number" || /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(String(value));
  if (!isNumber || Math.abs(Number(value)) > mostUsd)
    throw invalid(field, `must be an amount, not ${show(value)}`, remedy);
  const text = String(value);
  const isPlain = /^-?\d+(?:\.\d{1,12})?$/.test(text);
  return parseUsd(isPlain ? text : Number(value).toFixed(12), field);
}

const mostUsd = 1e12;

function itemsIn({ fields, field }: Item, name: string): readonly Item[] {
  const list = fields[name];
  const path = `${field}.${name}`;
  if (!Array.isArray(list)) throw invalid(path, `must be a list, not ${show(list)}`, remedy);
  return list.map((one: unknown, index) => {
    if (!isObject(one)) throw invalid(`${path}[${index}]`, "must be an object", remedy);
    return { fields: one, field: `${path}[${index}]` };
  });
}

/** Records by the names in the first line (RFC 4180). */
function readCsv(text: string): readonly Fields[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g,
  )) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  const [first = [], ...records] = rows;
  const header = first.map((name) => name.trim().toLowerCase());
  checkHeader(header);
  if (records.length === 0)
    throw invalid("bill", "has no rows below its header", "Give the whole file.");
  return records.map((cells) =>
    Object.fromEntries(header.map((name, place) => [name, cells[place]])),
  );
}

const columns = ["date", "model", "usage", "requests"] as const;
const needed: readonly string[] = ["date", "usage"];

/** Other columns may have any name: exports have many. */
function checkHeader(header: readonly string[]): void {
  const missing = columns.filter((name) => !header.includes(name));
  if (missing.includes("usage") && header.some((one) => one.includes(";")))
    throw invalid(
      "bill",
      "has semicolons between its columns",
      "Give CSV with commas, and amounts with a decimal point.",
    );
  for (const name of missing) {
    const near = header.find((one) => nearest(one, [name]) !== undefined);
    if (near !== undefined)
      throw invalid(
        "bill",
        `has an unknown column "${shorten(near, 40)}"`,
        `Did you mean ${name}?`,
      );
  }
  const [lacks, other] = missing.filter((name) => needed.includes(name));
  if (lacks === undefined) return;
  const problem = other === undefined ? `has no column "${lacks}"` : "is not of a known format";
  throw invalid("bill", problem, remedy);
}
