/** Writes the query of `/api/v1/entries` that lists the calls of a figure. */

import type { CallFilter } from "../app/port/reader.ts";
import { formatInstant } from "../domain/input/scalar.ts";

/** @param group The values of the figure's group, by the names that it is grouped by. */
export function drillQuery(filter: CallFilter, group: Readonly<Record<string, string>>): string {
  const { key, ...values } = group;
  const wanted: Readonly<Record<string, string | undefined>> = {
    from: filter.from === undefined ? undefined : formatInstant(filter.from),
    to: filter.to === undefined ? undefined : formatInstant(filter.to),
    ...filter.attribution,
    provider: filter.provider,
    except_provider: filter.exceptProvider,
    model: filter.model,
    endpoint: filter.endpoint,
    key_id: key ?? filter.keyId,
    status: filter.status,
    operation_id: filter.operationId,
    ...values,
  };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) parameters.set(name, value);
  return parameters.toString();
}
