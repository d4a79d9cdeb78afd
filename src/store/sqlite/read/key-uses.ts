/** Reads how much each key was used, from the roll-ups. */

import type { KeyUseRow } from "../../../app/port/reader.ts";
import { chargeEndpoint } from "../../../domain/price/text/item.ts";
import { pico } from "../../../domain/money/money.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { statuses } from "../../journal/kind.ts";
import { hourMs, joinPico } from "../write/rollup.ts";
import type { Source } from "./calls.ts";

export function readKeyUses({
  database,
  names,
}: Pick<Source, "database" | "names">): readonly KeyUseRow[] {
  names.refresh();
  const byKey = new Map<
    string,
    { keyId: string; calls: number; cost: bigint; lastUsedAt: number }
  >();
  for (const [routeId, calls, micro, rest, hour] of allRows(prepareRows(database, sums))) {
    const { keyId, endpoint } = names.route(Number(routeId)).route;
    if (keyId === null) continue;
    const use = byKey.get(keyId) ?? { keyId, calls: 0, cost: 0n, lastUsedAt: 0 };
    if (endpoint !== chargeEndpoint) use.calls += Number(calls);
    use.cost += joinPico(Number(micro), Number(rest));
    use.lastUsedAt = Math.max(use.lastUsedAt, Number(hour) * hourMs);
    byKey.set(keyId, use);
  }
  return [...byKey.values()].map((use) => ({ ...use, cost: pico(use.cost) }));
}

const sums = `
  SELECT route_id, sum(CASE status WHEN ${statuses.released} THEN 0 ELSE calls END), sum(cost_micro), sum(cost_pico), max(hour)
  FROM rollup WHERE calls > 0 OR refusals > 0 GROUP BY route_id`;
