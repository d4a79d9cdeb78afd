/** Reads `purser.yaml`: one error at a time, with the line, the field and what to do about it. */

import { PurserError } from "../domain/error.ts";
import { type Fields, openFields, optionalFlag, optionalText, optionalTexts, optionalWhole, optionalWord } from "../domain/input/fields.ts";
import type { Configuration, Environment, ProviderConfiguration } from "./configuration.ts";
import { readAliases, readBudgets, readKeys, readPrices } from "./declared.ts";
import { explained, readDocument } from "./document.ts";
import { defaultLimits, readLimits } from "./limit.ts";
import { environmentProviders, readProviders } from "./provider.ts";
import { withNumbers } from "./substitute.ts";
import { findWarnings } from "./warning.ts";

/**
 * @param text The file's content; empty means that all is as it is without a file.
 * @param options.file Its name, for errors.
 * @throws PurserError `invalid_configuration` with `detail.line`, `detail.field` and `detail.remedy`.
 */
export function loadConfiguration(text: string, options: { readonly environment: Environment; readonly file: string }): Configuration {
  const { environment, file } = options;
  const document = readDocument(text, options);
  const fromEnvironment = fromTheEnvironment(environment);
  return explained({ file, locate: document.locate }, () => {
    const fields = openFields(document.value ?? {}, { prefix: "", known: sections });
    const named = fields.values.has("providers") ? readProviders(fields.values.get("providers")) : [];
    const providers = join(named, fromEnvironment);
    const prices = readPrices(fields, providers);
    const budgets = readBudgets(fields);
    const keys = readKeys(fields, { budgets, isFromEnvironment: (field) => document.locate(field).variables.length > 0 });
    return {
      file,
      server: readServer(fields),
      data: optionalText(fields, "data", "Give the path of a folder, such as .purser.") ?? defaultData,
      durability: optionalWord(fields, "durability", ["full", "process"]) ?? "full",
      providers,
      prices,
      budgets,
      keys,
      aliases: readAliases(fields, providers),
      limits: readLimits(fields.values.get("limits")),
      allowAnonymous: optionalFlag(fields, "allow_anonymous") ?? false,
      onDisconnect: optionalWord(fields, "on_disconnect", ["drain", "cancel"]) ?? "drain",
      warnings: findWarnings({ providers, prices, budgets, keys }, { named, locate: document.locate }),
    };
  });
}

/**
 * The configuration without a file.
 *
 * @throws PurserError `invalid_configuration` for a provider's key in the environment that cannot be one.
 */
export function defaultConfiguration(environment: Environment): Configuration {
  return {
    file: null,
    server: { host: defaultHost, port: defaultPort, hosts: [], origins: [], metrics: "key" },
    data: defaultData,
    durability: "full",
    providers: fromTheEnvironment(environment),
    prices: [],
    budgets: [],
    keys: [],
    aliases: new Map(),
    limits: defaultLimits,
    allowAnonymous: false,
    onDisconnect: "drain",
    warnings: [],
  };
}

const sections = [
  "server",
  "data",
  "durability",
  "providers",
  "prices",
  "budgets",
  "keys",
  "aliases",
  "limits",
  "allow_anonymous",
  "on_disconnect",
];
const defaultHost = "127.0.0.1";
const defaultPort = 4141;
const defaultData = ".purser";

function fromTheEnvironment(environment: Environment): readonly ProviderConfiguration[] {
  try {
    return environmentProviders(environment);
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    throw new PurserError("invalid_configuration", `the environment variable ${error.message}`, error.detail);
  }
}

/** A file's own providers, and those of the environment that it does not name. */
function join(
  named: readonly ProviderConfiguration[],
  fromEnvironment: readonly ProviderConfiguration[],
): readonly ProviderConfiguration[] {
  const names = new Set(named.map((provider) => provider.name));
  return [...named, ...fromEnvironment.filter((provider) => !names.has(provider.name))];
}

function readServer(fields: Fields): Configuration["server"] {
  const server = openFields(fields.values.get("server") ?? {}, {
    prefix: "server.",
    known: ["host", "port", "hosts", "origins", "metrics"],
  });
  return {
    host: optionalText(server, "host", "Give an address to listen on, such as 127.0.0.1.") ?? defaultHost,
    port: optionalWhole(withNumbers(server), "port", { least: 0, most: 65_535 }) ?? defaultPort,
    hosts: optionalTexts(server, "hosts", "Give a list of names, such as [purser, purser.example.com].") ?? [],
    origins: optionalTexts(server, "origins", "Give a list of origins, such as [https://app.example.com].") ?? [],
    metrics: optionalWord(server, "metrics", ["key", "open"]) ?? "key",
  };
}
