/** Puts the product together: the one place that knows which implementation of each port is used. */

import { randomBytes } from "node:crypto";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { makeApi } from "./api/api.ts";
import type { Readiness } from "./api/context.ts";
import { declare, makeFirstKeys, type FirstSecrets } from "./app/first-start.ts";
import { Identification } from "./app/identify.ts";
import { InFlight } from "./app/in-flight.ts";
import type { Clock, Ledger, LedgerReader } from "./app/ports.ts";
import { PricesInForce } from "./app/prices-in-force.ts";
import type { Provider, Providers } from "./app/provider.ts";
import { recover } from "./app/recover.ts";
import type { Wires } from "./app/route.ts";
import { Scouts } from "./app/scouts.ts";
import { hashSecret } from "./app/secret.ts";
import { visitorCheck, type Visit } from "./app/visitor.ts";
import { Waiting } from "./app/waiting.ts";
import { openCatalogue, type Catalogue } from "./catalogue/catalogue.ts";
import type { Configuration, Environment, ProviderConfiguration } from "./config/configuration.ts";
import { readAdminKey, readLogLevel } from "./config/environment.ts";
import { Learned } from "./domain/estimate/learned.ts";
import { makeGateway } from "./gateway/gateway.ts";
import { listen } from "./gateway/listen.ts";
import type { ServedModel } from "./gateway/models.ts";
import { removeServerFile, writeServerFile } from "./gateway/server-file.ts";
import { UndiciUpstream } from "./gateway/upstream.ts";
import { makeLog, type Log } from "./metrics/log.ts";
import { makeMetrics, type Metrics } from "./metrics/metrics.ts";
import { startSimulator, type Simulator } from "./simulator/index.ts";
import { SqliteBelongings } from "./store/sqlite/belongings.ts";
import { openLedger } from "./store/sqlite/open.ts";
import { anthropicWire } from "./wire/anthropic/index.ts";
import { geminiWire } from "./wire/gemini/index.ts";
import { openaiWire } from "./wire/openai/index.ts";
import { version } from "./version.ts";

export interface ComposeOptions {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** The data folder. */
  readonly directory: string;
}

/** A server that takes calls. */
export interface RunningServer extends FirstSecrets {
  readonly url: string;
  readonly providers: readonly { readonly name: string; readonly real: boolean }[];
  /** Takes no new calls, finishes those under way within a bound, and closes the ledger. */
  close(): Promise<void>;
}

/** A data folder whose figures can be asked for, without a server. */
export interface OpenFolder {
  fetch(request: Request): Promise<Response>;
  readonly token: string;
  close(): Promise<void>;
}

const clock: Clock = { now: () => Date.now() };
const shutdownGraceMs = 10_000;
const expiryLookMs = 1000;

const wires: Wires = {
  openai: openaiWire({ newTokenField: "max_tokens" }),
  anthropic: anthropicWire,
  gemini: geminiWire,
};
/** OpenAI itself refuses the older field with its newer models. */
const openaiOwnWire = openaiWire({ newTokenField: "max_completion_tokens" });

