/** Puts the product together: the one place that knows which implementation of each port is used. */

import { randomBytes } from "node:crypto";
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { makeApi } from "./api/api.ts";
import type { ProviderStatus, Readiness } from "./api/context.ts";
import { type DeclaredChange, differencesOf, namesOf } from "./app/declared.ts";
import { declare, makeFirstKeys, type FirstSecrets } from "./app/first-start.ts";
import { Identification } from "./app/identify.ts";
import { InFlight } from "./app/in-flight.ts";
import type { Clock, Ledger, LedgerReader } from "./app/ports.ts";
import type { Probe } from "./app/probe.ts";
import { PricesInForce } from "./app/prices-in-force.ts";
import { commonName, type Provider, type Providers } from "./app/provider.ts";
import { recover } from "./app/recover.ts";
import type { Wires } from "./app/route.ts";
import { Scouts } from "./app/scouts.ts";
import { hashSecret } from "./app/secret.ts";
import { servedModels } from "./app/served-models.ts";
import { countingReal, isApart, isOn, setApart, simulator as simulatorName } from "./app/simulated.ts";
import { StoreHealth } from "./app/store-health.ts";
import { visitorCheck, type Visit } from "./app/visitor.ts";
import { Waiting } from "./app/waiting.ts";
import { openCatalogue, type BookedProvider, type Catalogue } from "./catalogue/catalogue.ts";
import { overlayVersion } from "./catalogue/overlay/row.ts";
import type { Configuration, Environment, ProviderConfiguration } from "./config/configuration.ts";
import { declaredFile } from "./gateway/declared-file.ts";
import { readAdminKey, readLogLevel } from "./config/environment.ts";
import { Learned } from "./domain/estimate/learned.ts";
import { makeGateway } from "./gateway/gateway.ts";
import { listen } from "./gateway/listen.ts";
import { probeProvider } from "./gateway/probe.ts";
import { removeServerFile, writeServerFile } from "./gateway/server-file.ts";
import { ThreadCounter } from "./tokenizer/thread-counter.ts";
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
  /** Takes log lines as people read them. Absent: they are JSON on standard error. */
  readonly logText?: ((text: string) => void) | undefined;
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** The data folder. */
  readonly directory: string;
  /** Called with a budget and the share done, 0 to 1, while what it has spent is counted at the start. */
  readonly counting?: (budgetId: string, share: number) => void;
}

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

const clock: Clock = { now: () => Date.now(), monotonic: () => Math.floor(performance.now()) };
const shutdownGraceMs = 10_000;
const expiryLookMs = 1000;
const probeWithinMs = 10_000;
const fileLookMs = 60_000;

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
  if (unresolved > 0)
    log.warn(
      unresolved === 1
        ? "one call was under way when the last process ended; it is charged at what was held"
        : `${unresolved.toLocaleString("en-US")} calls were under way when the last process ended; they are charged at what was held`,
    );

  opened.defer(() => removeServerFile(directory));
  const simulator = isOn(configuration) ? opened.adopt(await startSimulator({ host: "127.0.0.1", port: 0 }), (one) => one.close()) : null;
  const providers = makeProviders(configuration, { booked: parts.booked, simulator, tellsBilledCost: parts.tellsBilledCost });
  const counter = opened.adopt(new ThreadCounter(), (one) => one.close());
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
    learned: parts.learned,
    counter,
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

/** What a server and an opened folder have in common. */
interface Parts {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly prices: PricesInForce;
  readonly learned: Learned;
  readonly observer: Metrics;
  readonly api: Hono;
  readonly admit: (visit: Visit) => void;
  readonly catalogue: Catalogue;
  /** What the price book has to know of each configured provider. */
  readonly booked: ReadonlyMap<string, BookedProvider>;
  readonly tellsBilledCost: (provider: string) => boolean;
  readonly log: Log;
  readonly health: StoreHealth;
  /** Makes its holder an administrator until this ends. */
  readonly token: string;
  /** Budgets and keys of the configuration that the ledger did not have so. */
  readonly changes: readonly DeclaredChange[];
  close(): Promise<void>;
}

