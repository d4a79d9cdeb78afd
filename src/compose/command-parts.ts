/** The parts that commands may start, each imported on demand to keep startup fast. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { overridesOf } from "../domain/price/text/kept-price.ts";
import { replacedByApi } from "../domain/price/text/replaced.ts";
import { namesModel } from "../domain/price/text/override.ts";
import { commonName } from "../domain/price/id/provider-name.ts";
import { asCalled } from "../cli/called.ts";
import { runningServer } from "../cli/connection.ts";
import type { Environment, Parts, ServeOptions } from "../cli/context.ts";
import type { Warning } from "../cli/failure.ts";
import { readNamedFile } from "../cli/named-file.ts";
import { clock } from "./clock.ts";
import { deploymentWarnings } from "./deployment-warnings.ts";
import { exportFolderWarnings } from "./export-folder-warnings.ts";
import type { Configuration } from "../config/configuration.ts";
import { PurserError } from "../domain/error.ts";
import { version } from "../version.ts";

/** Read if no configuration is given and the file exists. */
const usualConfiguration = "purser.yaml";

/** A checkout runs the TypeScript sources; the built package has JavaScript. */
const mainFile = import.meta.url.endsWith(".ts") ? "../cli/main.ts" : "../cli/main.js";

/** @param logText Receives human-readable log lines. Absent: JSON on standard error. */
export function makeParts(environment: Environment, logText?: (text: string) => void): Parts {
  return {
    version,
    startServer: async (options, counting) => {
      const configuration = await serverConfiguration(options, environment);
      const [{ startServer }, { collectLess }] = await Promise.all([
        import("../compose.ts"),
        import("../gateway/collect-less.ts"),
      ]);
      collectLess();
      const directory = configuration.data;
      const server = await startServer({
        configuration,
        environment,
        directory,
        logText,
        ...(counting && { counting }),
      }).catch(async (error: unknown) => {
        throw await inUseFailure(error, directory);
      });
      return {
        ...server,
        warnings: [
          ...(await warningsOf(configuration)),
          ...(await replacedPrices(configuration, directory)),
          ...(server.hasAdminKey ? [] : [noAdminKey]),
        ],
      };
    },
    openFolder: async (dataDirectory, file) => {
      const { openFolder } = await import("../compose.ts");
      return openFolder({
        configuration: await readingConfiguration(environment, file),
        environment,
        directory: dataDirectory,
        logText,
      });
    },
    checkLedger,
    verifyFolder: async (dataDirectory, progress) => {
      const [{ SqliteReader }, { versionOf }] = await Promise.all([
        import("../store/sqlite/read/ledger-reader.ts"),
        import("../store/sqlite/schema.ts"),
      ]);
      await checkLedger(dataDirectory);
      if (versionOf(dataDirectory) === 0) throw noLedgerYet(dataDirectory);
      const reader = new SqliteReader({ directory: dataDirectory, settled: async () => {} });
      try {
        return await reader.verify(progress);
      } finally {
        await reader.close();
      }
    },
    isHeld: isLocked,
    openCatalogue: async ({ data, config } = {}) => {
      const [{ openCatalogue }, { CurrentPrices }, { readPrices }, { unlistedRules }] =
        await Promise.all([
          import("../catalogue/catalogue.ts"),
          import("../app/manage/current-prices.ts"),
          import("../store/sqlite/read/read-prices.ts"),
          import("./providers.ts"),
        ]);
      const catalogue = await openCatalogue();
      const configuration = await readingConfiguration(environment, config);
      const identities = catalogue.identities(configuration.providers);
      const unlisted = unlistedRules(configuration, identities);
      const { prices, priceUpdates } = readPrices(
        data ?? (environment["PURSER_DATA"] || folderOf(configuration)),
      );
      const current = new CurrentPrices({
        make: (overrides, updates) =>
          catalogue.book(overrides, identities.byName, { updates, unlisted }),
        declared: configuration.prices,
        kept: () => ({ overrides: prices, updates: [...priceUpdates.values()] }),
      });
      const overrides = [...configuration.prices, ...overridesOf(prices)];
      return {
        book: current.book,
        overrides,
        disagreements: (at) => catalogue.disagreements(at, current.book),
        models: () =>
          [
            ...overrides.map(({ row }) => row).filter(namesModel),
            ...catalogue.models(current.updated),
          ].map(({ provider, model }) => {
            return { provider: commonName(provider), model };
          }),
      };
    },
    startSimulator: async (options) =>
      (await import("../simulator/index.ts")).startSimulator(options),
    checkConfiguration: async (file) => {
      const configuration = await configurationOf(file, environment);
      const { readAdminKey, readLogLevel } = await import("../config/environment.ts");
      readAdminKey(environment);
      readLogLevel(environment);
      const providers = configuration.providers.map(({ name, baseUrl, apiKey }) => ({
        name,
        baseUrl,
        hasKey: apiKey !== null,
      }));
      return { ...configuration.server, providers, warnings: await warningsOf(configuration) };
    },
    configuredFolder: async (file) => {
      const { loadDataFolder } = await import("../config/load.ts");
      const found = await readConfiguration(file);
      const named = found?.file ?? null;
      const options = { environment: lenient(environment), file: named ?? "" };
      return folderOf({ data: loadDataFolder(found?.text ?? "", options), file: named });
    },
    replacedPrices: async (file, dataDirectory) =>
      replacedPrices(await readingConfiguration(environment, file), dataDirectory),
    knownProviders: async () => Object.keys((await import("../config/provider.ts")).knownProviders),
    probeProviders: async (file) => {
      const [configuration, { probeProviders }, { openCatalogue }] = await Promise.all([
        configurationOf(file, environment),
        import("./providers.ts"),
        import("../catalogue/catalogue.ts"),
      ]);
      return probeProviders(configuration, await openCatalogue());
    },
    program: {
      file: process.execPath,
      arguments: [...process.execArgv, fileURLToPath(new URL(mainFile, import.meta.url))],
    },
  };
}

