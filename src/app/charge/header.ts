/** Charges what a call's `x-purser-charge` header says was used for it: `sandbox=1.5, search=2`. */

import { createHash } from "node:crypto";
import type { Caller, Headers } from "../caller/identify.ts";
import { announceChange, type Audience } from "../hold/announce.ts";
import type { CallToHold } from "../hold/hold.ts";
import { simulator } from "../route/simulated.ts";
import { announceEnd, type EndAudience } from "../settle/announce-end.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { PurserError } from "../../domain/error.ts";
import type { RecordCommand, SettleAnswer } from "../../domain/ledger/command.ts";
import type { CallId, Outcome, Quantities } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import { add, zero, type PicoUsd } from "../../domain/money/money.ts";
import { chargeEndpoint, itemProviders } from "../../domain/price/text/item.ts";
import {
  chargeOfItem,
  costOfItem,
  itemAt,
  readQuantity,
  type ItemPrices,
  type ItemReport,
  type PricedItem,
} from "./item.ts";
import { isLimited, mayCall, type Key } from "../../domain/key/key.ts";

export interface HeaderCharge {
  /** With its price when the call came. */
  readonly item: PricedItem;
  readonly quantity: string;
}

export const chargeHeader = "x-purser-charge";

const mostCharges = 20;

const none: readonly HeaderCharge[] = [];

/**
 * @throws PurserError `invalid_request` for an unknown item or an invalid quantity, `forbidden` for an
 *   item that the key may not use.
 */
export function readChargeHeader(
  context: ItemPrices,
  { [chargeHeader]: value }: Headers,
  { at, caller: { key } }: { readonly at: number; readonly caller: Pick<Caller, "key"> },
): readonly HeaderCharge[] {
  if (value === undefined) return none;
  const parts = String(value).split(",");
  const charges = parts.map((part) => readPart(context, part.trim(), at));
  for (const {
    item: { itemId: model, kind },
  } of charges)
    if (key && !mayCall(key, { provider: itemProviders[kind], model })) throw mayNot(model);
  const isRepeated = new Set(charges.map(({ item }) => item.itemId)).size < charges.length;
  if (isRepeated || charges.length > mostCharges)
    throw new PurserError(
      "invalid_request",
      `${chargeHeader}: ${isRepeated ? "names an item twice" : "names too many items"}`,
      {
        field: chargeHeader,
        remedy: `Name up to ${mostCharges} items, each once with its quantity.`,
      },
    );
  return charges;
}

function mayNot(itemId: string): PurserError {
  return new PurserError("forbidden", `${chargeHeader}: this key may not use ${itemId}`, {
    field: chargeHeader,
    remedy: "Use an item that the key allows, or another key.",
  });
}

function readPart(context: ItemPrices, part: string, at: number): HeaderCharge {
  const [, itemId, quantity = "1"] = /^([^=\s]+)(?:\s*=\s*(\S+))?$/.exec(part) ?? [];
  try {
    if (itemId === undefined) throw notItems();
    const charge = {
      item: itemAt(context, itemId, at),
      quantity: readQuantity(quantity, chargeHeader),
    };
    costOf(charge);
    return charge;
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    throw new PurserError(error.code, error.message.replace(/^item_id/, chargeHeader), {
      ...error.detail,
      field: chargeHeader,
    });
  }
}

function costOf({ item, quantity }: HeaderCharge): PicoUsd {
  return costOfItem(item, quantity);
}

/** What is held for charges with their call; undefined for none. */
export function toHoldFor(charges: readonly HeaderCharge[]): Quantities | undefined {
  if (charges.length === 0) return undefined;
  const usd = charges.reduce((sum, charge) => add(sum, costOf(charge)), zero);
  return { usd, tokens: 0n, requests: BigInt(charges.length) };
}

function notItems(): PurserError {
  return new PurserError("invalid_request", `${chargeHeader}: is not a list of items`, {
    field: chargeHeader,
    remedy: "Write ITEM=QUANTITY, separated by commas, such as `sandbox=1.5, search=2`.",
  });
}

export interface ChargedCall {
  readonly held: CallId;
  readonly of: Pick<CallToHold, "attribution" | "route" | "budgets">;
  readonly key: Key | null;
}

export interface HeaderContext extends ItemPrices, Audience, EndAudience {
  readonly observer: Audience["observer"] & EndAudience["observer"];
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Whether simulated money is kept apart: what simulated calls use is simulated, too. */
  readonly simulatedApart?: boolean;
}

/**
 * Records the charges of a call that is admitted, before it is forwarded: whatever becomes of the
 * call or of this process then, they are charged, and once for all attempts of an operation. Their
 * cost was held with the call ({@link toHoldFor}).
 *
 * @throws PurserError `conflict` if an attempt names other quantities, `forbidden` for a cost above
 *   what a budget of the charges alone has left.
 */
export async function chargeWithCall(
  context: HeaderContext,
  call: ChargedCall,
  charges: readonly HeaderCharge[],
): Promise<void> {
  if (charges.length === 0) return;
  const recorded = charges.map((charge) => record(context, call, charge));
  await Promise.allSettled(recorded);
  await Promise.all(recorded);
}

async function record(
  context: HeaderContext,
  { held, of, key }: ChargedCall,
  { item, quantity }: HeaderCharge,
): Promise<void> {
  const { itemId, kind } = item;
  const at = context.clock.now();
  const requestId = idOfOperation(held.operationId);
  const keyId = key?.keyId ?? null;
  const isSimulated = context.simulatedApart === true && of.route.provider === simulator;
  const provider = isSimulated ? simulator : itemProviders[kind];
  const route = { provider, model: itemId, endpoint: chargeEndpoint, keyId };
  const report: ItemReport = {
    kind: "item",
    quantity,
    amount: null,
    item,
    requestId,
    ...(isSimulated && { simulated: kind }),
  };
  const outcome: Outcome = {
    status: "settled",
    latencyMs: 0,
    priceVersion: context.prices().version,
    ...chargeOfItem(context, { at, route }, report),
  };
  const answer = await committed(context.ledger, {
    kind: "record",
    at,
    startedAt: at,
    operationId: held.operationId.replace(requestId, () => `${requestId}/charge/${itemId}`),
    attribution: of.attribution,
    route,
    budgets: of.budgets,
    outcome,
    fingerprint: createHash("sha256").update(`${itemId}=${quantity}`).digest("hex"),
    coveredBy: held,
    ...(isLimited(key) && { selfReported: true }),
  });
  if (answer.repeated) return;
  if (answer.crossed.length > 0) announceChange(context, answer.crossed);
  announceEnd(context, { provider: route.provider, outcome });
}

/** The id of a charge is made from that of its call: a caller only knows its header. */
async function committed(ledger: Ledger, command: RecordCommand): Promise<SettleAnswer> {
  try {
    return await ledger.commit(command);
  } catch (cause) {
    if (!(cause instanceof PurserError) || cause.code !== "conflict") throw cause;
    const { model } = command.route;
    throw new PurserError(
      "conflict",
      `${chargeHeader}: ${model} was charged with another quantity for this operation`,
      {
        field: chargeHeader,
        remedy:
          "Repeat the same quantities with each attempt, or use a new x-purser-operation-id for a new operation.",
        cause,
      },
    );
  }
}
