/** Serves `/api/v1/epochs`: figures restart from zero, and nothing is deleted. */

import { epochsFor, startEpoch, type SeenEpoch } from "../app/report/epoch.ts";
import { epochInput, epochSchema, epochsSchema, type EpochJson } from "../contract/epoch.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { adminOnly, answer, ok, problem, readers, route, type Route } from "./route.ts";

export const epochRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/epochs",
    access: readers,
    tag: "figures",
    summary: "List the epochs",
    responses: { 200: answer("The epochs.", epochsSchema) },
    handler({ caller, context }) {
      return ok({ data: epochsFor(context, caller).map(epochJson) });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/epochs",
    access: adminOnly,
    tag: "figures",
    summary: "Start an epoch: figures with `from=epoch` begin now",
    description:
      "Nothing is deleted: earlier figures are read with their own `from` and `to`. Budgets are not affected.",
    body: epochInput,
    responses: {
      201: answer("Started.", epochSchema),
      400: problem("A field is invalid."),
    },
    async handler({ body, caller, context }) {
      const by = caller.key?.keyId ?? "admin";
      return { status: 201, json: epochJson(await startEpoch(context, { ...body, by })) };
    },
  }),
];

function epochJson({ epochId, name, attribution, startedAt, by, note }: SeenEpoch): EpochJson {
  const { tags, ...values } = attribution;
  return {
    epoch_id: epochId,
    name,
    attribution: { ...values, ...(tags && { tags: { ...tags } }) },
    started_at: formatInstant(startedAt),
    by,
    note,
  };
}
