/** Makes the charges of a file that an older version wrote findable by the requests that they name. */

import type { DatabaseSync } from "node:sqlite";
import { chargeEndpoint, requestOfCharge } from "../../../domain/price/text/item.ts";
import { decodeSettle } from "../../journal/decode.ts";
import { statusOf } from "../../journal/kind.ts";
import { nameKinds, readRoute } from "../../journal/name.ts";
import { prepareRows, readRow, rowColumns, type RowValues } from "../journal/journal-file.ts";
import { outcomeRows } from "../journal/kind-condition.ts";
import { NameReader } from "../journal/name-reader.ts";

/** Reads only the charges, by the index of routes. */
export function linkCharges(database: DatabaseSync): void {
  const names = new NameReader(database);
  const link = database.prepare("INSERT OR IGNORE INTO request_charge VALUES (?, ?)");
  const ends = prepareRows(
    database,
    `SELECT ${rowColumns("entry")} FROM entry WHERE route_id = ? AND ${outcomeRows("kind")}`,
  );
  for (const routeId of chargeRoutes(database)) {
    for (const values of ends.iterate(routeId) as Iterable<unknown> as Iterable<RowValues>) {
      const row = readRow(values);
      if (row.call === null || statusOf(row.kind) === "released") continue;
      const { rawUsage } = decodeSettle(row, { operationId: "", attempt: 1 }, names);
      const requestId = requestOfCharge(rawUsage);
      if (requestId !== null) link.run(requestId, row.call);
    }
  }
}

function chargeRoutes(database: DatabaseSync): readonly number[] {
  const routes = database.prepare(`SELECT name_id, text FROM name WHERE kind = ${nameKinds.route}`);
  return routes
    .all()
    .filter(({ text }) => readRoute(String(text)).route.endpoint === chargeEndpoint)
    .map(({ name_id: id }) => Number(id));
}
