/** Makes notifiers from their settings, and keeps secrets out of what they report. */

import type { Clock } from "../app/port/clock.ts";
import { type Notifier, NotifierError } from "../app/port/notifier.ts";
import type { NotifierSettings, NotifierTarget } from "../app/port/notifier-settings.ts";
import { makeChat } from "./chat.ts";
import type { ClosableNotifier } from "./closable.ts";
import { type DestinationRule, type Resolve, resolveBySystem } from "./destination.ts";
import { discord } from "./discord.ts";
import { makeEmail } from "./email.ts";
import { HttpSender, reasonOf } from "./http.ts";
import { makeLogNotifier } from "./log.ts";
import { NatsNotifier } from "./nats.ts";
import { quietUntil } from "./quiet-hours.ts";
import { RedisNotifier } from "./redis.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";
import { makeTelegram } from "./telegram.ts";
import { makeWebhook } from "./webhook.ts";

export interface NotifierContext {
  readonly clock: Pick<Clock, "now">;
  /** Where people reach Purser, without a trailing slash; null if that is not configured. */
  readonly publicUrl: string | null;
  /** Receives the lines of notifiers that write to standard output. */
  readonly write?: (line: string) => void;
  /** Resolves names; by default as the system does. */
  readonly resolve?: Resolve;
}

export function makeNotifier(
  settings: NotifierSettings,
  context: NotifierContext,
): ClosableNotifier {
  const { resolve = resolveBySystem } = context;
  const rule = { allowPrivate: settings.allowPrivateAddress, resolve };
  const inner = notifierFor(settings, context, rule);
  const secrets = secretsOf(settings.target);
  const { quietHours } = settings;
  return {
    name: inner.name,
    kind: inner.kind,
    send: async (event, signal) => {
      try {
        await inner.send(event, signal);
      } catch (error) {
        throw withoutSecrets(error, secrets);
      }
    },
    ...(quietHours && {
      quietUntil: ({ type }, now) => (isUrgent(type) ? null : quietUntil(quietHours, now)),
    }),
    close: async () => inner.close?.(),
  };
}

/** A question that calls wait for: after quiet hours it would be too late for an answer. */
function isUrgent(type: string): boolean {
  return type === "budget.approval_requested";
}

function notifierFor(
  { name, target, template }: NotifierSettings,
  { clock, publicUrl, write = (line) => void process.stdout.write(line) }: NotifierContext,
  rule: DestinationRule,
): ClosableNotifier {
  const style = { template, publicUrl };
  switch (target.kind) {
    case "webhook":
      return overHttp(rule, (sender) => makeWebhook(target, { name, sender, clock }));
    case "slack":
    case "teams":
    case "discord": {
      const { kind, url } = target;
      const format = { slack, teams, discord }[kind];
      return overHttp(rule, (sender) => makeChat({ name, kind, url, format, style, sender }));
    }
    case "telegram":
      return overHttp(rule, (sender) => makeTelegram(target, { name, style, sender }));
    case "email":
      return makeEmail(target, { name, style, rule });
    case "nats":
      return new NatsNotifier(target, { name, rule });
    case "redis":
      return new RedisNotifier(target, { name, rule });
    case "log":
      break;
  }
  return makeLogNotifier(target, { name, write });
}

function overHttp(rule: DestinationRule, make: (sender: HttpSender) => Notifier): ClosableNotifier {
  const sender = new HttpSender(rule);
  return { ...make(sender), close: () => sender.close() };
}

/** Everything in the settings that must not be shown. */
export function secretsOf(target: NotifierTarget): readonly string[] {
  switch (target.kind) {
    case "webhook": {
      const { pathname, search } = new URL(target.url);
      return [...target.secrets, ...(search === "" ? [] : [pathname + search, search])];
    }
    case "slack":
    case "teams":
    case "discord": {
      const { pathname, search } = new URL(target.url);
      return [target.url, pathname + search, pathname].filter((part) => part.length > 1);
    }
    case "telegram":
      return [target.token];
    case "email":
    case "redis":
      return [target.password ?? ""].filter((secret) => secret !== "");
    case "nats":
      return [target.password ?? "", target.token ?? ""].filter((secret) => secret !== "");
    case "log":
      break;
  }
  return [];
}

/** The cause is dropped with the stack: they may quote the address. */
function withoutSecrets(error: unknown, secrets: readonly string[]): NotifierError {
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), reasonOf(error));
  if (!(error instanceof NotifierError)) return new NotifierError(message, { retryable: true });
  const { retryable, retryAfterMs } = error;
  return new NotifierError(message, {
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
