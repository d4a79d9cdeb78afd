/** Reads server-sent events as a browser does: each event with its id, type and data. */

export interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: {
    readonly specversion: string;
    readonly id: string;
    readonly type: string;
    readonly time: string;
    readonly subject: string;
    // The shape is what each test asserts.
    readonly data: Readonly<Record<string, unknown>>;
  };
}

export interface EventReader {
  readonly events: readonly SentEvent[];
  /** Resolves when there are as many events, or when the connection has ended. */
  until(enough: (events: readonly SentEvent[]) => boolean): Promise<readonly SentEvent[]>;
  close(): Promise<void>;
}

export interface EventRequest {
  readonly key: string;
  readonly query?: string;
  readonly lastEventId?: string;
}

/** @throws the answer's text if it is no stream. */
export async function readEvents(
  url: string,
  { key, query = "", lastEventId }: EventRequest,
): Promise<EventReader> {
  const stop = new AbortController();
  const answer = await fetch(`${url}/api/v1/events${query}`, {
    signal: stop.signal,
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${key}`,
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
  });
  if (!answer.ok || !answer.body) throw new Error(await answer.text());
  const events: SentEvent[] = [];
  const watchers = new Set<() => void>();
  let ended = false;
  const reading = (async () => {
    let text = "";
    try {
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString("utf8");
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        events.push(...blocks.flatMap(parseEvent));
        for (const watcher of watchers) watcher();
      }
    } catch {
      // The server was killed, or the reader closed.
    }
    ended = true;
    for (const watcher of watchers) watcher();
  })();
  return {
    events,
    until: (enough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!ended && !enough(events)) return;
          watchers.delete(look);
          resolve(events);
        };
        watchers.add(look);
        look();
      }),
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}

function parseEvent(block: string): readonly SentEvent[] {
  const fields = new Map(
    block.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trimStart()] as const;
    }),
  );
  const [id, event, data] = [fields.get("id"), fields.get("event"), fields.get("data")];
  if (id === undefined || event === undefined || data === undefined) return [];
  return [{ id, event, data: JSON.parse(data) as SentEvent["data"] }];
}
