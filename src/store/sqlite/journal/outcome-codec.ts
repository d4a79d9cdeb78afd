/** What a call cost, as the body of a journal row: counts and rate ids, and of the charge lines only what does not follow from them. */

import { nothing, type Outcome, type Quantities } from "../../../domain/ledger/entry.ts";
import { multiply, pico } from "../../../domain/money/money.ts";
import type { Charge, Rate } from "../../../domain/price/rate.ts";
import { countTokens, meters, type Meter, type Usage, type UsageFlag } from "../../../domain/usage/usage.ts";
import { loadInteger, storeInteger, type StoredInteger } from "./integer.ts";
import type { NameReader } from "./name-reader.ts";
import type { NameWriter } from "./name-writer.ts";
import { fillShape, type StoredRaw } from "./raw-usage.ts";

/** Meter numbers and counts by turns. */
type StoredUsage = readonly number[];

/**
 * A rate id alone: the line follows from the rate, the usage and the model served.
 * Else rate id (0 for none), meter number, quantity, cost, and the model unless it is the one served.
 */
type StoredCharge = number | readonly [rateId: number, meter: number, quantity: number, cost: StoredInteger, model?: string];

/** Stands only when something is out of the ordinary. */
interface StoredExtras {
  /** Tokens and requests, where they are not all tokens of the usage and 1. */
  readonly q?: readonly [StoredInteger, StoredInteger];
  /** The provider's own figure. */
  readonly r?: StoredInteger;
  readonly f?: readonly UsageFlag[];
  /** Overruns. */
  readonly o?: readonly StoredInteger[];
  /** Settled late. */
  readonly l?: 1;
  /** Fingerprint of the request that settled. */
  readonly p?: string;
  /** Of a correction: the difference, and why. */
  readonly d?: readonly StoredInteger[];
  readonly w?: string;
}

/** The writer appends the raw usage, since it knows the shapes. */
export type StoredOutcome = readonly [
  usage: StoredUsage,
  charges: readonly StoredCharge[],
  latencyMs: number,
  priceVersion: number,
  extras: StoredExtras | 0,
  raw?: StoredRaw,
];

/** All that a settle or correction entry says besides its outcome. */
export interface OutcomeDetails {
  readonly overruns: readonly bigint[];
  readonly late: boolean;
  readonly fingerprint: string | null;
  readonly difference: Quantities;
  readonly reason: string;
}

const reportedCost = meters.length;
const reasoning = meters.length + 1;
const meterNumbers: ReadonlyMap<string, number> = new Map(
  [...meters, "reported_cost", "reasoning"].map((meter, number) => [meter, number]),
);

export function encodeOutcome(outcome: Outcome & Partial<OutcomeDetails>, names: NameWriter): string {
  const stored: StoredOutcome = [
    storeUsage(outcome.usage),
    outcome.charges.map((charge) => storeCharge(charge, outcome, names)),
    outcome.latencyMs,
    names.text(outcome.priceVersion),
    storeExtras(outcome),
  ];
  return JSON.stringify(stored);
}

export function decodeOutcome(
  stored: StoredOutcome,
  row: { readonly cost: bigint; readonly status: Outcome["status"]; readonly model: string },
  names: NameReader,
): Outcome & OutcomeDetails {
  const [storedUsage, charges, latencyMs, priceVersion, extras, raw] = stored;
  const { q, r, f, o, l, p, d, w } = extras === 0 ? ({} as StoredExtras) : extras;
  const usage = loadUsage(storedUsage);
  const [tokens, requests] = q ? q.map(loadInteger) : [BigInt(countTokens(usage)), 1n];
  return {
    status: row.status,
    model: row.model,
    usage,
    charges: charges.map((charge) => loadCharge(charge, { usage, model: row.model }, names)),
    cost: { usd: pico(row.cost), tokens: tokens ?? 0n, requests: requests ?? 0n },
    reportedCost: r === undefined ? null : pico(loadInteger(r)),
    rawUsage: loadRaw(raw, names),
    flags: f ?? [],
    latencyMs,
    priceVersion: names.text(priceVersion),
    overruns: (o ?? []).map(loadInteger),
    late: l === 1,
    fingerprint: p ?? null,
    difference: d ? loadQuantities(d) : nothing,
    reason: w ?? "",
  };
}

