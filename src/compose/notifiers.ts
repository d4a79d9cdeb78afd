/** Opens the notifiers of the configuration, each with its place in the journal. */

import { Delivery } from "../app/event/deliver.ts";
import { Notifiers } from "../app/event/notifiers.ts";
import type { Deliveries } from "../app/port/deliveries.ts";
import type { Feed } from "../app/port/feed.ts";
import type { Notifier } from "../app/port/notifier.ts";
import { simulator } from "../app/route/simulated.ts";
import type { Configuration } from "../config/configuration.ts";
import { isFor } from "../domain/event/selection.ts";
import type { Log } from "../metrics/log.ts";
import { makeNotifierMetrics, type NotifierMetrics } from "../metrics/notifier-metrics.ts";
import { makeNotifier } from "../notify/notifiers.ts";
import { SqliteDeliveries } from "../store/sqlite/deliveries.ts";
import { clock } from "./clock.ts";

export interface NotifierOptions {
  readonly configuration: Pick<Configuration, "notifiers" | "server">;
  readonly directory: string;
  readonly feed: Feed;
  readonly log: Log;
  /** Whether simulated calls are kept apart: no events of theirs are sent. */
  readonly simulatedApart: boolean;
}

export interface OpenNotifiers {
  readonly notifiers: Notifiers;
  /** Opened on first use. */
  readonly store: () => Deliveries;
  /** Prometheus text; empty if there are none. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** They deliver nothing before they are started. */
export function openNotifiers(options: NotifierOptions): OpenNotifiers {
  const { configuration, directory, feed, log, simulatedApart } = options;
  if (configuration.notifiers.length === 0) {
    const none = new Notifiers({ deliveries: [], clock });
    let opened: SqliteDeliveries | undefined;
    return {
      notifiers: none,
      store: () => (opened ??= new SqliteDeliveries(directory)),
      metrics: async () => "",
      close: async () => opened?.close(),
    };
  }
  const store = new SqliteDeliveries(directory);
  const metrics = makeNotifierMetrics(() => notifiers.list());
  const publicUrl = configuration.server.publicUrl ?? null;
  const configured = configuration.notifiers.map(({ name }) => name);
  const made = configuration.notifiers.map((settings) => {
    const { name } = settings;
    const { events: types, only: attribution } = settings;
    const except = simulatedApart && { exceptProvider: simulator };
    const notifier = makeNotifier(settings, { clock, publicUrl });
    const delivery = new Delivery({
      feed,
      deliveries: store,
      clock,
      notifier: counted(notifier, metrics),
      selects: (event) => isFor({ name, configured }, { types, attribution, ...except }, event),
      onProblem: (message, error) =>
        log.warn(`notifier ${message}: ${error instanceof Error ? error.message : String(error)}`),
    });
    return { notifier, delivery };
  });
  const deliveries = made.map(({ delivery }) => delivery);
  const notifiers = new Notifiers({ deliveries, store, clock });
  return {
    notifiers,
    store: () => store,
    metrics: () => metrics.text(),
    close: async () => {
      await notifiers.stop();
      await Promise.all(made.map(async ({ notifier }) => notifier.close?.()));
      store.close();
    },
  };
}

/** Counts every attempt. */
function counted(notifier: Notifier, metrics: NotifierMetrics): Notifier {
  return {
    ...notifier,
    send: async (event, signal) => {
      try {
        await notifier.send(event, signal);
        metrics.delivered(notifier.name);
      } catch (error) {
        metrics.failed(notifier.name);
        throw error;
      }
    },
  };
}