/** @returns The error with the address of the server that owns the folder, if it responds. */
async function inUseFailure(error: unknown, directory: string): Promise<unknown> {
  if (!(error instanceof PurserError) || error.code !== "store_unavailable") return error;
  const server = await runningServer(directory);
  if (!server) return error;
  return new PurserError(
    "store_unavailable",
    `the data folder ${directory} is in use by the Purser at ${server.url}`,
    {
      field: "data",
      remedy: `Use that server, or stop it (process ${server.pid}), or give each server its own folder with --data.`,
      cause: error,
    },
  );
}

/** All were revoked or have expired. */
const noAdminKey: Warning = {
  message:
    "the ledger has no live admin key: only commands in the data folder can use the control plane",
  field: "PURSER_ADMIN_KEY",
  remedy: asCalled(
    "Set PURSER_ADMIN_KEY at the next start, or create a key here: `purser key create --name NAME --role admin`.",
  ),
};

/** The first start ended before it created the tables, or another program created the file. */
function noLedgerYet(directory: string): PurserError {
  return new PurserError(
    "not_found",
    `there is no ledger in ${directory} yet: its ledger.db has no tables`,
    {
      field: "--data",
      remedy:
        "Give the data folder of a server that has been started, or restore the last backup that passes `purser verify`.",
    },
  );
}

/** Options on the command line take precedence over the file. */
async function serverConfiguration(
  options: ServeOptions,
  environment: Environment,
): Promise<Configuration> {
  const configuration = await configurationOf(options.config, environment);
  const { host, port } = configuration.server;
  return {
    ...configuration,
    server: { ...configuration.server, host: options.host ?? host, port: options.port ?? port },
    data: options.data ?? (environment["PURSER_DATA"] || configuration.data),
    simulator: options.simulator ?? configuration.simulator,
  };
}

/**
 * The configuration for reading figures: prices and provider names count, declared budgets and keys
 * are ignored, and unset secrets are allowed, because no call is made.
 */
