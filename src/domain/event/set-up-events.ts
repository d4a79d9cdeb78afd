/** Events about what an administrator sets up: keys and prices. */

import type { Budget } from "../budget/budget.ts";
import { formatInstant } from "../input/scalar.ts";
import { keyToJson } from "../key/define.ts";
import type { Key } from "../key/key.ts";
import type {
  Entry,
  KeyEntry,
  PriceEntry,
  PriceRemovalEntry,
  PriceRevertEntry,
  PriceUpdateEntry,
} from "../ledger/entry.ts";
import { differing } from "./budget-events.ts";
import type { Happening } from "./event.ts";

export function keyChanged(
  { at, key }: KeyEntry,
  before: Budget | Key | null | undefined,
): Happening {
  const was = before && "keyId" in before ? keyToJson(before) : null;
  const is = keyToJson(key);
  const fields = was ? { fields: differing(was, is) } : {};
  return {
    type: was ? "key.changed" : "key.created",
    at,
    subject: key.keyId,
    about: { kind: "key" },
    data: { ...is, ...fields, timestamp: formatInstant(at) },
  };
}

/** @param key Absent if the ledger does not define it. */
export function keyFirstUsed(entry: Entry, keyId: string, key: Key | undefined): Happening {
  const { provider = null, model = null } = "route" in entry ? entry.route : {};
  const used = { key_id: keyId, name: key?.name ?? null, role: key?.role ?? null };
  const timestamp = formatInstant(entry.at);
  return {
    type: "key.first_used",
    at: entry.at,
    subject: keyId,
    about: { kind: "key" },
    data: { ...used, provider, requested_model: model, timestamp },
  };
}

/** A price that was set over the API. */
export function priceStated({ at, price }: PriceEntry): Happening {
  const { provider, model } = price.row;
  const change = { change: "set", provider, model, source: price.source };
  return pricesChanged(at, {
    subject: `${provider}/${model}`,
    data: { ...change, price: price.row },
  });
}

/** A price that was set over the API ends. */
export function priceRemoved({ at, priceId }: PriceRemovalEntry): Happening {
  const data = { change: "removed", price_id: priceId };
  return pricesChanged(at, { subject: priceId, data });
}

/** Prices from a published list. */
export function pricesUpdated({ at, update }: PriceUpdateEntry): Happening {
  const { updateId, source, version, from, rows } = update;
  const data = {
    change: "updated",
    update_id: updateId,
    source,
    version,
    from,
    prices: rows.length,
  };
  return pricesChanged(at, { subject: updateId, data });
}

export function pricesReverted({ at, updateId }: PriceRevertEntry): Happening {
  return pricesChanged(at, {
    subject: updateId,
    data: { change: "reverted", update_id: updateId },
  });
}

function pricesChanged(
  at: number,
  { subject, data }: Pick<Happening, "subject" | "data">,
): Happening {
  const timestamp = formatInstant(at);
  return {
    type: "prices.updated",
    at,
    subject,
    about: { kind: "prices" },
    data: { ...data, timestamp },
  };
}
