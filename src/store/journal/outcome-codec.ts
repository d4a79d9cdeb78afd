/**
 * Encodes the outcome of a call as a row body: counts, rate ids, and only the charge fields that do
 * not follow from them.
 */

import { assert } from "../../domain/assert.ts";
import {
  nothing,
  type CounterKey,
  type Outcome,
  type Quantities,
} from "../../domain/ledger/entry.ts";
import { multiply, pico } from "../../domain/money/money.ts";
import type { Charge, Rate } from "../../domain/price/row/rate.ts";
import {
  countTokens,
  type ModelUsage,
  type Usage,
  type UsageFlag,
} from "../../domain/usage/usage.ts";
import { loadInteger, storeInteger, type StoredInteger } from "./integer.ts";
import {
  chargedMeter,
  loadUsage,
  meterNumber,
  storeUsage,
  type StoredUsage,
} from "./meter-number.ts";
import type { NameIds, Names } from "./name.ts";
import { fillShape, type StoredRaw } from "./raw-usage.ts";

/**
 * A rate id alone if the line follows from the rate and the usage; with a meter number if the rate
 * is used for that meter. Otherwise rate id (0 for none), meter number, quantity, cost, and the
 * model unless it is that of the other lines.
 */
type StoredCharge =
  | number
  | readonly [rateId: number, meter: number]
  | readonly [rateId: number, meter: number, quantity: number, cost: StoredInteger, model?: string];

type StoredPart = readonly [model: number, usage: StoredUsage];

