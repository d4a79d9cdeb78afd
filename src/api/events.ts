/** Serves `/api/v1/events`: what happens, as a stream of server-sent events or as JSON pages. */

import { PurserError } from "../domain/error.ts";
import { toCloudEvent, type Event } from "../domain/event/event.ts";
import { checkTypes, selects, type EventSelection } from "../domain/event/selection.ts";
import type { EventPosition } from "../domain/event/position.ts";
import { isLive } from "../domain/key/key.ts";
import type { Principal } from "../app/caller/principal.ts";
import { findStart, followEvents, pageOfEvents, type AskedPlace } from "../app/event/stream.ts";
import { isVisible } from "../app/event/visible.ts";
import { confine } from "../app/report/scope.ts";
import { simulator } from "../app/route/simulated.ts";
import { eventPageSchema, eventQuery, type EventQuery } from "../contract/event.ts";
import type { ApiContext } from "./context.ts";
import { eventStream } from "./event-stream.ts";
import { takePlace } from "./stream-places.ts";
import { attributionIn } from "./filter.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

export const eventRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/events",
    access: readers,
    tag: "events",
    summary: "Follow what happens, as server-sent events; or read it in pages",
    description:
      "With `Accept: application/json`, a page of events, the oldest first. Otherwise a stream (`text/event-stream`) that stays open: " +
      "each event has the id of the CloudEvent, its type, and the CloudEvent as JSON. Continue with `Last-Event-ID`, which takes " +
      "precedence over `after`. Filters by dimension (`team=search`, `tag:NAME=VALUE`) find events about calls and budgets of that value.",
    query: eventQuery,
    responses: {
      200: answer("A page of events; a stream unless JSON is accepted.", eventPageSchema),
      400: problem("A filter or an event id is invalid."),
      403: problem("The key may not read these figures."),
      409: problem("The journal does not have this event."),
      429: problem("The key has too many streams open."),
    },
    async handler({ query, headers, caller, context }) {
      const wantsPage = acceptsJson(headers.get("accept"));
      if (!wantsPage && query.limit !== undefined) throw limitOfStream();
      const selection = selectionIn(caller, query, context);
      const after = await findStart(context.feed, placeIn(headers, query));
      if (!wantsPage) return streamOf(context, { caller, selection, after });
      const chosen = choose(caller, selection);
      const page = await pageOfEvents(context.feed, {
        after,
        selects: chosen,
        limit: query.limit ?? 100,
      });
      return ok({ data: page.events.map(toCloudEvent), next_after: page.nextAfter });
    },
  }),
];

/** A stream is what this path is for, so a client has to name JSON to get it. */
function acceptsJson(accept: string | null): boolean {
  return (
    accept !== null && /application\/json/i.test(accept) && !/text\/event-stream/i.test(accept)
  );
}

function limitOfStream(): PurserError {
  return new PurserError("invalid_request", "limit: a stream has no limit", {
    field: "limit",
    remedy: "Leave it out, or send `Accept: application/json` for a page.",
  });
}

/** A client that reconnects repeats its URL, so the header is newer than `after`. */
function placeIn(headers: Headers, { after }: EventQuery): AskedPlace | undefined {
  const header = headers.get("last-event-id");
  if (header !== null && header !== "") return { id: header, field: "Last-Event-ID" };
  return after === undefined ? undefined : { id: after, field: "after" };
}

/** @throws PurserError `forbidden` for a value outside the caller's attribution. */
function selectionIn(
  caller: Principal,
  query: EventQuery,
  { simulatedApart = false }: Pick<ApiContext, "simulatedApart">,
): EventSelection {
  const attribution = attributionIn(query);
  confine(caller, attribution);
  const { type, budget_id: budgetId, include } = query;
  return {
    attribution,
    ...(type !== undefined && {
      types: checkTypes(
        type.split(",").map((one) => one.trim()),
        "type",
      ),
    }),
    ...(budgetId !== undefined && { budgetId }),
    ...(simulatedApart && include === undefined && { exceptProvider: simulator }),
  };
}

function choose(caller: Principal, selection: EventSelection): (event: Event) => boolean {
  return (event) => selects(selection, event) && isVisible(caller, event);
}

interface StreamRequest {
  readonly caller: Principal;
  readonly selection: EventSelection;
  readonly after: EventPosition;
}

/** The stream ends when its key is revoked, and follows changes of the key's attribution. */
function streamOf(
  { feed, ledger, clock }: Pick<ApiContext, "feed" | "ledger" | "clock">,
  { caller, selection, after }: StreamRequest,
): Response {
  const present = (): Principal | null => {
    if (!caller.key) return caller;
    const key = ledger.keyByHash(caller.key.hash);
    return key && isLive(key, clock.now()) ? { role: key.role, key } : null;
  };
  const selectsNow = (event: Event): boolean => {
    const now = present();
    return now !== null && now.role !== "caller" && choose(now, selection)(event);
  };
  const leave = takePlace(feed, caller.key?.keyId ?? "");
  const stop = new AbortController();
  stop.signal.addEventListener("abort", leave, { once: true });
  const pages = followEvents(feed, { after, selects: selectsNow, signal: stop.signal });
  return eventStream(pages, { stop, mayGoOn: () => present() !== null });
}
