/** Puts the product together: the one place that knows which implementation of each port is used. */

import { getRequestListener } from "@hono/node-server";
import { type DeclaredChange, differencesOf, namesOf } from "./app/manage/declared.ts";
import { makeFirstKeys, type FirstSecrets } from "./app/manage/first-start.ts";
import { Identification } from "./app/caller/identify.ts";
import { InFlight } from "./app/caller/in-flight.ts";
import { recover } from "./app/call/recover.ts";
import { Scouts } from "./app/hold/scouts.ts";
import { servedModels } from "./app/route/served-models.ts";
import { isOn, simulator as simulatorName } from "./app/route/simulated.ts";
import { Waiting } from "./app/hold/waiting.ts";
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
import { SqliteBelongings } from "./store/sqlite/belongings.ts";

export type { ComposeOptions };

/** A server that takes calls. */
export interface RunningServer extends FirstSecrets {
  readonly url: string;
  /** What the configuration added, changed or no longer names since the last start. */
  readonly changes: readonly DeclaredChange[];
  readonly providers: readonly { readonly name: string; readonly real: boolean }[];
  /** Logs a fault that nothing caught, and counts it. What becomes of the process is its owner's to say. */
  reportFault(error: unknown): void;
  /** Takes no new calls, finishes those under way within a bound, and closes the ledger. */
  close(): Promise<void>;
}

/** A data folder whose figures can be asked for, without a server. */
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
  // Closes in the reverse order what was opened: also when a later step fails, such as a port that is taken.
  await using opened = new AsyncDisposableStack();
  const inFlight = new InFlight({ clock, concurrentCallsPerKey: configuration.limits.concurrentCallsPerKey });
  const endCallsOf = (keyId: string): void => inFlight.endCallsOf(keyId);
  let belongings: SqliteBelongings | null = null;
  const belongingsProblem = (): Error | null => belongings?.problem() ?? null;
  const parts = opened.adopt(await openParts(options, { adminKey, endCallsOf, belongingsProblem }), (one) => one.close());
  const { ledger, prices, token, log } = parts;
  const unresolved = await recover(ledger, clock, prices.book.version);
  if (unresolved > 0)
    log.warn(
      unresolved === 1
        ? "one call was under way when the last process ended; it is charged at what was held"
        : `${unresolved.toLocaleString("en-US")} calls were under way when the last process ended; they are charged at what was held`,
    );

  opened.defer(() => removeServerFile(directory));
  const simulator = isOn(configuration) ? opened.adopt(await startSimulator({ host: "127.0.0.1", port: 0 }), (one) => one.close()) : null;
  const providers = makeProviders(configuration, { booked: parts.booked, simulator, reportsBilledCost: parts.reportsBilledCost });
  belongings = opened.adopt(
    new SqliteBelongings(directory, (error) => log.error("what providers keep cannot be remembered", error)),
    (file) => file.close(),
  );
  const upstream = opened.adopt(new UndiciUpstream(), (pools) => pools.close());
  const waiting = new Waiting();
  const gateway = makeGateway({
    ledger,
    clock,
    upstream,
    inFlight,
    providers,
    wires,
    identification: new Identification({ ledger, clock, allowAnonymous: configuration.allowAnonymous }),
    prices: () => prices.book,
    limits: configuration.limits,
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
        priced: [...configuration.prices, ...ledger.prices()],
        listed: parts.catalogue.models(),
        names: new Map([...parts.booked].map(([name, { id }]) => [name, id])),
      }),
  });
  const api = getRequestListener(parts.api.fetch);
  const { host, port } = configuration.server;
  const { headerBytes } = configuration.limits;
  const server = opened.adopt(await listen({ host, port, headerBytes, gateway, api }), (one) => one.close());
  opened.defer(() => inFlight.close(shutdownGraceMs));
  opened.defer(() => server.drain());
  opened.adopt(
    setInterval(() => expireHolds(ledger, log), expiryLookMs),
    clearInterval,
  );
  opened.adopt(setInterval(watchStore(ledger, log), expiryLookMs), (timer) => clearInterval(timer));
  opened.adopt(setInterval(watchFile(parts.health, log), fileLookMs), (timer) => clearInterval(timer));

  // Only now: what is made here is shown once, by whoever sees this start succeed.
  const first = await makeFirstKeys({ ledger, clock }, { hasAdminKey: adminKey !== undefined });
  await writeServerFile(directory, { url: server.url, token });
  const changes = [...parts.changes, ...(await tellDeclared(configuration, directory))];
  const closing = opened.move();
  return {
    ...first,
    changes,
    url: server.url,
    providers: [...providers.byName.keys()].map((name) => ({ name, real: name !== simulatorName })),
    reportFault: (error) => parts.observer.failed("a fault that nothing caught; the server ends", error),
    close: () => closing.disposeAsync(),
  };
}

/** @throws PurserError `store_unavailable` while a server has the folder. */
export async function openFolder(options: ComposeOptions): Promise<OpenFolder> {
  const parts = await openParts(options, null);
  return { fetch: async (request) => parts.api.fetch(request), token: parts.token, close: () => parts.close() };
}

/** What this start's configuration names, against that of the last one; remembers it for the next. */
async function tellDeclared(configuration: Configuration, directory: string): Promise<readonly DeclaredChange[]> {
  const memory = declaredFile(directory);
  const now = namesOf(configuration, configuration.prices);
  const before = await memory.read();
  await memory.write(now);
  return differencesOf(before, now);
}
