/** Adds events to a Redis stream. */

import type { RedisClientType } from "@redis/client";
import { NotifierError } from "../app/port/notifier.ts";
import type { RedisTarget } from "../app/port/notifier-settings.ts";
import type { CloudEvent } from "../domain/event/cloud-event.ts";
import type { ClosableNotifier } from "./closable.ts";
import { addressesOf, type DestinationRule } from "./destination.ts";
import { reasonOf } from "./http.ts";

const timeoutMs = 10_000;

/** Entries have the fields `id`, `type` and `event` (JSON). The connection is kept. */
export class RedisNotifier implements ClosableNotifier {
  readonly kind = "redis";
  readonly name: string;
  readonly #target: RedisTarget;
  readonly #rule: DestinationRule;
  #client: RedisClientType | null = null;

  constructor(
    target: RedisTarget,
    { name, rule }: { readonly name: string; readonly rule: DestinationRule },
  ) {
    this.name = name;
    this.#target = target;
    this.#rule = rule;
  }

  async send(event: CloudEvent, signal: AbortSignal): Promise<void> {
    const { key, maxLength } = this.#target;
    const abort = (): void => void this.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const client = await this.#connect();
      const fields = ["id", event.id, "type", event.type, "event", JSON.stringify(event)];
      await client.sendCommand(["XADD", key, "MAXLEN", "~", String(maxLength), "*", ...fields]);
    } catch (error) {
      if (error instanceof NotifierError) throw error;
      await this.close();
      const message = `Redis did not take the event: ${reasonOf(error)}`;
      throw new NotifierError(message, { retryable: true, cause: error });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    client?.destroy();
  }

  async #connect(): Promise<RedisClientType> {
    if (this.#client?.isReady) return this.#client;
    await this.close();
    const { url, username, password } = this.#target;
    const { hostname, port, protocol, pathname } = new URL(url);
    const [{ createClient }, [host]] = await Promise.all([
      import("@redis/client"),
      addressesOf(hostname, this.#rule),
    ]);
    const socket = {
      host,
      port: Number(port || 6379),
      connectTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      reconnectStrategy: false as const,
    };
    const servername = hostname.replace(/^\[|\]$/g, "");
    const client = createClient({
      socket: protocol === "rediss:" ? { ...socket, tls: true, servername } : socket,
      database: Number(pathname.slice(1) || 0),
      disableOfflineQueue: true,
      ...(username !== null && { username }),
      ...(password !== null && { password }),
    }) as RedisClientType;
    // A lost connection is found by the next event. Without a listener it would end the process.
    client.on("error", () => undefined);
    this.#client = client;
    await client.connect();
    return client;
  }
}
