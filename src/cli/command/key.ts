/** `purser key create|list|revoke`. */

import type { Command } from "commander";
import type { KeyJson, NewKeyJson, UsedKeyJson } from "../../contract/key.ts";
import { dimensions } from "../../domain/attribution/attribution.ts";
import { asCalled } from "../called.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import type { Warning } from "../failure.ts";
import { readAll } from "../figures.ts";
import { unknownProviders, writeWarnings } from "../idle.ts";
import { type OptionWords, sameNames } from "../option-words.ts";
import {
  attributionOf,
  collect,
  list,
  moment,
  oneOf,
  type TargetOptions,
  whole,
  withTarget,
} from "../option.ts";
import { printJson, withConnection } from "../session.ts";
import { dollars } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

const root = "/api/v1/keys";
/** Columns that a narrow terminal leaves out first. */
const spared: Readonly<Record<string, { readonly spare: number }>> = {
  "last used": { spare: 4 },
  created: { spare: 3 },
  limits: { spare: 2 },
  fixed: { spare: 1 },
};
const roles = ["caller", "reader", "admin"] as const;

const words: OptionWords = {
  ...sameNames("name", "may_refine", "models", "providers", "budgets", "max_concurrent"),
  attribution: { option: "--set" },
  expires_at: { option: "--expires" },
};

interface CreateOptions extends TargetOptions {
  readonly name: string;
  readonly role: (typeof roles)[number];
  readonly set: readonly string[];
  readonly mayRefine?: readonly string[];
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
  readonly budgets?: readonly string[];
  readonly maxConcurrent?: number;
  readonly expires?: string;
}

