/**
 * The composition root: wires the server from its parts and picks the implementation of each port.
 */

import { getRequestListener } from "@hono/node-server";
import { type DeclaredChange, differencesOf, namesOf } from "./app/manage/declared.ts";
import { hasLiveAdminKey, makeFirstKeys, type FirstSecrets } from "./app/manage/first-start.ts";
import { Identification } from "./app/caller/identify.ts";
import { InFlight } from "./app/caller/in-flight.ts";
import { startPriceSchedule } from "./app/manage/price-schedule.ts";
import { recover } from "./app/call/recover.ts";
import { Scouts } from "./app/hold/scouts.ts";
import { Router } from "./app/route/router.ts";
import { servedModels } from "./app/route/served-models.ts";
import { isOn, simulator as simulatorName } from "./app/route/simulated.ts";
import { clock } from "./compose/clock.ts";
import { openParts, type ComposeOptions } from "./compose/parts.ts";
import { makeProviders, wires } from "./compose/providers.ts";
import { expireHolds, watchFile, watchStore } from "./compose/watch.ts";
import type { Configuration } from "./config/configuration.ts";
import { declaredFile } from "./gateway/declared-file.ts";
import { readAdminKey } from "./config/environment.ts";
import { makeGateway } from "./gateway/gateway.ts";
import { listen } from "./gateway/listen.ts";
import { removeServerFile, writeServerFile } from "./gateway/server-file.ts";
import { UndiciUpstream } from "./gateway/upstream.ts";
import { startSimulator } from "./simulator/index.ts";
import { hasBelongings, SqliteBelongings } from "./store/sqlite/belongings.ts";

export type { ComposeOptions };

/** A server that accepts calls. */
export interface RunningServer extends FirstSecrets {
  readonly url: string;
  /** Whether a key opens the control plane, besides the token in the folder. */
  readonly hasAdminKey: boolean;
  /** What the configuration added, changed or no longer names since the last start. */
  readonly changes: readonly DeclaredChange[];
  readonly providers: readonly { readonly name: string; readonly real: boolean }[];
  /** Logs and counts an uncaught error. The owner of the process decides whether it continues. */
  reportFault(error: unknown): void;
  /** Stops accepting calls, waits a limited time for those in flight, and closes the ledger. */
  close(): Promise<void>;
}

/** A data folder opened for queries, without a server. */
export interface OpenFolder {
  fetch(request: Request): Promise<Response>;
  readonly token: string;
  close(): Promise<void>;
}

const shutdownGraceMs = 10_000;
const expiryLookMs = 1000;
const fileLookMs = 60_000;