export function storeQuantities({ usd, tokens, requests }: Quantities): readonly StoredInteger[] {
  return [storeInteger(usd), storeInteger(tokens), storeInteger(requests)];
}

export function loadQuantities([usd = 0, tokens = 0, requests = 0]: readonly StoredInteger[]): Quantities {
  return { usd: pico(loadInteger(usd)), tokens: loadInteger(tokens), requests: loadInteger(requests) };
}

export function loadUsage(stored: StoredUsage): Usage {
  const usage: { [meter in Meter | "reasoning"]?: number } = {};
  for (let at = 0; at + 1 < stored.length; at += 2) {
    const number = stored[at] ?? 0;
    const meter = number === reasoning ? "reasoning" : meters[number];
    if (meter) usage[meter] = stored[at + 1] ?? 0;
  }
  return usage;
}

function storeUsage(usage: Usage): StoredUsage {
  const stored: number[] = [];
  for (const meter in usage) {
    const number = meterNumbers.get(meter);
    const count = usage[meter as Meter];
    if (number !== undefined && count !== undefined) stored.push(number, count);
  }
  return stored;
}

function storeCharge(charge: Charge, { usage, model }: Outcome, names: NameWriter): StoredCharge {
  const rateId = charge.rate ? names.rate(charge.rate) : 0;
  if (charge.rate && follows(charge, charge.rate, { usage, model })) return rateId;
  const meter = meterNumbers.get(charge.meter) ?? reportedCost;
  const { quantity, cost } = charge;
  return charge.model === model
    ? [rateId, meter, quantity, storeInteger(cost)]
    : [rateId, meter, quantity, storeInteger(cost), charge.model];
}

function follows({ meter, quantity, cost, model }: Charge, rate: Rate, call: { readonly usage: Usage; readonly model: string }): boolean {
  if (meter !== rate.meter || model !== call.model || quantity !== call.usage[rate.meter]) return false;
  return cost === multiply(rate.perUnit, quantity);
}

function loadCharge(stored: StoredCharge, call: { readonly usage: Usage; readonly model: string }, names: NameReader): Charge {
  if (typeof stored === "number") {
    const rate = names.rate(stored);
    const quantity = call.usage[rate.meter] ?? 0;
    return { model: call.model, meter: rate.meter, quantity, cost: multiply(rate.perUnit, quantity), rate };
  }
  const [rateId, number, quantity, cost, model = call.model] = stored;
  const line = { model, meter: meters[number] ?? ("reported_cost" as const), quantity, cost: pico(loadInteger(cost)) };
  return rateId === 0 ? line : { ...line, rate: names.rate(rateId) };
}

function storeExtras(outcome: Outcome & Partial<OutcomeDetails>): StoredExtras | 0 {
  const { cost, usage, reportedCost, flags, overruns = [], late, fingerprint, difference, reason } = outcome;
  const ordinary = cost.requests === 1n && cost.tokens === BigInt(countTokens(usage));
  const extras: StoredExtras = {
    ...(!ordinary && { q: [storeInteger(cost.tokens), storeInteger(cost.requests)] as const }),
    ...(reportedCost !== null && { r: storeInteger(reportedCost) }),
    ...(flags.length > 0 && { f: flags }),
    ...(overruns.some((overrun) => overrun !== 0n) && { o: overruns.map(storeInteger) }),
    ...(late && { l: 1 as const }),
    ...(fingerprint && { p: fingerprint }),
    ...(difference && { d: storeQuantities(difference) }),
    ...(reason !== undefined && { w: reason }),
  };
  return Object.keys(extras).length === 0 ? 0 : extras;
}

function loadRaw(raw: StoredRaw | undefined, names: NameReader): string | null {
  if (raw === undefined) return null;
  if (typeof raw === "string") return raw;
  const [shapeId, ...numbers] = raw;
  return fillShape(names.shape(Number(shapeId)), numbers);
}
