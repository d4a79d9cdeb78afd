/** Reads where a notifier sends events, by its kind. */

import type { NotifierTarget } from "../app/port/notifier-settings.ts";
import {
  type Fields,
  invalid,
  optionalFlag,
  optionalText,
  optionalTexts,
  optionalWhole,
  optionalWord,
  requiredText,
  show,
} from "../domain/input/fields.ts";
import { isPrivateHost } from "../domain/input/private-address.ts";
import { withNumbers } from "./substitute.ts";

type Kind = NotifierTarget["kind"];

/** The fields of each kind, besides those that all have. */
export const targetFields: Readonly<Record<Kind, readonly string[]>> = {
  webhook: ["url", "secret", "previous_secret"],
  slack: ["url"],
  teams: ["url"],
  discord: ["url"],
  telegram: ["token", "chat_id", "api_url"],
  email: ["host", "port", "security", "username", "password", "from", "to"],
  nats: ["url", "subject", "jetstream", "username", "password", "token"],
  redis: ["url", "key", "max_length", "username", "password"],
  log: ["path"],
};

export interface TargetRules {
  readonly allowPrivateAddress: boolean;
  readonly isFromEnvironment: (field: string) => boolean;
}

export function readTarget(kind: Kind, fields: Fields, rules: TargetRules): NotifierTarget {
  switch (kind) {
    case "webhook":
      return {
        kind,
        url: readUrl(fields, "url", { ...rules, protocols: web }),
        secrets: [
          requiredSecret(fields, "secret", rules),
          optionalSecret(fields, "previous_secret", rules),
        ].flatMap((secret) => secret ?? []),
      };
    case "slack":
    case "teams":
    case "discord":
      requiredSecret(fields, "url", { ...rules, least: 1 });
      return { kind, url: readUrl(fields, "url", { ...rules, protocols: web }) };
    case "telegram":
      return {
        kind,
        token: readToken(fields, rules),
        chatId: readChatId(fields),
        apiUrl: fields.values.has("api_url")
          ? readUrl(fields, "api_url", { ...rules, protocols: web }).replace(/\/$/, "")
          : "https://api.telegram.org",
      };
    case "email":
      return { kind, ...readMail(fields, rules) };
    case "nats":
      return {
        kind,
        url: readUrl(fields, "url", { ...rules, protocols: ["nats:", "tls:"] }),
        subject: readSubject(fields),
        jetstream: optionalFlag(fields, "jetstream") ?? false,
        ...readLogin(fields, rules),
        token: optionalSecret(fields, "token", { ...rules, least: 1 }) ?? null,
      };
    case "redis":
      return {
        kind,
        url: readRedisUrl(fields, rules),
        key: optionalText(fields, "key", "Give the key of the stream.") ?? "purser:events",
        maxLength:
          optionalWhole(withNumbers(fields), "max_length", { least: 1, most: 1_000_000_000 }) ??
          100_000,
        ...readLogin(fields, rules),
      };
    case "log":
      break;
  }
  return { kind, path: optionalText(fields, "path", "Give the path of a file.") ?? null };
}

const web = ["https:", "http:"];

/** @throws PurserError also for a URL with a login in it, which would be shown. */
function readUrl(
  fields: Fields,
  name: string,
  { protocols, allowPrivateAddress }: TargetRules & { readonly protocols: readonly string[] },
): string {
  const field = fields.prefix + name;
  const schemes = protocols.map((protocol) => `${protocol}//`).join(" or ");
  const remedy = `Give a URL that begins with ${schemes}`;
  const text = requiredText(fields, name, `${remedy}.`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !protocols.includes(url.protocol) || url.hostname === "")
    throw invalid(field, `is ${show(text)}, which is not a valid URL here`, `${remedy}.`);
  if (url.username !== "" || url.password !== "")
    throw invalid(field, "has a login in it", "Give username and password as fields.");
  refusePrivate(field, url.hostname, allowPrivateAddress);
  return text;
}

function refusePrivate(field: string, host: string, isAllowed: boolean): void {
  if (isAllowed || !isPrivateHost(host)) return;
  throw invalid(
    field,
    "is an address inside the network",
    "Add allow_private_address: true beside it to allow it.",
  );
}

interface SecretRules extends TargetRules {
  /** The fewest characters. */
  readonly least?: number;
}

