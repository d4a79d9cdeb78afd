/** Serves `/api/v1/notifiers`: whether events arrive, a test, and what was given up. */

import type { Notifiers, NotifierStatus } from "../app/event/notifiers.ts";
import type { DeadLetter, DeliveryFailure } from "../app/port/deliveries.ts";
import type { EventJson } from "../contract/event.ts";
import {
  deadLetterParams,
  deadLetterQuery,
  deadLettersSchema,
  notifierParams,
  notifiersSchema,
  notifierTestSchema,
  replaySchema,
  type DeadLetterJson,
  type NotifierJson,
} from "../contract/notifier.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { ApiContext } from "./context.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";

const common = { access: adminOnly, tag: "events" } as const;
const unknown = problem("There is no such notifier or dead letter.");
const replayed = problem("Its dead letters are being replayed.");
const undelivered = problem("It was not delivered.");

export const notifierRoutes: readonly Route[] = [
  route({
    ...common,
    method: "get",
    path: "/api/v1/notifiers",
    summary: "List the notifiers and whether events arrive",
    responses: { 200: answer("All notifiers.", notifiersSchema), 404: unknown },
    async handler({ context }) {
      return ok({ data: (await runningIn(context).list()).map(notifierJson) });
    },
  }),
  route({
    ...common,
    method: "post",
    path: "/api/v1/notifiers/{name}/test",
    summary: "Send a test event, also in quiet hours",
    params: notifierParams,
    responses: {
      200: answer("Delivered.", notifierTestSchema),
      404: unknown,
      502: undelivered,
    },
    async handler({ params, context }) {
      return ok({ event_id: await runningIn(context).test(params.name) });
    },
  }),
  route({
    ...common,
    method: "get",
    path: "/api/v1/notifiers/{name}/dead-letters",
    summary: "List events that were given up, oldest first",
    params: notifierParams,
    query: deadLetterQuery,
    responses: {
      200: answer("A page of dead letters.", deadLettersSchema),
      400: problem("A field is invalid."),
      404: unknown,
    },
    async handler({ params: { name }, query: { after, limit }, context }) {
      const rows = await runningIn(context).deadLetters(name, { after, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return ok({ data: page.map(letterJson), next_after: last?.id ?? null });
    },
  }),
  route({
    ...common,
    method: "post",
    path: "/api/v1/notifiers/{name}/dead-letters/replay",
    summary: "Send all dead letters once more, in order, up to the first that fails",
    params: notifierParams,
    responses: { 200: answer("How many arrived.", replaySchema), 404: unknown, 409: replayed },
    async handler({ params: { name }, context }) {
      return ok(await runningIn(context).replayAll(name));
    },
  }),
  route({
    ...common,
    method: "post",
    path: "/api/v1/notifiers/{name}/dead-letters/{letter_id}/replay",
    summary: "Send a dead letter once more, and remove it if it arrives",
    params: deadLetterParams,
    responses: {
      200: answer("Delivered.", replaySchema),
      400: problem("The id is invalid."),
      404: unknown,
      409: replayed,
      502: undelivered,
    },
    async handler({ params: { name, letter_id: id }, context }) {
      const notifiers = runningIn(context);
      await notifiers.replay(name, id);
      const state = (await notifiers.list()).find((one) => one.name === name);
      return ok({ delivered: 1, left: state?.deadLetters ?? 0, problem: null });
    },
  }),
];

/** @throws PurserError `not_found` for a folder that is opened without a server. */
function runningIn({ notifiers }: ApiContext): Notifiers {
  if (notifiers) return notifiers;
  throw new PurserError("not_found", "no notifiers run without a server", {
    remedy: "Start the server: it delivers events.",
  });
}

function notifierJson(status: NotifierStatus): NotifierJson {
  const { name, kind, delivered, failing, behind, deadLetters, droppedLetters } = status;
  return {
    name,
    kind,
    last_delivered: delivered && {
      event_id: delivered.eventId,
      at: formatInstant(delivered.at),
    },
    failing: failing && failureJson(failing),
    behind,
    dead_letters: deadLetters,
    dropped_letters: droppedLetters,
  };
}

function letterJson({ id, at, event, failure }: DeadLetter): DeadLetterJson {
  return {
    letter_id: id,
    at: formatInstant(at),
    // Only events of the ledger become dead letters.
    event: event as EventJson,
    failure: failureJson(failure),
  };
}

function failureJson({ eventId, since, attempts, message }: DeliveryFailure) {
  return { event_id: eventId, since: formatInstant(since), attempts, message };
}