export async function startServer(options: ComposeOptions): Promise<RunningServer> {
  const { configuration, directory } = options;
  const adminKey = readAdminKey(options.environment);
  // Closes in the reverse order what was opened: also when a later step fails, such as a port that is taken.
  await using opened = new AsyncDisposableStack();
  const inFlight = new InFlight({ clock, concurrentCallsPerKey: configuration.limits.concurrentCallsPerKey });
  const endCallsOf = (keyId: string): void => inFlight.endCallsOf(keyId);
  const parts = opened.adopt(await openParts(options, { adminKey, endCallsOf }), (one) => one.close());
  const { ledger, prices, token, log } = parts;
  const unresolved = await recover(ledger, clock, prices.book.version);
  if (unresolved > 0) log.warn(`${unresolved} calls were under way when the last process ended; they are charged at what was held`);

  opened.defer(() => removeServerFile(directory));
  const isSimulatorNamed = configuration.providers.some(({ name }) => name === "sim");
  const simulator = isSimulatorNamed ? null : opened.adopt(await startSimulator({ host: "127.0.0.1", port: 0 }), (one) => one.close());
  const providers = makeProviders(configuration, simulator);
  const belongings = opened.adopt(
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
    learned: new Learned(),
    observer: parts.observer,
    belongings,
    admit: parts.admit,
    models: () => servedModels(providers, parts.catalogue),
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

  // Only now: what is made here is shown once, by whoever sees this start succeed.
  const first = await makeFirstKeys({ ledger, clock }, { hasAdminKey: adminKey !== undefined });
  await writeServerFile(directory, { url: server.url, token });
  const closing = opened.move();
  return {
    ...first,
    url: server.url,
    providers: [...providers.byName.keys()].map((name) => ({ name, real: name !== "sim" })),
    close: () => closing.disposeAsync(),
  };
}

/** @throws PurserError `store_unavailable` while a server has the folder. */
export async function openFolder(options: ComposeOptions): Promise<OpenFolder> {
  const parts = await openParts(options);
  return { fetch: async (request) => parts.api.fetch(request), token: parts.token, close: () => parts.close() };
}

/** What a server and an opened folder have in common. */
interface Parts {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly prices: PricesInForce;
  readonly observer: Metrics;
  readonly api: Hono;
  readonly admit: (visit: Visit) => void;
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** Makes its holder an administrator until this ends. */
  readonly token: string;
  close(): Promise<void>;
}

interface Serving {
  /** A key of the environment, beside the token of this opening. */
  readonly adminKey: string | undefined;
  /** Ends the calls that a key has under way. */
  readonly endCallsOf: (keyId: string) => void;
}

/** A folder that is opened without a server has no calls. */
const notServing: Serving = { adminKey: undefined, endCallsOf: () => undefined };

async function openParts(options: ComposeOptions, { adminKey, endCallsOf }: Serving = notServing): Promise<Parts> {
  const { configuration, directory } = options;
  const log = makeLog(readLogLevel(options.environment));
  const [catalogue, { ledger, reader }] = await Promise.all([
    openCatalogue(),
    openLedger({ directory, durability: configuration.durability, clock }),
  ]);
  await declare({ ledger, clock }, configuration);
  const names = catalogueNames(configuration, catalogue);
  const prices = new PricesInForce({
    make: (overrides) => catalogue.book(overrides, names),
    declared: configuration.prices,
    kept: () => ledger.prices(),
  });
  const metrics = makeMetrics({ ledger, version });
  const observer = log.observe(metrics);
  const token = `purser_${randomBytes(32).toString("hex")}`;
  const { host, hosts, origins } = configuration.server;
  const admit = visitorCheck({ listen: host, hosts, origins });
  const api = makeApi({
    admit,
    openMetrics: configuration.server.metrics === "open",
    endCallsOf,
    holdLimits: configuration.limits,
    ledger,
    reader,
    clock,
    version,
    prices: () => prices.book,
    priceProvider: (provider) => names.get(provider) ?? provider,
    reloadPrices: () => prices.reload(),
    adminKeyHashes: [token, ...(adminKey === undefined ? [] : [adminKey])].map(hashSecret),
    metrics: () => metrics.text(),
    ready: () => readiness(ledger),
    catalogue: () => catalogue.models(),
    reportBug: (error) => observer.failed("a request to the control plane failed", error),
  });
  const close = async (): Promise<void> => {
    metrics.close();
    await reader.close();
    await ledger.close();
  };
  return { ledger, reader, prices, observer, api, admit, catalogue, log, token, close };
}

function readiness(ledger: Ledger): Readiness {
  const problem = ledger.problem();
  return { ready: problem === null, reasons: problem ? [problem.message] : [] };
}

/** How the price list calls each configured provider. */
function catalogueNames({ providers }: Configuration, catalogue: Catalogue): ReadonlyMap<string, string> {
  return new Map(
    providers.map(({ name, baseUrl, priceProvider }) => [
      name,
      priceProvider === name ? (catalogue.providerFor({ name, baseUrl }) ?? name) : priceProvider,
    ]),
  );
}

function makeProviders({ providers, aliases }: Configuration, simulator: Simulator | null): Providers {
  const byName = new Map(providers.map((provider) => [provider.name, makeProvider(provider)]));
  if (simulator) byName.set("sim", simulatedProvider(simulator));
  return { byName, aliases };
}

function makeProvider({ wire, baseUrl, priceProvider, ...rest }: ProviderConfiguration): Provider {
  const isOpenai = priceProvider === "openai" || priceProvider === "azure";
  return {
    ...rest,
    bases: { [wire]: baseUrl },
    priceProvider: rest.name,
    wires: wire === "openai" && isOpenai ? { openai: openaiOwnWire } : {},
  };
}

/** Aliases, and every priced model of the configured providers. */
function servedModels({ byName, aliases }: Providers, catalogue: Catalogue): readonly ServedModel[] {
  const names = [...byName.values()].map(
    (provider) => [provider.name, catalogue.providerFor({ name: provider.name, baseUrl: "" })] as const,
  );
  const listed = catalogue
    .models()
    .flatMap(({ provider, model }) =>
      names.filter(([name, id]) => (id ?? name) === provider).map(([name]) => ({ id: `${name}/${model}`, ownedBy: name })),
    );
  return [...[...aliases.keys()].map((id) => ({ id, ownedBy: "alias" })), ...listed];
}

function simulatedProvider({ url }: Simulator): Provider {
  return {
    name: "sim",
    bases: { openai: `${url}/openai/v1`, anthropic: `${url}/anthropic`, gemini: `${url}/gemini` },
    apiKey: "simulated",
    headers: {},
    passHeaders: [],
    priceProvider: "sim",
    unmetered: "refuse",
    stored: "refuse",
    wires: {},
  };
}

/** Says once that the ledger cannot be written, and once that it can again. */
function watchStore(ledger: Ledger, log: Log): () => void {
  let wasWell = true;
  return () => {
    const problem = ledger.problem();
    if (problem && wasWell) log.error("calls are refused: the ledger cannot be written", problem);
    if (!problem && !wasWell) log.warn("the ledger is written again");
    wasWell = problem === null;
  };
}

function expireHolds(ledger: Ledger, log: Log): void {
  if (ledger.problem()) return;
  ledger.decide({ kind: "expire", at: clock.now() }).catch((error: unknown) => log.error("holds could not be expired", error));
}
