/** Opens the parts shared by a server and an opened folder: ledger, catalogue and control plane. */

import { Waiting } from "../app/hold/waiting.ts";
import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Hono } from "hono";
import { makeApi } from "../api/api.ts";
import type { ProviderStatus, Readiness } from "../api/context.ts";
import type { DeclaredChange } from "../app/manage/declared.ts";
import { declare } from "../app/manage/first-start.ts";
import { declareRules, lostNotifiers } from "../app/rule/manage.ts";
import { RuleWatch } from "../app/rule/watch.ts";
import { FileExporter } from "../app/export/file-exporter.ts";
import type { ScheduledExports } from "../app/export/scheduled.ts";
import { ExportQueue } from "../app/export/export-queue.ts";
import type { Feed } from "../app/port/feed.ts";
import type { Ledger } from "../app/port/ledger.ts";
import type { LedgerReader } from "../app/port/reader.ts";
import { CurrentPrices } from "../app/manage/current-prices.ts";
import { PriceUpdates } from "../app/manage/update-prices.ts";
import { commonName } from "../domain/price/id/provider-name.ts";
import { hashSecret } from "../app/caller/secret.ts";
import {
  countingReal,
  isApart,
  setApart,
  simulator as simulatorName,
} from "../app/route/simulated.ts";
import { ObservedSessions } from "../app/ingest/telemetry/sessions.ts";
import { StoreHealth } from "../app/manage/store-health.ts";
import type { TokenCounter } from "../app/port/token-counter.ts";
import { visitorCheck, type Visit } from "../app/caller/visitor.ts";
import {
  openCatalogue,
  type Catalogue,
  type CatalogueModel,
  type Identities,
} from "../catalogue/catalogue.ts";
import { overlayVersion } from "../catalogue/overlay/row.ts";
import { priceLists } from "../catalogue/source/lists.ts";
import type { Configuration, Environment, ProviderConfiguration } from "../config/configuration.ts";
import { readLogLevel } from "../config/environment.ts";
import { knownProviders } from "../config/provider.ts";
import { Learned } from "../domain/estimate/learned.ts";
import { makeLog, type Log } from "../metrics/log.ts";
import { makeMetrics, type Metrics } from "../metrics/metrics.ts";
import { otlp } from "../otlp/otlp.ts";
import { openLedger } from "../store/sqlite/open.ts";
import { openScheduledExports } from "./scheduled-exports.ts";
import { ThreadCounter } from "../tokenizer/thread-counter.ts";
import { version } from "../version.ts";
import { clock } from "./clock.ts";
import { openNotifiers, type OpenNotifiers } from "./notifiers.ts";
import { files } from "./files.ts";
import { billedCostReporters, probeProviders, unlistedRules } from "./providers.ts";

export interface ComposeOptions {
  /** Receives human-readable log lines. Absent: JSON on standard error. */
  readonly logText?: ((text: string) => void) | undefined;
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** The data folder. */
  readonly directory: string;
  /** Reports progress, from 0 to 1, while a budget is recounted at startup. */
  readonly counting?: (budgetId: string, share: number) => void;
}

export interface Parts {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
  /** Null for a folder opened without a server. Not started yet. */
  readonly notifiers: OpenNotifiers | null;
  /** Fires rules; null for a folder opened without a server. Not started yet. */
  readonly rules: RuleWatch | null;
  /** Null for a folder opened without a server. Not started yet. */
  readonly scheduled: ScheduledExports | null;
  readonly prices: CurrentPrices;
  readonly priceUpdates: PriceUpdates;
  readonly learned: Learned;
  readonly counter: TokenCounter;
  readonly waiting: Waiting;
  readonly observer: Metrics;
  readonly api: Hono;
  readonly admit: (visit: Visit) => void;
  readonly catalogue: Catalogue;
  /** Who the configured providers are. */
  readonly identities: Identities;
  readonly log: Log;
  readonly health: StoreHealth;
  /** Grants administrator access while the folder is open. */
  readonly token: string;
  /** Whether simulated money is kept apart from real money. */
  readonly simulatedApart: boolean;
  /** Budgets and keys of the configuration that differ from the ledger. */
  readonly changes: readonly DeclaredChange[];
  close(): Promise<void>;
}

export interface Serving {
  /** An administrator key from the environment, in addition to the token. */
  readonly adminKey: string | undefined;
  /** Aborts the calls in flight of a key. */
  readonly endCallsOf: (keyId: string) => void;
  /** The error of the file that records objects stored at providers, if any. */
  readonly belongingsProblem: () => Error | null;
}

