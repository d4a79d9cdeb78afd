/** Reads `purser.yaml`, and reports all errors at once with line, field and remedy. */

import { assert } from "../domain/assert.ts";
import { PurserError } from "../domain/error.ts";
import {
  type Fields,
  isObject,
  invalid,
  openFields,
  optionalFlag,
  optionalText,
  optionalTexts,
  optionalWhole,
  optionalWord,
  show,
} from "../domain/input/fields.ts";
import { checkPort } from "../domain/input/port.ts";
import type { Configuration, Environment, ProviderConfiguration } from "./configuration.ts";
import {
  budgetIdsOf,
  readAliases,
  readBudgets,
  readItems,
  readKeys,
  readPrices,
} from "./declared.ts";
import { readDocument } from "./document.ts";
import { readExportSchedules } from "./export-schedule.ts";
import { Faults } from "./fault.ts";
import { defaultLimits, readLimits } from "./limit.ts";
import { readDisplay } from "./display.ts";
import { notifierNamesOf, readNotifiers } from "./notifier.ts";
import { readPriceSchedule } from "./price-schedule.ts";
import { environmentProviders, readProviders } from "./provider.ts";
import { budgetNames } from "../domain/rule/rule-names.ts";
import { readRules } from "./rule.ts";
import { defaultTelemetryRules, readTelemetryRules } from "./telemetry.ts";
import { withNumbers } from "./substitute.ts";
import { findWarnings } from "./warning.ts";

export interface LoadOptions {
  readonly environment: Environment;
  /** The file name for errors. */
  readonly file: string;
  /** Milliseconds since the epoch, to warn of ended budgets; defaults to the current time. */
  readonly now?: number;
  /** Whether notifiers are left out: no event is sent, and their secrets may be unset. */
  readonly withoutNotifiers?: boolean;
}

/**
 * @param text The content of the file; empty is the same as no file.
 * @throws PurserError `invalid_configuration` for the first fault, with all of them in
 *   `detail.faults`.
 */
export function loadConfiguration(text: string, options: LoadOptions): Configuration {
  const { environment, file, now = Date.now() } = options;
  const document = readDocument(text, options);
  const fromEnvironment = fromTheEnvironment(environment);
  const { faults, locate, value } = document;
  const configuration = faults.readObject(
    { input: value ?? {}, prefix: "", standIns: {} },
    (input): Configuration => {
      if (typeof input !== "object" || input === null || Array.isArray(input))
        throw noFields(input);
      const fields = openFields(input, { prefix: "", known: sections });
      const isFromEnvironment = (field: string): boolean => locate(field).variables.length > 0;
      const named = readProviders(fields.values.get("providers"), faults);
      const providers = join(named, fromEnvironment);
      const prices = readPrices(fields, faults);
      const budgets = readBudgets(fields, faults);
      const keys = readKeys(fields, {
        budgetIds: budgetIdsOf(fields),
        faults,
        isFromEnvironment,
      });
      const notifiers =
        options.withoutNotifiers === true
          ? []
          : readNotifiers(fields, { faults, isFromEnvironment });
      return {
        file,
        server: readServer(fields, faults),
        data: readData(fields.values),
        durability: optionalWord(fields, "durability", ["full", "process"]) ?? "full",
        providers,
        prices,
        items: readItems(fields, faults),
        priceUpdates: readPriceSchedule(fields.values.get("price_updates"), faults),
        budgets,
        keys,
        aliases: readAliases(fields, {
          names: [...namesOf(fields.values.get("providers")), ...providers.map(({ name }) => name)],
          faults,
        }),
        limits: readLimits(fields.values.get("limits"), faults),
        displayRates: readDisplay(fields.values.get("display"), faults),
        telemetry: readTelemetryRules(fields.values.get("telemetry"), faults),
        simulator: optionalWord<"on" | "off">(fields, "simulator", ["on", "off"]) ?? null,
        allowAnonymous: optionalFlag(fields, "allow_anonymous") ?? false,
        notifiers,
        rules:
          options.withoutNotifiers === true
            ? []
            : readRules(fields, {
                faults,
                notifiers: notifierNamesOf(fields),
                ...budgetNames(budgets),
                budgets: [...budgetIdsOf(fields)],
              }),
        exports:
          options.withoutNotifiers === true
            ? []
            : readExportSchedules(fields, { faults, isFromEnvironment }),
        onDisconnect: optionalWord(fields, "on_disconnect", ["drain", "cancel"]) ?? "drain",
        warnings: [],
      };
    },
  );
  faults.throwAny();
  assert(configuration !== undefined, "a file without faults is a configuration");
  return {
    ...configuration,
    warnings: findWarnings(configuration, { named: namedIn(configuration, value), locate, now }),
  };
}

/**
 * The data folder of a configuration, or the default. Other settings may be wrong: commands that only
 * need the folder do not depend on them.
 *
 * @throws PurserError `invalid_configuration` for text that is not YAML, or another value of `data`.
 */
