/** An id by which a receiver recognises an event that arrives twice. */

import type { CloudEvent } from "../domain/event/cloud-event.ts";

/** Ids are unique in a ledger; with the time they are so among ledgers too. */
export function uniqueId({ source, id, time }: CloudEvent): string {
  return `${source}/${id}/${time}`;
}
