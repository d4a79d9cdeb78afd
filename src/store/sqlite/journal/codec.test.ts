/** Encoding an entry as a row and decoding it returns the same entry. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { PurserError } from "../../../domain/error.ts";
import type {
  CorrectionEntry,
  Entry,
  HoldEntry,
  SettleEntry,
} from "../../../domain/ledger/entry.ts";
import { aBudget } from "../../../domain/ledger/desk.test-kit.ts";
import { pico, zero } from "../../../domain/money/money.ts";
import type { Charge } from "../../../domain/price/row/rate.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import { fixedMeters, type UsageFlag } from "../../../domain/usage/usage.ts";
import { attribution, rates, route, start, usd } from "../../conformance/fixture.ts";
import { decodeEntry } from "../../journal/decode.ts";
import { encodeEntry } from "../../journal/encode.ts";
import { NameReader } from "./name-reader.ts";
import { nameWidth, NameWriter } from "./name-writer.ts";

const call = { operationId: "op", attempt: 2 };

/** Encodes an entry, writes its names as the writer does, and decodes it. */
function roundTrip(entry: Entry): Entry {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE TABLE name (name_id INTEGER PRIMARY KEY, seq, kind, digest, text); CREATE TABLE shape (shape_id INTEGER PRIMARY KEY, text)",
  );
  const names = new NameWriter(database);
  const callOf = () => ({
    ...call,
    call: 1,
    route,
    attributionId: names.attribution(attribution),
    routeId: names.route(route, null),
  });
  const { raw, ...row } = encodeEntry(entry, 7, { names, callOf });
  const defined = names.takeDefined(Number.MAX_SAFE_INTEGER);
  const insert = database.prepare("INSERT INTO name VALUES (?, ?, ?, ?, ?)");
  for (let place = 0; place < defined.length; place += nameWidth)
    insert.run(...defined.slice(place, place + nameWidth));
  const body = raw === null ? row.body : `${row.body.slice(0, -1)},${JSON.stringify(raw)}]`;
  return decodeEntry({ ...row, body }, { names: new NameReader(database), callOf: () => call });
}

/** fast-check also makes objects without a prototype, which no reader returns. */
const plain = { noNullPrototype: true } as const;

const money = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(pico);
const count = fc.nat({ max: 2 ** 40 });
const quantities = fc.record(
  {
    usd: money,
    tokens: fc.bigInt({ min: 0n, max: 1n << 70n }),
    requests: fc.bigInt({ min: 0n, max: 5n }),
  },
  plain,
);
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const hex = fc.option(fc.constant("ab".repeat(32)));

const counter = fc.record(
  {
    budgetId: text,
    value: text,
    windowStart: count,
    windowEnd: fc.option(count),
    currency: fc.constantFrom("USD" as const, "tokens" as const, "requests" as const),
  },
  plain,
);

const openMeters = ["tool:ocr", "tool:Ocr.2-x", "pages"].map(openMeter);
const usage = fc.dictionary(
  fc.constantFrom(...fixedMeters, "reasoning", ...openMeters),
  count,
  plain,
);

const charge: fc.Arbitrary<Charge> = fc
  .record({
    model: fc.constantFrom("served", "other"),
    meter: fc.constantFrom(
      ...fixedMeters,
      ...openMeters,
      "reasoning" as const,
      "reported_cost" as const,
      "hold" as const,
    ),
    quantity: count,
    cost: money,
    rate: fc.option(fc.constantFrom(...rates)),
  })
  .map(({ rate, ...line }) => (rate ? { ...line, rate } : line));

const plainOutcome = fc.record({
  status: fc.constantFrom("settled" as const, "estimated" as const, "unresolved" as const),
  model: fc.constantFrom("served", ""),
  usage,
  charges: fc.array(charge, { maxLength: 4 }),
  cost: quantities,
  reportedCost: fc.option(money),
  rawUsage: fc.option(text),
  flags: fc.array(fc.constantFrom<UsageFlag>("aborted", "cost_differs", "usage_implausible"), {
    maxLength: 2,
  }),
  latencyMs: fc.nat(),
  priceVersion: text,
});

const part = fc.record({ model: fc.constantFrom("served", "other", "advisor"), usage }, plain);

const outcome = fc
  .tuple(plainOutcome, fc.option(money), fc.option(fc.array(part, { minLength: 1, maxLength: 3 })))
  .map(([known, computedCost, parts]) => ({
    ...known,
    ...(computedCost !== null && { reportedCost: known.cost.usd, computedCost }),
    ...(parts && { parts }),
  }));

test("a hold survives the round trip", () => {
  const entries = fc.record({
    at: count,
    amount: quantities,
    counters: fc.array(counter, { maxLength: 5 }),
    expiresAt: fc.option(count),
    fingerprint: hex,
  });
  const property = fc.property(entries, (fields) => {
    const entry: HoldEntry = { kind: "hold", ...call, attribution, route, ...fields };
    assert.deepEqual(roundTrip(entry), entry);
  });
  fc.assert(property);
});