/** Present only if something is unusual. */
interface StoredExtras {
  /** Tokens and requests, if they are not all tokens of the usage and 1. */
  readonly q?: readonly [StoredInteger, StoredInteger];
  /** The model of the charge lines, as a name, if it is not the served one. */
  readonly m?: number;
  /** Usage by other models. */
  readonly u?: readonly StoredPart[];
  /** The provider's own figure. */
  readonly r?: StoredInteger;
  /** Our figure, if the provider's is charged. */
  readonly k?: StoredInteger;
  readonly f?: readonly UsageFlag[];
  /** Overruns. */
  readonly o?: readonly StoredInteger[];
  /** Settled late. */
  readonly l?: 1;
  /** Fingerprint of the request that settled. */
  readonly p?: string;
  /** Of a correction: the difference and the reason. */
  readonly d?: readonly StoredInteger[];
  readonly w?: string;
  /** Counters, if they are no longer those of the hold. */
  readonly c?: readonly number[];
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

/** Everything in a settle or correction entry except its outcome. */
export interface OutcomeDetails {
  readonly overruns: readonly bigint[];
  readonly late: boolean;
  readonly fingerprint: string | null;
  readonly difference: Quantities;
  readonly reason: string;
  readonly counters?: readonly CounterKey[];
}

export function encodeOutcome(outcome: Outcome & Partial<OutcomeDetails>, names: NameIds): string {
  const { usage, latencyMs } = outcome;
  const model = outcome.charges[0]?.model ?? outcome.model;
  const charges = outcome.charges.map((charge) => storeCharge(charge, { usage, model }, names));
  const version = names.text(outcome.priceVersion);
  const extras =
    model === outcome.model && isOrdinary(outcome)
      ? 0
      : storeExtras(outcome, { model: model === outcome.model ? undefined : model, names });
  return JSON.stringify([
    storeUsage(usage, names),
    charges,
    latencyMs,
    version,
    extras,
  ] satisfies StoredOutcome);
}

export function decodeOutcome(
  stored: StoredOutcome,
  row: { readonly cost: bigint; readonly status: Outcome["status"]; readonly model: string },
  names: Names,
): Outcome & OutcomeDetails {
  const [storedUsage, charges, latencyMs, priceVersion, extras, raw] = stored;
  const { m, q, u, r, c, k, f, o, l, p, d, w } = extras === 0 ? ({} as StoredExtras) : extras;
  const usage = loadUsage(storedUsage, names);
  const [tokens, requests] = q ? q.map(loadInteger) : [BigInt(countTokens(usage)), 1n];
  const model = m === undefined ? row.model : names.text(m);
  return {
    status: row.status,
    model: row.model,
    usage,
    ...(u && { parts: loadParts(u, names) }),
    charges: charges.map((charge) => loadCharge(charge, { usage, model }, names)),
    cost: { usd: pico(row.cost), tokens: tokens ?? 0n, requests: requests ?? 0n },
    reportedCost: r === undefined ? null : pico(loadInteger(r)),
    ...(k !== undefined && { computedCost: pico(loadInteger(k)) }),
    rawUsage: loadRaw(raw, names),
    flags: f ?? [],
    latencyMs,
    priceVersion: names.text(priceVersion),
    overruns: (o ?? []).map(loadInteger),
    late: l === 1,
    fingerprint: p ?? null,
    difference: d ? loadQuantities(d) : nothing,
    reason: w ?? "",
    ...(c && { counters: c.map((id) => names.counter(id)) }),
  };
}

function storeQuantities({ usd, tokens, requests }: Quantities): readonly StoredInteger[] {
  return [storeInteger(usd), storeInteger(tokens), storeInteger(requests)];
}

function loadQuantities([usd = 0, tokens = 0, requests = 0]: readonly StoredInteger[]): Quantities {
  return {
    usd: pico(loadInteger(usd)),
    tokens: loadInteger(tokens),
    requests: loadInteger(requests),
  };
}

/** The usage by each model of a call, from its journal body. */
export function allUsage([usage, , , , extras]: StoredOutcome): readonly StoredUsage[] {
  const parts = extras === 0 || extras === undefined ? [] : (extras.u ?? []);
  return parts.length === 0 ? [usage] : [usage, ...parts.map(([, part]) => part)];
}

function loadParts(stored: readonly StoredPart[], names: Names): readonly ModelUsage[] {
  return stored.map(([model, usage]) => ({
    model: names.text(model),
    usage: loadUsage(usage, names),
  }));
}

/** What the lines of a call have in common. */
interface ChargedCall {
  readonly usage: Usage;
  readonly model: string;
}

function storeCharge(charge: Charge, call: ChargedCall, names: NameIds): StoredCharge {
  const { meter, quantity, cost, model, rate } = charge;
  const rateId = rate ? names.rate(rate) : 0;
  const number = meterNumber(meter, names);
  if (rate && follows(charge, rate, call)) return meter === rate.meter ? rateId : [rateId, number];
  const line = [rateId, number, quantity, storeInteger(cost)] as const;
  return model === call.model ? line : [...line, model];
}

/** Whether quantity and cost follow from the call's usage at this rate. */
function follows({ meter, quantity, cost, model }: Charge, rate: Rate, call: ChargedCall): boolean {
  return (
    model === call.model &&
    quantity === countOf(meter, call.usage) &&
    cost === multiply(rate.perUnit, quantity)
  );
}

function loadCharge(stored: StoredCharge, call: ChargedCall, names: Names): Charge {
  const [rateId, number, quantity, cost, model] = typeof stored === "number" ? [stored] : stored;
  const rate = rateId === 0 ? undefined : names.rate(rateId);
  if (rate && (quantity === undefined || cost === undefined)) {
    const meter = number === undefined ? rate.meter : chargedMeter(number, names);
    const counted = countOf(meter, call.usage) ?? 0;
    return {
      model: call.model,
      meter,
      quantity: counted,
      cost: multiply(rate.perUnit, counted),
      rate,
    };
  }
  assert(
    number !== undefined && quantity !== undefined && cost !== undefined,
    "a line without a rate has all its fields",
  );
  const line = {
    model: model ?? call.model,
    meter: chargedMeter(number, names),
    quantity,
    cost: pico(loadInteger(cost)),
  };
  return rate ? { ...line, rate } : line;
}

/** Undefined for a line that is not a count of the usage. */
function countOf(meter: Charge["meter"], usage: Usage): number | undefined {
  return meter === "reported_cost" || meter === "hold" || meter === "correction"
    ? undefined
    : usage[meter];
}

/**
 * Whether all fields of `StoredExtras` would have their usual values, except the model of the
 * charge lines.
 */
function isOrdinary({
  cost,
  usage,
  parts,
  reportedCost,
  flags,
  overruns,
  late,
  fingerprint,
  difference,
  reason,
}: Outcome & Partial<OutcomeDetails>): boolean {
  return (
    parts === undefined &&
    reportedCost === null &&
    flags.length === 0 &&
    !late &&
    !fingerprint &&
    difference === undefined &&
    reason === undefined &&
    !overruns?.some(isSome) &&
    cost.requests === 1n &&
    cost.tokens === BigInt(countTokens(usage))
  );
}

function isSome(amount: bigint): boolean {
  return amount !== 0n;
}

interface ChargedModel {
  /** The model of the charge lines, if it is not the served one. */
  readonly model: string | undefined;
  readonly names: NameIds;
}

function storeExtras(
  outcome: Outcome & Partial<OutcomeDetails>,
  { model, names }: ChargedModel,
): StoredExtras {
  const {
    cost,
    usage,
    parts,
    reportedCost,
    computedCost,
    flags,
    overruns = [],
    late,
    fingerprint,
    difference,
    reason,
    counters,
  } = outcome;
  const counted = cost.requests === 1n && cost.tokens === BigInt(countTokens(usage));
  return {
    ...(model !== undefined && { m: names.text(model) }),
    ...(parts && {
      u: parts.map((part) => [names.text(part.model), storeUsage(part.usage, names)] as const),
    }),
    ...(!counted && { q: [storeInteger(cost.tokens), storeInteger(cost.requests)] as const }),
    ...(reportedCost !== null && { r: storeInteger(reportedCost) }),
    ...(computedCost !== undefined && { k: storeInteger(computedCost) }),
    ...(flags.length > 0 && { f: flags }),
    ...(overruns.some(isSome) && { o: overruns.map(storeInteger) }),
    ...(late && { l: 1 as const }),
    ...(fingerprint && { p: fingerprint }),
    ...(difference && { d: storeQuantities(difference) }),
    ...(reason !== undefined && { w: reason }),
    ...(counters && { c: counters.map((key) => names.counter(key)) }),
  };
}

function loadRaw(raw: StoredRaw | undefined, names: Names): string | null {
  if (raw === undefined) return null;
  if (typeof raw === "string") return raw;
  const [shapeId, ...numbers] = raw;
  return fillShape(names.shape(Number(shapeId)), numbers);
}
