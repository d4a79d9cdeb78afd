/** The configuration of a notifier: which events it gets, and where it sends them. */

import type { Template } from "../../domain/event/template.ts";

export interface NotifierSettings {
  readonly name: string;
  readonly target: NotifierTarget;
  /** Types of events, or patterns with `*`. */
  readonly events: readonly string[];
  /** Only events about these values, by dimension. Empty: all. */
  readonly only: Readonly<Record<string, string>>;
  readonly quietHours: QuietHours | null;
  /** The text of its messages; null for the usual sentence. */
  readonly template: Template | null;
  /** Whether it may connect to an address inside the network. */
  readonly allowPrivateAddress: boolean;
}

/** Every day from one time of day to another, which may be on the next day. */
export interface QuietHours {
  /** Minutes after midnight. */
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
}

/** Chats whose address is the secret. */
export interface ChatTarget {
  readonly kind: "slack" | "teams" | "discord";
  readonly url: string;
}

export interface WebhookTarget {
  readonly kind: "webhook";
  readonly url: string;
  /** The current one first. Each signs. */
  readonly secrets: readonly string[];
}

export interface TelegramTarget {
  readonly kind: "telegram";
  readonly token: string;
  readonly chatId: string;
  readonly apiUrl: string;
}

export interface EmailTarget {
  readonly kind: "email";
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server without it. */
  readonly security: "starttls" | "tls" | "none";
  readonly username: string | null;
  readonly password: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

export interface NatsTarget {
  readonly kind: "nats";
  /** `nats://HOST:PORT`, or `tls://`. */
  readonly url: string;
  /** What the subject begins with. */
  readonly subject: string;
  /** Whether a stream must confirm each event. */
  readonly jetstream: boolean;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
}

export interface RedisTarget {
  readonly kind: "redis";
  /** `redis://HOST:PORT/DATABASE`, or `rediss://`. */
  readonly url: string;
  readonly key: string;
  /** About how many entries the stream keeps. */
  readonly maxLength: number;
  readonly username: string | null;
  readonly password: string | null;
}

export interface LogTarget {
  readonly kind: "log";
  /** The file to append to; null for standard output. */
  readonly path: string | null;
}

export type NotifierTarget =
  | WebhookTarget
  | ChatTarget
  | TelegramTarget
  | EmailTarget
  | NatsTarget
  | RedisTarget
  | LogTarget;

export const notifierKinds = [
  "webhook",
  "slack",
  "teams",
  "discord",
  "telegram",
  "email",
  "nats",
  "redis",
  "log",
] as const satisfies readonly NotifierTarget["kind"][];