test("a settlement survives the round trip", () => {
  const entries = fc.record({
    at: count,
    overrun: fc.bigInt({ min: 1n, max: 1n << 70n }),
    late: fc.boolean(),
    fingerprint: hex,
  });
  const property = fc.property(entries, outcome, ({ overrun, ...fields }, result) => {
    const entry: SettleEntry = {
      kind: "settle",
      ...call,
      ...result,
      ...fields,
      overruns: [0n, overrun],
    };
    assert.deepEqual(roundTrip(entry), entry);
  });
  fc.assert(property);
});

test("a correction with a negative difference survives the round trip", () => {
  const property = fc.property(outcome, hex, text, (result, fingerprint, reason) => {
    const difference = { usd: pico(-5n), tokens: -(1n << 70n), requests: 0n };
    const entry: CorrectionEntry = {
      kind: "correction",
      at: start,
      ...call,
      ...result,
      fingerprint,
      difference,
      overruns: [0n, 7n],
      reason,
    };
    assert.deepEqual(roundTrip(entry), entry);
  });
  fc.assert(property);
});

test("the other entries survive the round trip", () => {
  const budget = aBudget({ budgetId: "b", amount: 1n << 70n });
  const key = {
    budgetId: "b",
    value: "",
    windowStart: 0,
    windowEnd: null,
    currency: "USD",
  } as const;
  const price = {
    row: { provider: "p", model: "m*", input: "0.15", output: "0.6" },
    source: "api",
  } as const;
  const entries: readonly Entry[] = [
    { kind: "top_up", at: start, ...call, amount: { usd: usd(1), tokens: 3n, requests: 0n } },
    {
      kind: "top_up",
      at: start,
      ...call,
      amount: { usd: usd(1), tokens: 3n, requests: 0n },
      closing: ["b", "c"],
    },
    ...[[], ["b", "c"]].map((budgets): HoldEntry => ({
      kind: "hold",
      at: start,
      ...call,
      attribution: {},
      route,
      amount: { usd: usd(1), tokens: 3n, requests: 1n },
      counters: [key],
      expiresAt: null,
      fingerprint: null,
      closing: { run: 'session:"s"', budgets },
    })),
    { kind: "move", at: start, ...call, counters: [key, { ...key, value: "v" }] },
    {
      kind: "budget",
      at: start,
      budget: { ...budget, reserveForClosing: 1n << 69n, asks: { timeoutMs: 60_000 } },
      deleted: false,
      recounts: [],
    },
    { kind: "budget", at: start, budget, deleted: true, recounts: [] },
    {
      kind: "budget",
      at: start,
      budget,
      deleted: false,
      recounts: [
        {
          budgetId: "b",
          from: start,
          counters: [
            { key, spent: 1n << 70n },
            { key: { ...key, windowStart: 1 }, spent: 0n },
          ],
        },
      ],
    },
    { ...settleOf([]), late: true, counters: [key] },
    { kind: "release", at: start, ...call, reason: 'no "answer"' },
    { kind: "expire", at: start, ...call },
    {
      kind: "threshold",
      at: start,
      counter: key,
      partsPerMillion: 800_000,
      spent: 1n << 70n,
      limit: 5n,
    },
    {
      kind: "refusal",
      at: start,
      operationId: "op",
      attribution: {},
      route,
      reason: "budget_held",
      budgetId: null,
      needed: 1n << 70n,
    },
    { kind: "budget_pause", at: start, budgetId: "b", value: null, by: "admin", reason: "r" },
    {
      kind: "budget_resume",
      at: start,
      budgetId: "b",
      value: "v",
      by: "key_1",
      reason: null,
      lifted: [{ counter: key, thresholds: [800_000] }],
    },
    {
      kind: "budget_extension",
      at: start,
      counter: key,
      amount: 1n << 70n,
      by: "admin",
      reason: null,
    },
    {
      kind: "budget_ask",
      at: start,
      counter: key,
      needed: 1n << 70n,
      available: -5n,
      until: start + 1,
    },
    { kind: "budget_decline", at: start, counter: key, by: "k", reason: "r", until: start + 1 },
    { kind: "price", at: start, price },
    {
      kind: "price_update",
      at: start,
      update: {
        updateId: "u",
        source: "litellm",
        version: "1",
        sha256: "ab",
        from: "file",
        rows: [price.row],
      },
    },
    { kind: "price_removal", at: start, priceId: "price_1" },
    { kind: "price_revert", at: start, updateId: "u" },
    {
      kind: "epoch",
      at: start,
      epoch: { epochId: "epoch-1", name: null, attribution, by: "admin", note: "n" },
    },
    { kind: "export_done", at: start, run },
    { kind: "export_failed", at: start, run: { ...run, bytes: 0, error: "no folder" } },
  ];
  for (const entry of entries) assert.deepEqual(roundTrip(entry), entry);
});