interface Serving {
  /** A key of the environment, beside the token of this opening. */
  readonly adminKey: string | undefined;
  /** Ends the calls that a key has under way. */
  readonly endCallsOf: (keyId: string) => void;
}

/** @param serving Null for a folder that is opened without a server: it has no calls. */
async function openParts(options: ComposeOptions, serving: Serving | null): Promise<Parts> {
  const { configuration, directory } = options;
  const serves = serving !== null;
  const { adminKey, endCallsOf = (): void => undefined } = serving ?? {};
  const log = makeLog(readLogLevel(options.environment), options.logText);
  const [catalogue, { ledger, reader }] = await Promise.all([
    openCatalogue(),
    openLedger({ directory, durability: configuration.durability, clock }),
  ]);
  const simulatedApart = await isApart(serves ? configuration : asFolder(configuration), reader);
  if (serves && simulatedApart) await setApart({ ledger, clock });
  const { budgets } = configuration;
  const declared = { ...configuration, budgets: simulatedApart ? budgets.map(countingReal) : budgets };
  const changes = await declare({ ledger, clock }, declared, options.counting);
  const booked = bookedProviders(configuration, catalogue);
  const prices = new PricesInForce({
    make: (overrides) => catalogue.book(overrides, booked),
    declared: configuration.prices,
    kept: () => ledger.prices(),
  });
  const tellsBilledCost = billedCostTellers(configuration, { catalogue, booked });
  const metrics = makeMetrics({ ledger, version, ...(simulatedApart && { apart: simulatorName }) });
  const observer = log.observe(metrics);
  const startedAt = clock.now();
  const learned = new Learned();
  const health = new StoreHealth({ ledger, reader, clock });
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
    simulatedApart,
    prices: () => prices.book,
    priceProvider: (provider) => provider,
    expectedOutput: ({ provider, model }, ceiling) => learned.of(provider, model).output.expected(ceiling),
    tellsBilledCost,
    reloadPrices: () => prices.reload(),
    adminKeyHashes: [token, ...(adminKey === undefined ? [] : [adminKey])].map(hashSecret),
    metrics: () => metrics.text(),
    ready: () => readiness(health),
    status: () => ({
      node: process.versions.node,
      processId: process.pid,
      startedAt,
      data: path.resolve(directory),
      durability: configuration.durability,
      pricesCheckedOn: overlayVersion,
      pricesStated: configuration.prices.length + ledger.prices().length,
      providers: configuration.providers.map(providerStatus),
    }),
    probeProviders: () => probeProviders(configuration),
    catalogue: () => catalogue.models().map(({ provider, model }) => ({ provider: commonName(provider), model })),
    reportBug: (error) => observer.failed("a request to the control plane failed", error),
  });
  const close = async (): Promise<void> => {
    metrics.close();
    await reader.close();
    await ledger.close();
  };
  return { ledger, reader, prices, learned, observer, api, admit, catalogue, booked, tellsBilledCost, log, health, token, changes, close };
}

/** What this start's configuration names, against that of the last one; remembers it for the next. */
async function tellDeclared(configuration: Configuration, directory: string): Promise<readonly DeclaredChange[]> {
  const memory = declaredFile(directory);
  const now = namesOf(configuration, configuration.prices);
  const before = await memory.read();
  await memory.write(now);
  return differencesOf(before, now);
}

/** Which providers have keys says nothing where no call is made: what the ledger has decides. */
function asFolder({ providers }: Configuration): Pick<Configuration, "providers" | "simulator"> {
  return { providers: providers.filter(({ name }) => name === simulatorName), simulator: null };
}

function providerStatus({ name, baseUrl, apiKey }: ProviderConfiguration): ProviderStatus {
  return { name, baseUrls: [baseUrl], key: apiKey === null ? "callers_bring_theirs" : "set" };
}

