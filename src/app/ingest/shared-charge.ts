/** Splits a charge over the values of a dimension: a month of GPU hours over the teams. */

import type { Dimension } from "../../domain/attribution/attribution.ts";
import { unattributed } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import { formatUsd, parseUsd, type PicoUsd } from "../../domain/money/money.ts";
import { split } from "../../domain/money/split.ts";
import { countTokens } from "../../domain/usage/usage.ts";
import type { Principal } from "../caller/principal.ts";
import { chargeOfItem, itemAt, type ItemReport } from "../charge/item.ts";
import { chargeEndpoint, type Item } from "../../domain/price/text/item.ts";
import { fingerprint } from "../desk/fingerprint.ts";
import type { LedgerReader, Totals } from "../port/reader.ts";
import { simulator } from "../route/simulated.ts";
import { recordUsage, type IngestContext, type RowAnswer } from "./usage-batch.ts";
import type { UsageRow } from "./usage-row.ts";

/** What the parts are proportional to. */
export const waysToShare = ["even", "cost", "calls", "tokens"] as const;

export interface Sharing {
  readonly by: Dimension;
  readonly how: (typeof waysToShare)[number];
  /** The calls that count, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** A charge with an id, which is not recorded itself: its parts are. */
export interface ChargeToShare extends UsageRow {
  readonly id: string;
  readonly report: ItemReport;
}

export interface SharedPart {
  readonly value: string;
  readonly answer: RowAnswer;
}

/**
 * Records one charge per value; they add up to the whole. Charges are no use to share by, nor are
 * simulated calls and those without a value.
 *
 * A repeat records what is missing. If the figures have changed meanwhile, it is a conflict: no part
 * is recorded twice or differently.
 *
 * @throws PurserError `invalid_request` if there is no call to share by.
 */
export async function recordShared(
  context: IngestContext & { readonly reader: LedgerReader },
  { caller, charge }: { readonly caller: Principal; readonly charge: ChargeToShare },
  sharing: Sharing,
): Promise<readonly SharedPart[]> {
  const weights = await weightsOf(context.reader, sharing);
  const at = charge.at ?? context.clock.now();
  const { cost } = chargeOfItem(context, { at, route: charge }, charge.report);
  const priced = charge.report.amount === null ? itemAt(context, charge.model, at) : undefined;
  const rows = partsOf(charge, sharing, { weights, whole: cost.usd, ...(priced && { priced }) });
  // If the first part was recorded with other figures, none of the others may be.
  const [first] = await recordUsage(context, caller, rows.slice(0, 1));
  const isRefused = first === undefined || "error" in first;
  const others = isRefused ? [] : await recordUsage(context, caller, rows.slice(1));
  const answers = first === undefined ? others : [first, ...others];
  return answers.map((answer, index) => ({ value: weights[index]?.value ?? "", answer }));
}

interface Weight {
  readonly value: string;
  readonly weight: bigint;
}

async function weightsOf(
  reader: LedgerReader,
  { by, how, from, to }: Sharing,
): Promise<readonly Weight[]> {
  const filter = { from, to, exceptProvider: simulator, charged: true } as const;
  const totals = await reader.totals(filter, [by, "endpoint"], null);
  const weights = new Map<string, bigint>();
  for (const total of totals) {
    const value = total.group[by] ?? unattributed;
    const own = weightOf(total, how);
    if (value === unattributed || total.group["endpoint"] === chargeEndpoint || own === 0n)
      continue;
    weights.set(value, how === "even" ? 1n : (weights.get(value) ?? 0n) + own);
  }
  if (weights.size > 0)
    return [...weights]
      .map(([value, weight]) => ({ value, weight }))
      .toSorted((one, other) => (one.value < other.value ? -1 : 1));
  throw new PurserError(
    "invalid_request",
    `share: no ${by} had calls in this period to share the cost by`,
    {
      field: "share",
      remedy:
        "Check by, from and to; with `how` cost or tokens, only calls that cost something or used tokens count.",
    },
  );
}

function weightOf({ calls, cost, usage }: Totals, how: Sharing["how"]): bigint {
  if (how === "cost") return cost;
  return BigInt(how === "tokens" ? countTokens(usage) : calls);
}

interface Shares {
  readonly weights: readonly Weight[];
  readonly whole: PicoUsd;
  readonly priced?: Pick<Item, "unit" | "price">;
}

function partsOf(
  charge: ChargeToShare,
  { by, how, from, to }: Sharing,
  { weights, whole, priced }: Shares,
): readonly UsageRow[] {
  const shares = weights.map(({ weight }) => weight);
  const amounts = split(whole, shares);
  const { quantity } = charge.report;
  // A quantity has at most as many decimals as an amount of money.
  const quantities = quantity === null ? null : split(parseUsd(quantity, "quantity"), shares);
  const values = weights.map(({ value }) => value);
  const figures = fingerprint({ values, amounts });
  return amounts.map((amount, index) => {
    const value = values[index] ?? "";
    const share = {
      chargeId: charge.id,
      by,
      how,
      value,
      from,
      to,
      figures,
      ...(priced && { priced }),
    };
    const part = quantities?.[index];
    return {
      ...charge,
      id: `${charge.id}/${index + 1}`,
      report: {
        ...charge.report,
        quantity: part === undefined ? null : formatUsd(part),
        amount,
        share,
      },
      attribution: { ...charge.attribution, [by]: value },
    };
  });
}