const run = {
  schedule: "finance",
  from: start,
  to: start + 1,
  attempt: 2,
  file: "purser-finance.csv",
  bytes: 10,
  error: null,
};

test("a charge line that follows from its rate and the usage is stored as one number", () => {
  const [rate] = rates;
  assert.ok(rate);
  const line = {
    model: "m",
    meter: rate.meter,
    quantity: 10,
    cost: pico(rate.perUnit * 10n),
    rate,
  };
  const entry = { ...settleOf([line]), cost: { usd: line.cost, tokens: 10n, requests: 1n } };
  assert.match(bodyOf(entry), /^\[\[0,10\],\[\d+\],5,\d+,0\]$/);
});

test("an amount too large for its column is refused before anything changes", () => {
  const amount = { usd: pico(1n << 63n), tokens: 0n, requests: 0n };
  const entry: HoldEntry = {
    kind: "hold",
    at: start,
    ...call,
    attribution,
    route,
    amount,
    counters: [],
    expiresAt: null,
    fingerprint: null,
  };
  assert.throws(
    () => roundTrip(entry),
    (error) => error instanceof PurserError && error.code === "invalid_request",
  );
  assert.deepEqual(roundTrip({ ...entry, amount: { ...amount, usd: zero } }), {
    ...entry,
    amount: { ...amount, usd: zero },
  });
});

test("a rate used for another meter, and a model other than the served one, survive the round trip", () => {
  const [rate] = rates;
  assert.ok(rate);
  const line = {
    model: "asked",
    meter: "cache_read",
    quantity: 10,
    cost: pico(rate.perUnit * 10n),
    rate,
  } as const;
  const entry = {
    ...settleOf([line, { ...line, meter: "reported_cost" }, { ...line, model: "third" }]),
    usage: { cache_read: 10 },
  };
  assert.deepEqual(roundTrip(entry), entry);
});

function settleOf(charges: readonly Charge[]): SettleEntry {
  return {
    kind: "settle",
    at: start,
    ...call,
    status: "settled",
    model: "m",
    usage: { input: 10 },
    charges,
    cost: { usd: usd(1), tokens: 10n, requests: 1n },
    reportedCost: null,
    rawUsage: null,
    flags: [],
    latencyMs: 5,
    priceVersion: "v",
    overruns: [],
    late: false,
    fingerprint: null,
  };
}

test("meters keep their stored numbers", () => {
  const entry = {
    ...settleOf([]),
    usage: Object.fromEntries(fixedMeters.map((meter, number) => [meter, number + 1])),
  };
  assert.match(
    bodyOf(entry),
    /^\[\[0,1,1,2,2,3,3,4,4,5,5,6,6,7,7,8,8,9,9,10,10,11,11,12,12,13,13,14/,
  );
  assert.equal(
    fixedMeters.join(" "),
    "input cache_read cache_write_5m cache_write_1h output input_audio cache_read_audio output_audio input_image output_image web_search file_search code_execution request maps_grounding",
  );
});

test("a charge for reasoning follows from the usage, like that of a meter", () => {
  const [any] = rates;
  assert.ok(any);
  const rate = { ...any, meter: "reasoning" as const };
  const cost = pico(rate.perUnit * 3n);
  const charges = [{ model: "m", meter: "reasoning" as const, quantity: 3, cost, rate }];
  const entry = { ...settleOf(charges), usage: { input: 10, output: 5, reasoning: 3 } };
  assert.match(bodyOf(entry), /^\[\[0,10,4,5,102,3\],\[\d\],/);
  assert.deepEqual(roundTrip(entry), entry);
});

test("the name of an open meter is stored once, and its counts by number", () => {
  const [ocr] = openMeters;
  assert.ok(ocr);
  const [line] = rates.map((rate) => ({ ...rate, meter: ocr }));
  assert.ok(line);
  const usage = { input: 10, [ocr]: 3 };
  const cost = pico(line.perUnit * 3n);
  const charges = [{ model: "m", meter: ocr, quantity: 3, cost, rate: line }];
  const entry = { ...settleOf(charges), usage };
  assert.match(bodyOf(entry), /^\[\[0,10,100\d,3\],\[\d\],5,\d,/);
  assert.deepEqual(roundTrip(entry), entry);
});

function bodyOf(entry: Entry): string {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE name (name_id INTEGER PRIMARY KEY, seq, kind, digest, text)");
  const names = new NameWriter(database);
  return encodeEntry(entry, 1, {
    names,
    callOf: () => ({ ...call, call: 1, route, attributionId: 1, routeId: 2 }),
  }).body;
}
