/** Sends events over HTTP as they come: server-sent events, for one client. */

import { setTimeout as pause } from "node:timers/promises";
import { toCloudEvent, type Event } from "../domain/event/event.ts";
import type { EventPage } from "../app/event/stream.ts";

/** Proxies close connections that are silent for longer. */
const heartbeatMs = 15_000;

/** Tells a client how soon to reconnect, in milliseconds. */
const prelude = "retry: 1000\n\n";

export interface EventStreamOptions {
  /** Ends the pages. Aborted when the client is gone. */
  readonly stop: AbortController;
  /** Asked before each page and heartbeat; the stream ends if not. */
  readonly mayGoOn: () => boolean;
}

/**
 * A page is read when the one before it has been sent, so a slow client has one page in memory.
 */
export function eventStream(
  pages: AsyncGenerator<EventPage, void, void>,
  { stop, mayGoOn }: EventStreamOptions,
): Response {
  const encoder = new TextEncoder();
  const texts = textsOf(pages, { stop, mayGoOn });
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await texts.next().catch((error: unknown) => {
          stop.abort();
          throw error;
        });
        if (next.done) {
          stop.abort();
          controller.close();
        } else controller.enqueue(encoder.encode(next.value));
      },
      cancel() {
        stop.abort();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    status: 200,
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // Keeps nginx from collecting events.
      "x-accel-buffering": "no",
    },
  });
}

async function* textsOf(
  pages: AsyncGenerator<EventPage, void, void>,
  { stop, mayGoOn }: EventStreamOptions,
): AsyncGenerator<string, void, void> {
  yield prelude;
  let next: ReturnType<typeof pages.next> | undefined;
  let silentSince = Date.now();
  while (mayGoOn()) {
    next ??= pages.next();
    const page = await withinMoment(next, silentSince + heartbeatMs - Date.now());
    if (page?.done) return;
    if (!mayGoOn()) break;
    if (page) next = undefined;
    const text = (page?.value.events ?? []).map(textOf).join("");
    // Pages without a selected event send nothing.
    if (text === "" && Date.now() < silentSince + heartbeatMs) continue;
    silentSince = Date.now();
    yield text === "" ? ": heartbeat\n\n" : text;
  }
  stop.abort();
}

/** @returns null if it takes longer. */
async function withinMoment<Value>(promise: Promise<Value>, ms: number): Promise<Value | null> {
  const timer = new AbortController();
  const late = pause(Math.max(0, ms), null, { signal: timer.signal, ref: false }).catch(() => null);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** JSON has no line breaks, so the data is one line. */
function textOf(event: Event): string {
  const { id, type, ...rest } = toCloudEvent(event);
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, ...rest })}\n\n`;
}