async function readingConfiguration(
  environment: Environment,
  file?: string,
): Promise<Configuration> {
  return { ...(await configurationOf(file, lenient(environment))), budgets: [], keys: [] };
}

/** Sets every variable. */
function lenient(environment: Environment): Environment {
  const valueOf = (name: string | symbol): string | undefined =>
    typeof name === "string" ? (environment[name] ?? standIn(name)) : undefined;
  return new Proxy(environment, {
    get: (_, name) => valueOf(name),
    getOwnPropertyDescriptor: (_, name) => ({
      value: valueOf(name),
      configurable: true,
      enumerable: true,
      writable: true,
    }),
  });
}

/** @throws PurserError `invalid_configuration` if it depends on a variable that is not set. */
function folderOf({ data, file }: Pick<Configuration, "data" | "file">): string {
  if (!data.includes(standIn(""))) return data;
  const message = `data of ${file ?? usualConfiguration} names a variable that is not set in this shell`;
  const remedy = "Set it, or give the data folder with --data.";
  throw new PurserError("invalid_configuration", message, { field: "data", remedy });
}

/** Which of two prices of a model applies is not evident from either. */
async function replacedPrices(
  { file, prices }: Configuration,
  dataDirectory: string,
): Promise<readonly Warning[]> {
  if (prices.length === 0) return [];
  const { readPrices } = await import("../store/sqlite/read/read-prices.ts");
  return replacedByApi(prices, readPrices(dataDirectory).prices, Date.now()).map(
    ({ declared: { row }, by: { priceId, setAt } }) => ({
      message: `the price of ${row.provider}/${row.model} in ${file} is replaced by one set over the API on ${new Date(setAt).toISOString().slice(0, 10)} (${priceId})`,
      field: "prices",
      remedy: `Remove it from the file, or the other with DELETE /api/v1/prices/${priceId}.`,
    }),
  );
}

/** A valid secret that differs for each name, because two keys cannot share a secret. */
function standIn(name: string): string {
  return `not-set-in-this-shell-${name}`;
}

async function configurationOf(
  file: string | undefined,
  environment: Environment,
  withoutNotifiers = false,
): Promise<Configuration> {
  const { defaultConfiguration, loadConfiguration } = await import("../config/load.ts");
  const found = await readConfiguration(file);
  return found
    ? loadConfiguration(found.text, { environment, file: found.file, withoutNotifiers })
    : defaultConfiguration(environment);
}

async function warningsOf(configuration: Configuration): Promise<readonly Warning[]> {
  const { file, warnings } = configuration;
  return [
    ...warnings.map(({ line, message, field, remedy }) => ({
      message: `${file} line ${line}: ${message}`,
      field,
      remedy,
    })),
    ...(await deploymentWarnings(configuration, clock.now())),
    ...(await exportFolderWarnings(configuration)),
  ];
}

/** @param file Must exist if given; the default file is optional. */
async function readConfiguration(
  file: string | undefined,
): Promise<{ readonly file: string; readonly text: string } | undefined> {
  if (file !== undefined) return { file, text: await readNamedFile(file, "--config") };
  const text = await readFile(usualConfiguration, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : { file: usualConfiguration, text };
}

async function checkLedger(dataDirectory: string): Promise<void> {
  const { checkLedgerFile } = await import("../store/sqlite/check.ts");
  const { checkBelongings } = await import("../store/sqlite/belongings.ts");
  const { checkDeliveries } = await import("../store/sqlite/deliveries.ts");
  checkLedgerFile(dataDirectory, { isHeld: await isLocked(dataDirectory) });
  checkBelongings(dataDirectory);
  checkDeliveries(dataDirectory);
}

/** Does not create the lock file if it does not exist yet. */
async function isLocked(dataDirectory: string): Promise<boolean> {
  if (!existsSync(path.join(dataDirectory, "lock.db"))) return false;
  const { lockFolder } = await import("../store/sqlite/lock.ts");
  try {
    lockFolder(dataDirectory).release();
    return false;
  } catch (error) {
    if (error instanceof PurserError && error.code === "store_unavailable") return true;
    throw error;
  }
}