export async function startServer(options: ComposeOptions): Promise<RunningServer> {
  const { configuration, directory } = options;
  const adminKey = readAdminKey(options.environment);
  // Closes everything in reverse order, also when a later step fails, such as a port in use.
  await using opened = new AsyncDisposableStack();
  const inFlight = new InFlight({
    clock,
    concurrentCallsPerKey: configuration.limits.concurrentCallsPerKey,
  });
  const endCallsOf = (keyId: string): void => inFlight.endCallsOf(keyId);
  let belongings: SqliteBelongings | null = null;
  const belongingsProblem = (): Error | null => belongings?.problem() ?? null;
  const parts = opened.adopt(
    await openParts(options, { adminKey, endCallsOf, belongingsProblem }),
    (one) => one.close(),
  );
  const { ledger, prices, token, log, waiting } = parts;
  await parts.notifiers?.notifiers.prepare();
  await parts.rules?.wake();
  const unresolved = await recover(
    { ledger, clock, waiting, observer: parts.observer },
    prices.book.version,
  );
  if (unresolved > 0)
    log.warn(
      unresolved === 1
        ? "one call was in flight when the last process ended; it is charged the amount held"
        : `${unresolved.toLocaleString("en-US")} calls were in flight when the last process ended; they are charged the amount held`,
    );

  opened.defer(() => removeServerFile(directory));
  const simulator = isOn(configuration)
    ? opened.adopt(await startSimulator({ host: "127.0.0.1", port: 0 }), (one) => one.close())
    : null;
  const providers = makeProviders(configuration, {
    identities: parts.identities,
    simulator,
  });
  belongings = opened.adopt(
    new SqliteBelongings({
      directory,
      // What callers make is in calls that the ledger has.
      isUsed:
        !hasBelongings(directory) && (await parts.reader.totals({}, ["provider"], null)).length > 0,
      onFailure: (error) => log.error("what providers keep cannot be remembered", error),
    }),
    (file) => file.close(),
  );
  if (belongings.hasLost)
    log.warn(
      "belongings.db was missing at a start: stored objects from before have no owner, and a tuned model is for keys whose list has its full name",
    );
  const upstream = opened.adopt(new UndiciUpstream(), (pools) => pools.close());
  const gateway = makeGateway({
    ledger,
    clock,
    upstream,
    inFlight,
    router: new Router({ providers, wires }),
    identification: new Identification({
      ledger,
      clock,
      keyHeaders: wires.flatMap(({ headers }) => headers.key),
      allowAnonymous: configuration.allowAnonymous,
    }),
    prices: () => prices.book,
    limits: configuration.limits,
    simulatedApart: parts.simulatedApart,
    onDisconnect: configuration.onDisconnect,
    waiting,
    scouts: new Scouts(waiting),
    learned: parts.learned,
    counter: parts.counter,
    observer: parts.observer,
    belongings,
    admit: parts.admit,
    models: () =>
      servedModels(providers, {
        wires,
        priced: [
          ...configuration.prices,
          ...ledger.prices().filter(({ removedAt }) => removedAt === null),
        ],
        listed: parts.catalogue.models(parts.prices.updated),
        names: new Map([...parts.identities.byName].map(([name, { id }]) => [name, id])),
      }),
  });
  const api = getRequestListener(parts.api.fetch);
  const { host, port } = configuration.server;
  const { headerBytes } = configuration.limits;
  const server = opened.adopt(await listen({ host, port, headerBytes, gateway, api }), (one) =>
    one.close(),
  );
  opened.defer(() => inFlight.close(shutdownGraceMs));
  opened.defer(() => server.drain());
  opened.adopt(
    setInterval(() => void expireHolds(ledger, { audience: parts, log }), expiryLookMs),
    clearInterval,
  );
  opened.adopt(setInterval(watchStore(ledger, log), expiryLookMs), (timer) => clearInterval(timer));
  opened.adopt(setInterval(watchFile(parts.health, log), fileLookMs), (timer) =>
    clearInterval(timer),
  );

  parts.notifiers?.notifiers.start();
  parts.rules?.start();
  parts.scheduled?.start();

  if (configuration.priceUpdates) {
    const schedule = configuration.priceUpdates;
    opened.defer(startPriceSchedule({ updates: parts.priceUpdates, schedule, clock }));
  }

  // Only after a successful start: the secrets created here are shown once.
  const first = await makeFirstKeys({ ledger, clock }, { hasAdminKey: adminKey !== undefined });
  await writeServerFile(directory, { url: server.url, token });
  const changes = [...parts.changes, ...(await compareDeclared(configuration, directory))];
  const closing = opened.move();
  return {
    ...first,
    hasAdminKey: adminKey !== undefined || hasLiveAdminKey({ ledger, clock }),
    changes,
    url: server.url,
    providers: [...providers.byName.keys()].map((name) => ({ name, real: name !== simulatorName })),
    reportFault: (error) =>
      parts.observer.failed("a fault that nothing caught; the server ends", error),
    close: () => closing.disposeAsync(),
  };
}

/** @throws PurserError `store_unavailable` while a server uses the folder. */
export async function openFolder(options: ComposeOptions): Promise<OpenFolder> {
  const parts = await openParts(options, null);
  return {
    fetch: async (request) => parts.api.fetch(request),
    token: parts.token,
    close: () => parts.close(),
  };
}

/** Compares this start's configuration with the last one, and saves it for the next. */
async function compareDeclared(
  configuration: Configuration,
  directory: string,
): Promise<readonly DeclaredChange[]> {
  const memory = declaredFile(directory);
  const now = namesOf(configuration, configuration.prices);
  const before = await memory.read();
  await memory.write(now);
  return differencesOf(before, now);
}