function requiredSecret(fields: Fields, name: string, rules: SecretRules): string {
  const secret = optionalSecret(fields, name, rules);
  if (secret !== undefined) return secret;
  throw invalid(fields.prefix + name, "is missing", secretRemedy(name, rules));
}

function optionalSecret(fields: Fields, name: string, rules: SecretRules): string | undefined {
  const field = fields.prefix + name;
  const { least = leastSecret } = rules;
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  if (!rules.isFromEnvironment(field))
    throw invalid(field, "is written in the file itself", secretRemedy(name, rules));
  if (typeof value === "string" && value.length >= least) return value;
  throw invalid(field, "is not a valid secret", secretRemedy(name, rules));
}

/** As short as a key of ours may be. */
const leastSecret = 16;

function secretRemedy(name: string, { least = leastSecret }: SecretRules): string {
  const bound = least > 1 ? ` to at least ${least} characters` : "";
  return `Write ${name}: \${NAME} and set NAME${bound}.`;
}

function readToken(fields: Fields, rules: TargetRules): string {
  const token = requiredSecret(fields, "token", { ...rules, least: 1 });
  if (/^\d+:[\w-]+$/.test(token)) return token;
  const remedy = "Set the variable to the token that BotFather shows, such as 123456:ABC-DEF.";
  throw invalid(`${fields.prefix}token`, "is not the token of a bot", remedy);
}

/** A group's id is a negative number, which YAML reads as one. */
function readChatId(fields: Fields): string {
  const remedy = "Give the id of the chat, such as -1001234567890, or @CHANNEL.";
  const value = fields.values.get("chat_id");
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  const text = requiredText(fields, "chat_id", remedy);
  if (/^(?:-?\d{1,20}|@\w{1,64})$/.test(text)) return text;
  throw invalid(`${fields.prefix}chat_id`, `is ${show(text)}, which is not a chat id`, remedy);
}

function readMail(fields: Fields, rules: TargetRules) {
  const host = requiredText(fields, "host", "Give the name of the mail server.");
  refusePrivate(`${fields.prefix}host`, host, rules.allowPrivateAddress);
  const security =
    optionalWord<"starttls" | "tls" | "none">(fields, "security", ["starttls", "tls", "none"]) ??
    "starttls";
  const to = optionalTexts(fields, "to", addressRemedy) ?? [];
  if (to.length === 0) throw invalid(`${fields.prefix}to`, "is missing", addressRemedy);
  to.forEach((address, index) => checkAddress(`${fields.prefix}to[${index}]`, address));
  const from = requiredText(fields, "from", "Give the address of the sender.");
  checkAddress(`${fields.prefix}from`, from);
  return {
    host,
    port:
      optionalWhole(withNumbers(fields), "port", { least: 1, most: 65_535 }) ??
      (security === "tls" ? 465 : 587),
    security,
    ...readLogin(fields, rules),
    from,
    to,
  };
}

const addressRemedy = "Give a list of addresses, such as [ops@example.com].";

/** `ops@example.com`, or `Purser <ops@example.com>`. */
function checkAddress(field: string, text: string): void {
  if (/^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(text)) return;
  throw invalid(field, `is ${show(text)}, which is not an e-mail address`, "Give NAME@DOMAIN.");
}

function readLogin(fields: Fields, rules: TargetRules) {
  const username = optionalText(fields, "username", "Give the name to log in with.") ?? null;
  const password = optionalSecret(fields, "password", { ...rules, least: 1 }) ?? null;
  if (username !== null && password === null)
    throw invalid(`${fields.prefix}password`, "is missing", secretRemedy("password", rules));
  return { username, password };
}

/** What a subject begins with: tokens separated by dots. */
function readSubject(fields: Fields): string {
  const remedy = "Give tokens of A-Z a-z 0-9 _ - separated by dots, such as purser.";
  const subject = optionalText(fields, "subject", remedy) ?? "purser";
  if (/^[\w-]+(?:\.[\w-]+)*$/.test(subject)) return subject;
  throw invalid(
    `${fields.prefix}subject`,
    `is ${show(subject)}, which is not a valid subject`,
    remedy,
  );
}

function readRedisUrl(fields: Fields, rules: TargetRules): string {
  const url = readUrl(fields, "url", { ...rules, protocols: ["redis:", "rediss:"] });
  if (/^\/?\d{0,4}$/.test(new URL(url).pathname)) return url;
  const remedy = "Give redis://HOST:PORT/NUMBER.";
  throw invalid(`${fields.prefix}url`, "has a path that is not a database number", remedy);
}