export function defineKeyCommand(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Examples:
  purser key create --name atlas-agents --set team=atlas --may-refine agent,user,task
  purser key create --name finance --role reader
  purser key list
  purser key revoke atlas-agents`,
  );
  defineCreate(
    command.command("create").description("Create a key; its secret is shown once."),
    context,
  );
  defineList(command.command("list").description("List all keys, without their secrets."), context);
  defineRevoke(
    command.command("revoke").description("Revoke a key; its next call is refused."),
    context,
  );
}

function defineCreate(command: Command, context: CommandContext): void {
  withTarget(command)
    .requiredOption("--name <name>", "a unique name")
    .option(
      "--role <role>",
      "caller makes calls, reader reads reports, admin does everything",
      oneOf("--role", roles),
      "caller",
    )
    .option(
      "--set <dimension=value>",
      `fix a dimension (${dimensions.join(", ")}, tag:NAME); may be repeated`,
      collect,
      [],
    )
    .option(
      "--may-refine <dimensions>",
      "dimensions that request headers may set",
      list("--may-refine"),
    )
    .option("--models <names>", "allow only these models; prefixes end in *", list("--models"))
    .option("--providers <names>", "allow only these providers", list("--providers"))
    .option("--budgets <ids>", "also hold every call in these budgets", list("--budgets"))
    .option(
      "--max-concurrent <n>",
      "maximum concurrent calls",
      whole("--max-concurrent", { least: 1, most: 100_000 }),
    )
    .option("--expires <date>", "valid until this date or time, excluded", moment("--expires"))
    .addHelpText(
      "after",
      `
Examples:
  purser key create --name atlas-agents --set team=atlas --may-refine agent,user,task
  purser key create --name finance --role reader
  KEY=$(purser key create --name ci --models 'gpt-5*' --expires 2027-01-01)`,
    )
    .action(async (options: CreateOptions) => {
      const request = { path: root, body: bodyOf(options) };
      const { made, warnings } = await withConnection(
        context,
        { target: options, create: true, words },
        async (connection) => ({
          made: (await ask(connection, "POST", request)) as NewKeyJson,
          warnings: await unknownProviders(context, connection, options.providers),
        }),
      );
      writeWarnings(warnings, options, context);
      if (options.json) return printJson(context, made);
      const { key, key_id: id } = made;
      const { out, notes } = context.screen;
      out.write(`${key}\n`);
      notes.write(
        `Key "${options.name}" (${id}) is shown above and will not be shown again. ${uses[options.role]}\n`,
      );
    });
}

/** How to use a key of each role. */
const uses: Readonly<Record<CreateOptions["role"], string>> = {
  caller: "Use it as the API key of an agent, with this server as the base URL.",
  reader:
    "Use it to read reports: as `Authorization: Bearer KEY` for /api/v1, or as --admin-key of `purser report --url URL`. It cannot make calls.",
  admin:
    "It may do everything, including managing keys and budgets: use it as `Authorization: Bearer KEY` for /api/v1, or as --admin-key of commands with --url.",
};

function defineList(command: Command, context: CommandContext): void {
  withTarget(command)
    .addHelpText("after", "\nExamples:\n  purser key list\n  purser key list --json")
    .action(async (options: TargetOptions) => {
      const keys = await withConnection(context, { target: options }, (connection) =>
        readAll<UsedKeyJson>(connection, root),
      );
      if (options.json) return printJson(context, { data: keys });
      const { out, notes } = context.screen;
      if (keys.length === 0)
        return notes.write(
          asCalled("There are no keys yet: create one with `purser key create --name NAME`.\n"),
        );
      const rows = keys.map((key) => [
        key.name,
        key.key_id,
        key.role,
        attributionText(key.attribution),
        limitsText(key),
        dayOf(key.created_at),
        key.last_used_at === null ? "never" : dayOf(key.last_used_at),
        dollars(key.spent_usd),
        stateOf(key),
      ]);
      const columns = [
        ...["name", "key id", "role", "fixed", "limits", "created", "last used"].map((title) => ({
          title,
          ...spared[title],
        })),
        { title: "spent", align: "right" as const },
        { title: "state" },
      ];
      out.write(table(columns, rows, { heading: out.paint.dim, room: out.columns }));
    });
}

function defineRevoke(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<key>", "name or id of the key, see `purser key list`")
    .addHelpText("after", "\nExamples:\n  purser key revoke atlas-agents")
    .action(async (nameOrId: string, options: TargetOptions) => {
      const path = `${root}/${encodeURIComponent(nameOrId)}`;
      const { revoked, before } = await withConnection(
        context,
        {
          target: options,
          words: {
            key_id: { option: "key", remedy: "`purser key list` shows the names and ids." },
          },
        },
        async (connection) => ({
          // Read first: the command may revoke the key that it uses itself.
          before: await readAll<UsedKeyJson>(connection, root),
          revoked: (await ask(connection, "DELETE", { path })) as KeyJson,
        }),
      );
      const { key_id: id, name } = revoked;
      const { out } = context.screen;
      if (options.json) printJson(context, { key_id: id, name, revoked: true });
      else out.write(`Key "${name}" (${id}) is revoked.\n`);
      const admins = before.filter((key) => key.role === "admin" && isLive(key));
      if (admins.length !== 1 || admins[0]?.key_id !== id) return;
      const warning: Warning = {
        message: `"${name}" was the last live admin key in the ledger`,
        field: "key",
        remedy: lastAdminRemedy,
      };
      writeWarnings([warning], options, context);
    });
}

const lastAdminRemedy = asCalled(
  "Set PURSER_ADMIN_KEY at the next start of the server, or create a key in its data folder, which needs no key: `purser key create --name NAME --role admin`.",
);

function bodyOf(options: CreateOptions): Readonly<Record<string, unknown>> {
  const fields: Readonly<Record<string, unknown>> = {
    name: options.name,
    role: options.role,
    attribution: attributionOf(options.set),
    may_refine: options.mayRefine,
    models: options.models,
    providers: options.providers,
    budgets: options.budgets,
    max_concurrent: options.maxConcurrent,
    expires_at: options.expires,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function attributionText(attribution: Readonly<Record<string, unknown>>): string {
  const { tags, ...rest } = attribution;
  const ofTags = Object.entries(typeof tags === "object" && tags !== null ? tags : {}).map(
    ([name, value]) => `tag:${name}=${String(value)}`,
  );
  return [
    ...Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`),
    ...ofTags,
  ].join(" ");
}

/** The limits of a key; empty if there are none. */
function limitsText({ models, providers, budgets, max_concurrent: atOnce }: KeyJson): string {
  return [
    ...(models ? [`models ${models.join(",")}`] : []),
    ...(providers ? [`providers ${providers.join(",")}`] : []),
    ...(budgets.length > 0 ? [`budgets ${budgets.join(",")}`] : []),
    ...(atOnce === null ? [] : [`${atOnce} at once`]),
  ].join("; ");
}

function isLive({ revoked_at: revokedAt, expires_at: expiresAt }: KeyJson): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > Date.now());
}

function stateOf({ revoked_at: revokedAt, expires_at: expiresAt }: KeyJson): string {
  if (revokedAt !== null) return `revoked ${dayOf(revokedAt)}`;
  if (expiresAt === null) return "live";
  return `${Date.parse(expiresAt) <= Date.now() ? "expired" : "expires"} ${dayOf(expiresAt)}`;
}

function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