/** @param serving Null for a folder opened without a server, which serves no calls. */
export async function openParts(options: ComposeOptions, serving: Serving | null): Promise<Parts> {
  const { configuration, directory } = options;
  const serves = serving !== null;
  const {
    adminKey,
    endCallsOf = (): void => undefined,
    belongingsProblem = (): null => null,
  } = serving ?? {};
  const log = makeLog(readLogLevel(options.environment), options.logText);
  const [catalogue, { ledger, reader, feed }] = await Promise.all([
    openCatalogue(),
    openLedger({ directory, durability: configuration.durability, clock }),
  ]);
  const simulatedApart = await isApart(serves ? configuration : asFolder(configuration), reader);
  if (serves && simulatedApart) await setApart({ ledger, clock });
  const pricesUpdatedAt = (): number => Math.max(catalogue.madeAt, priceUpdates.updatedAt ?? 0);
  const metrics = makeMetrics({
    ledger,
    version,
    pricesUpdatedAt,
    providers: configuration.providers.map(({ name }) => name),
    ...(simulatedApart && { apart: simulatorName }),
  });
  const observer = log.observe(metrics);
  const waiting = new Waiting();
  const { budgets } = configuration;
  const declared = {
    ...configuration,
    budgets: simulatedApart ? budgets.map(countingReal) : budgets,
  };
  const changes = await declare({ ledger, clock, waiting, observer }, declared, options.counting);
  const identities = catalogue.identities(configuration.providers);
  const unlisted = unlistedRules(configuration, identities);
  const prices = new CurrentPrices({
    make: (overrides, updates) =>
      catalogue.book(overrides, identities.byName, { updates, unlisted }),
    declared: [...configuration.prices, ...configuration.items],
    kept: () => ({ overrides: ledger.prices(), updates: ledger.priceUpdates() }),
  });
  const reportsBilledCost = billedCostReporters(configuration, identities);
  const models = (): readonly CatalogueModel[] => catalogue.models(prices.updated);
  const priceUpdates = new PriceUpdates({
    ledger,
    reader,
    clock,
    lists: priceLists,
    prices,
    models,
    firstHand: catalogue.firstHand,
    reportsBilledCost,
    observer,
  });
  const notifiers = serves
    ? openNotifiers({ configuration, directory, feed, log, simulatedApart })
    : null;
  const rules =
    notifiers &&
    new RuleWatch({
      ledger,
      reader,
      feed,
      clock,
      waiting,
      observer,
      deliveries: notifiers.store,
      onProblem: (message, error) =>
        log.warn(`${message}: ${error instanceof Error ? error.message : String(error)}`),
      ...(simulatedApart && { exceptProvider: simulatorName }),
    });
  if (serves) {
    const context = { ledger, clock, prices: () => prices.book };
    for (const warning of await declareRules(context, configuration.rules)) log.warn(warning);
    const names = configuration.notifiers.map(({ name }) => name);
    for (const warning of lostNotifiers(ledger.rules(), names)) log.warn(warning);
  }
  const exporter = new FileExporter({ reader, files });
  const scheduled = serves
    ? openScheduledExports({
        schedules: configuration.exports,
        directory,
        simulatedApart,
        log,
        ledger,
        exporter,
      })
    : null;
  const startedAt = clock.now();
  const learned = new Learned();
  const counter = new ThreadCounter();
  const health = new StoreHealth({ ledger, reader, clock, belongings: belongingsProblem });
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
    feed,
    notifiers: notifiers?.notifiers ?? null,
    scheduledExports: scheduled,
    rulesChanged: async () => rules?.wake(),
    clock,
    exporter: new ExportQueue(exporter),
    counter,
    tokenizerFamily: (provider) => identities.of(provider).tokenizer,
    version,
    simulatedApart,
    prices: () => prices.book,
    expectedOutput: ({ provider, model }, ceiling) =>
      learned.of(provider, model).output.expected(ceiling),
    reportsBilledCost,
    telemetry: {
      format: otlp,
      rules: configuration.telemetry,
      sessions: new ObservedSessions(reader),
    },
    priceUpdates,
    declaredPrices: configuration.prices,
    declaredItems: configuration.items,
    displayRates: configuration.displayRates,
    providerNames: [
      ...configuration.providers.map(({ name }) => name),
      ...Object.keys(knownProviders),
    ],
    reloadPrices: () => prices.reload(),
    adminKeyHashes: [token, ...(adminKey === undefined ? [] : [adminKey])].map(hashSecret),
    metrics: async (of) =>
      (await metrics.text(of)) + (of.ofAllCalls ? ((await notifiers?.metrics()) ?? "") : ""),
    ready: () => readiness(health),
    status: () => ({
      node: process.versions.node,
      processId: process.pid,
      startedAt,
      data: path.resolve(directory),
      configuration: configuration.file === null ? null : path.resolve(configuration.file),
      durability: configuration.durability,
      pricesCheckedOn: overlayVersion,
      priceSchedule: configuration.priceUpdates,
      pricesUpdatedAt: pricesUpdatedAt(),
      pricesStated:
        configuration.prices.length +
        ledger.prices().filter(({ removedAt }) => removedAt === null).length,
      providers: configuration.providers.map(providerStatus),
    }),
    probeProviders: () => probeProviders(configuration, catalogue),
    catalogue: () =>
      models().map(({ provider, model }) => ({ provider: commonName(provider), model })),
    waiting,
    observer,
    reportBug: (error) => observer.failed("a request to the control plane failed", error),
  });
  const close = async (): Promise<void> => {
    metrics.close();
    await scheduled?.stop();
    await rules?.stop();
    await notifiers?.close();
    await counter.close();
    await reader.close();
    await ledger.close();
  };
  return {
    ledger,
    reader,
    feed,
    notifiers,
    rules,
    scheduled,
    prices,
    priceUpdates,
    learned,
    counter,
    waiting,
    observer,
    api,
    admit,
    catalogue,
    identities,
    log,
    health,
    token,
    simulatedApart,
    changes,
    close,
  };
}

/** Provider keys are irrelevant if no calls are made: the contents of the ledger decide. */
function asFolder({ providers }: Configuration): Pick<Configuration, "providers" | "simulator"> {
  return { providers: providers.filter(({ name }) => name === simulatorName), simulator: null };
}

function providerStatus({ name, baseUrl, apiKey }: ProviderConfiguration): ProviderStatus {
  return { name, baseUrls: [baseUrl], key: apiKey === null ? "callers_bring_theirs" : "set" };
}

async function readiness(health: StoreHealth): Promise<Readiness> {
  const reasons = await health.problems();
  return { ready: reasons.length === 0, reasons };
}
