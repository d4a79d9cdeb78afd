/** An open hold as the port shows it. */

import type { OpenHold } from "../app/port/ledger.ts";

/** @param hold May have more fields, such as its counters. */
export function asOpenHold({
  operationId,
  attempt,
  at,
  attribution,
  route,
  amount,
  expiresAt,
}: OpenHold): OpenHold {
  return { operationId, attempt, at, attribution, route, amount, expiresAt };
}
