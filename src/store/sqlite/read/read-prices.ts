/** Reads the prices in a ledger without opening it, so that a command can, beside a server. */

import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Registry } from "../../../domain/ledger/registry.ts";
import { decodePriceEntry } from "../../journal/decode.ts";
import { kinds } from "../../journal/kind.ts";
import { otherRows } from "../journal/kind-condition.ts";
import { ledgerFile, versionOf } from "../schema.ts";

/**
 * Prices in the order in which they were set; none if the folder has no ledger.
 *
 * @throws PurserError `store_unavailable` for a ledger of a newer version.
 */
export function readPrices(directory: string): Pick<Registry, "prices" | "priceUpdates"> {
  const registry = new Registry();
  if (!existsSync(ledgerFile(directory)) || versionOf(directory) === 0) return registry;
  const database = new DatabaseSync(ledgerFile(directory), { readOnly: true });
  try {
    for (const { kind, at, body } of database.prepare(entries).all())
      registry.apply(decodePriceEntry({ kind: Number(kind), at: Number(at), body: String(body) }));
  } finally {
    database.close();
  }
  return registry;
}

const kindsOfPrices = [kinds.price, kinds.price_removal, kinds.price_update, kinds.price_revert];

const entries = `
  SELECT kind, at, body FROM entry
  WHERE ${otherRows("kind")} AND kind IN (${kindsOfPrices.join(", ")}) ORDER BY seq`;
