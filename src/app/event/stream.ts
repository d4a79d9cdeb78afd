/** Reads the journal as a stream of events, from any place on, for one reader. */

import { PurserError } from "../../domain/error.ts";
import type { Event } from "../../domain/event/event.ts";
import { eventsOf } from "../../domain/event/events-of.ts";
import {
  beginning,
  endOfEntry,
  eventId,
  isAfter,
  parseEventId,
  type EventPosition,
} from "../../domain/event/position.ts";
import type { Feed } from "../port/feed.ts";

/** The selected events of one page of the journal. */
export interface EventPage {
  readonly events: readonly Event[];
  /** The end of the page, also if nothing in it was selected. */
  readonly reached: EventPosition;
}

export interface FollowOptions {
  readonly after: EventPosition;
  readonly selects: (event: Event) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * The events after a position, then new ones as they come. A page is read only when it is asked
 * for, so a slow reader takes no more memory than a fast one.
 *
 * @throws PurserError `conflict` if the journal ends before that position; `store_unavailable`.
 */
export async function* followEvents(
  feed: Pick<Feed, "follow">,
  { after, selects, signal }: FollowOptions,
): AsyncGenerator<EventPage, void, void> {
  for await (const page of feed.follow(Math.max(0, after.seq - 1), signal)) {
    const last = page.at(-1);
    if (!last) continue;
    const all = page.flatMap((numbered) => eventsOf(numbered, numbered.context));
    const events = all.filter((event) => isAfter(event.position, after) && selects(event));
    yield { events, reached: endOf(last.seq, all) };
  }
}

function endOf(seq: number, events: readonly Event[]): EventPosition {
  return endOfEntry(seq, events.filter(({ position }) => position.seq === seq).length);
}

/**
 * The present end of the journal: after it come only new events.
 *
 * @throws PurserError `store_unavailable`.
 */
export async function findEnd(feed: Pick<Feed, "follow" | "last">): Promise<EventPosition> {
  const seq = await feed.last();
  if (seq === 0) return beginning;
  for await (const page of feed.follow(seq - 1)) {
    const entry = page.find((one) => one.seq === seq);
    return endOf(seq, entry ? eventsOf(entry, entry.context) : []);
  }
  return { seq, index: 0 };
}

/** An id in a request, and the name of its field there. */
export interface AskedPlace {
  readonly id: string;
  readonly field: string;
}

/**
 * Finds where a reader begins: after the event that it names, or else with the next new event.
 *
 * @throws PurserError `invalid_request` for a text that is not an event id, `conflict` for one that the
 *   journal does not have yet.
 */
export async function findStart(
  feed: Pick<Feed, "follow" | "last">,
  asked: AskedPlace | undefined,
): Promise<EventPosition> {
  if (!asked) return findEnd(feed);
  const { id, field } = asked;
  const position = parseEventId(id);
  if (!position) {
    throw new PurserError(
      "invalid_request",
      `${field} is "${id.slice(0, 40)}", which is not an event id`,
      {
        field,
        remedy: "Give the id of an event, such as 1042 or 1042.1; 0 begins with the first event.",
      },
    );
  }
  const last = await feed.last();
  if (position.seq <= last) return position;
  throw new PurserError(
    "conflict",
    `${field} is ${id}, but the journal ends with entry ${last}: it is another journal, or an older copy`,
    { field, remedy: `Give an id up to ${last}, or leave it out for new events.` },
  );
}

export interface PageOptions {
  readonly after: EventPosition;
  readonly selects: (event: Event) => boolean;
  readonly limit: number;
}

/** Entries that one page looks through at most. */
const mostEntries = 10_000;

/**
 * One page for a reader that polls, up to the present end of the journal.
 *
 * @returns `nextAfter` continues after the page. It moves on even if no event was selected, so a
 *   page may be empty before the end; at the end it stays the same.
 */
export async function pageOfEvents(
  feed: Pick<Feed, "follow" | "last">,
  { after, selects, limit }: PageOptions,
): Promise<{ readonly events: readonly Event[]; readonly nextAfter: string }> {
  const found: Event[] = [];
  const [first, last] = [after.seq, await feed.last()];
  let reached = after;
  const pages = followEvents(feed, { after, selects });
  while (reached.seq < last && reached.seq - first < mostEntries && found.length < limit) {
    const page = await pages.next();
    if (page.done) break;
    found.push(...page.value.events);
    reached = page.value.reached;
  }
  await pages.return();
  const events = found.slice(0, limit);
  const lastTaken = events.at(-1);
  const next = found.length > limit && lastTaken ? lastTaken.position : reached;
  return { events, nextAfter: eventId(next) };
}
