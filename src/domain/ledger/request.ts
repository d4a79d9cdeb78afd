/** Requests: what an operation cost with all its attempts, and with the charges that name it. */

import { chargeEndpoint, isChargeDetails, requestOfCharge } from "../price/text/item.ts";
import { idOfOperation } from "./operation.ts";

/** A call or a charge, as its entry has it. */
export interface RequestRow {
  readonly operationId: string;
  readonly route: { readonly endpoint: string };
  readonly rawUsage: string | null;
}

/** Whether a row is a charge that is no model call. */
export function isCharge({ route, rawUsage }: Omit<RequestRow, "operationId">): boolean {
  return route.endpoint === chargeEndpoint && isChargeDetails(rawUsage);
}

/** The request that a charge names; null for a charge that names none, and for a call. */
export function namedRequest(row: Omit<RequestRow, "operationId">): string | null {
  return isCharge(row) ? requestOfCharge(row.rawUsage) : null;
}

/** The id of the request that a row belongs to. A charge that names none is one of its own. */
export function requestOf(row: RequestRow): string {
  return namedRequest(row) ?? idOfOperation(row.operationId);
}