export function loadDataFolder(
  text: string,
  options: Pick<LoadOptions, "environment" | "file">,
): string {
  const { value, locate } = readDocument(text, options);
  const faults = new Faults({ file: options.file, locate });
  const data = isObject(value) ? value["data"] : undefined;
  const folder = faults.attempt(() => readData(new Map([["data", data ?? undefined]])));
  faults.throwAny();
  return folder ?? defaultData;
}

function readData(values: Fields["values"]): string {
  const remedy = "Give the path of a folder, such as .purser.";
  return optionalText({ prefix: "", values }, "data", remedy) ?? defaultData;
}

function noFields(input: unknown): PurserError {
  return new PurserError("invalid_request", `the file must be an object, not ${show(input)}`, {
    remedy: `Write NAME: VALUE with the fields ${sections.join(", ")}.`,
  });
}

/** The providers in the file. */
function namedIn({ providers }: Configuration, value: unknown): readonly ProviderConfiguration[] {
  const names = new Set(
    namesOf(
      typeof value === "object" && value !== null && "providers" in value
        ? value.providers
        : undefined,
    ),
  );
  return providers.filter(({ name }) => names.has(name));
}

function namesOf(providers: unknown): readonly string[] {
  return typeof providers === "object" && providers !== null && !Array.isArray(providers)
    ? Object.keys(providers)
    : [];
}

/**
 * The configuration without a file.
 *
 * @throws PurserError `invalid_configuration` for an invalid provider key in the environment.
 */
export function defaultConfiguration(environment: Environment): Configuration {
  return {
    file: null,
    server: { host: defaultHost, port: defaultPort, hosts: [], origins: [], metrics: "key" },
    data: defaultData,
    durability: "full",
    providers: fromTheEnvironment(environment),
    prices: [],
    items: [],
    priceUpdates: null,
    budgets: [],
    keys: [],
    aliases: new Map(),
    limits: defaultLimits,
    displayRates: [],
    telemetry: defaultTelemetryRules,
    simulator: null,
    allowAnonymous: false,
    onDisconnect: "drain",
    notifiers: [],
    rules: [],
    exports: [],
    warnings: [],
  };
}

const sections = [
  "server",
  "data",
  "durability",
  "providers",
  "prices",
  "items",
  "price_updates",
  "budgets",
  "keys",
  "aliases",
  "limits",
  "display",
  "telemetry",
  "simulator",
  "allow_anonymous",
  "on_disconnect",
  "notifiers",
  "rules",
  "exports",
];
const defaultHost = "127.0.0.1";
const defaultPort = 4141;
const defaultData = ".purser";

function fromTheEnvironment(environment: Environment): readonly ProviderConfiguration[] {
  try {
    return environmentProviders(environment);
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    throw new PurserError(
      "invalid_configuration",
      `the environment variable ${error.message}`,
      error.detail,
    );
  }
}

/** The providers of the file, then those of the environment that the file does not name. */
function join(
  named: readonly ProviderConfiguration[],
  fromEnvironment: readonly ProviderConfiguration[],
): readonly ProviderConfiguration[] {
  const names = new Set(named.map((provider) => provider.name));
  return [...named, ...fromEnvironment.filter((provider) => !names.has(provider.name))];
}

function readServer(fields: Fields, faults: Faults): Configuration["server"] {
  const whole = { input: fields.values.get("server") ?? {}, prefix: "server.", standIns: {} };
  const read = faults.readObject(whole, (input) => {
    const server = openFields(input, {
      prefix: "server.",
      known: ["host", "port", "hosts", "origins", "metrics", "public_url"],
    });
    const publicUrl = readPublicUrl(server);
    return {
      host:
        optionalText(server, "host", "Give an address to listen on, such as 127.0.0.1.") ??
        defaultHost,
      port: checkPort(
        optionalWhole(withNumbers(server), "port", { least: 0, most: 65_535 }) ?? defaultPort,
        "server.port",
      ),
      hosts:
        optionalTexts(
          server,
          "hosts",
          "Give a list of names, such as [purser, purser.example.com].",
        ) ?? [],
      origins:
        optionalTexts(
          server,
          "origins",
          "Give a list of origins, such as [https://app.example.com].",
        ) ?? [],
      metrics: optionalWord<"key" | "open">(server, "metrics", ["key", "open"]) ?? "key",
      ...(publicUrl !== undefined && { publicUrl }),
    };
  });
  return read ?? { host: defaultHost, port: defaultPort, hosts: [], origins: [], metrics: "key" };
}

/** Without a trailing slash. */
function readPublicUrl(server: Fields): string | undefined {
  const remedy = "Give the URL that people open, such as https://purser.example.com.";
  const text = optionalText(server, "public_url", remedy);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "")
    return url.href.replace(/\/+$/, "");
  throw invalid("server.public_url", `is ${show(text)}, which is not a valid URL here`, remedy);
}