/** Asks each provider of a configuration for its list of models, with its key. */
export async function probeProviders({ providers }: Configuration): Promise<readonly Probe[]> {
  const options = { timeoutMs: probeWithinMs, now: () => performance.now() };
  return Promise.all(
    providers.map((provider) => probeProvider(makeProvider(provider, { vendor: provider.name, tellsBilledCost: false }), options)),
  );
}

async function readiness(health: StoreHealth): Promise<Readiness> {
  const reasons = await health.problems();
  return { ready: reasons.length === 0, reasons };
}

/** What the price book has to know of each configured provider. */
function bookedProviders({ providers }: Configuration, catalogue: Catalogue): ReadonlyMap<string, BookedProvider> {
  return new Map(
    providers.map(({ name, baseUrl, priceProvider, region }) => {
      const id = priceProvider === name ? (catalogue.providerFor({ name, baseUrl }) ?? name) : priceProvider;
      const known = region ?? catalogue.regionOf(baseUrl);
      return [name, { id, ...(known !== undefined && { region: known }) }];
    }),
  );
}

/** Of which providers the reported cost is the charge: those that document it, unless the configuration says otherwise. */
function billedCostTellers(
  { providers }: Configuration,
  { catalogue, booked }: { readonly catalogue: Catalogue; readonly booked: ReadonlyMap<string, BookedProvider> },
): (provider: string) => boolean {
  const stated = new Map(providers.map(({ name, reportedCost }) => [name, reportedCost]));
  return (provider) => {
    const word = stated.get(provider) ?? null;
    return word === null ? catalogue.tellsBilledCost(booked.get(provider)?.id ?? provider) : word === "charge";
  };
}

interface ProviderParts {
  readonly booked: ReadonlyMap<string, BookedProvider>;
  readonly simulator: Simulator | null;
  readonly tellsBilledCost: (provider: string) => boolean;
}

function makeProviders({ providers, aliases }: Configuration, { booked, simulator, tellsBilledCost }: ProviderParts): Providers {
  const byName = new Map(
    providers.map((provider) => {
      const { name } = provider;
      return [name, makeProvider(provider, { vendor: booked.get(name)?.id ?? name, tellsBilledCost: tellsBilledCost(name) })];
    }),
  );
  if (simulator) byName.set("sim", simulatedProvider(simulator));
  return { byName, aliases };
}

interface KnownOfProvider {
  /** What the catalogue calls it: also a provider of another name may be OpenAI, by its host. */
  readonly vendor: string;
  readonly tellsBilledCost: boolean;
}

function makeProvider({ wire, baseUrl, ...rest }: ProviderConfiguration, { vendor, tellsBilledCost }: KnownOfProvider): Provider {
  const isOpenai = vendor === "openai" || vendor === "azure";
  return {
    ...rest,
    bases: { [wire]: baseUrl },
    priceProvider: rest.name,
    vendor,
    tellsBilledCost,
    wires: wire === "openai" && isOpenai ? { openai: openaiOwnWire } : {},
  };
}

function simulatedProvider({ url }: Simulator): Provider {
  return {
    name: "sim",
    bases: { openai: `${url}/openai/v1`, anthropic: `${url}/anthropic`, gemini: `${url}/gemini` },
    apiKey: "simulated",
    headers: {},
    passHeaders: [],
    priceProvider: "sim",
    vendor: "sim",
    unmetered: "refuse",
    tellsBilledCost: false,
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

/** Looks through the ledger's file now and then, from the start on, and says once that it is damaged. */
function watchFile(health: StoreHealth, log: Log): () => void {
  let wasWell = true;
  const look = async (): Promise<void> => {
    const problems = await health.problems();
    if (problems.length > 0 && wasWell) log.error("the ledger has a problem, and /readyz says so", new Error(problems.join("; ")));
    wasWell = problems.length === 0;
  };
  void look();
  return () => void look();
}

function expireHolds(ledger: Ledger, log: Log): void {
  if (ledger.problem()) return;
  ledger.decide({ kind: "expire", at: clock.now() }).catch((error: unknown) => log.error("holds could not be expired", error));
}
