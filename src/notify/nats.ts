/** Publishes events to NATS, with confirmation by a stream if JetStream is used. */

import type { NatsConnection } from "@nats-io/nats-core";
import { NotifierError } from "../app/port/notifier.ts";
import type { NatsTarget } from "../app/port/notifier-settings.ts";
import type { ClosableNotifier } from "./closable.ts";
import { addressesOf, type DestinationRule } from "./destination.ts";
import { reasonOf } from "./http.ts";
import { uniqueId } from "./unique-id.ts";

const timeoutMs = 10_000;

interface Payload {
  readonly subject: string;
  readonly body: string;
  /** The stream drops a second message with the same id. */
  readonly messageId: string;
}

interface OpenConnection {
  readonly connection: NatsConnection;
  /** Aborted when the connection is closed or lost. */
  readonly closed: AbortSignal;
}

/** The subject is `PREFIX.TYPE`. The connection is kept, and made anew after a failure. */
export class NatsNotifier implements ClosableNotifier {
  readonly kind = "nats";
  readonly name: string;
  readonly #target: NatsTarget;
  readonly #rule: DestinationRule;
  #open: OpenConnection | null = null;

  constructor(
    target: NatsTarget,
    { name, rule }: { readonly name: string; readonly rule: DestinationRule },
  ) {
    this.name = name;
    this.#target = target;
    this.#rule = rule;
  }

  async send(event: Parameters<ClosableNotifier["send"]>[0], signal: AbortSignal): Promise<void> {
    const { subject, jetstream } = this.#target;
    const body = JSON.stringify(event);
    const payload = { subject: `${subject}.${event.type}`, body, messageId: uniqueId(event) };
    const abort = (): void => void this.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const { connection, closed } = await this.#connect();
      const published = jetstream
        ? publishToStream(connection, payload)
        : publish(connection, payload);
      await unlessClosed(published, closed);
    } catch (error) {
      if (error instanceof NotifierError) throw error;
      await this.close();
      throw new NotifierError(`NATS did not take the event: ${reasonOf(error)}`, {
        retryable: !/max(imum)?[ _]payload/i.test(reasonOf(error)),
        cause: error,
      });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.connection.close();
  }

  async #connect(): Promise<OpenConnection> {
    if (this.#open && !this.#open.connection.isClosed()) return this.#open;
    const { url, username, password, token } = this.#target;
    const { hostname, port, protocol } = new URL(url);
    const [{ connect }, [address]] = await Promise.all([
      import("@nats-io/transport-node"),
      addressesOf(hostname, this.#rule),
    ]);
    const host = address.includes(":") ? `[${address}]` : address;
    // Passed on to Node, which checks the certificate against it.
    const tls: object = { servername: hostname.replace(/^\[|\]$/g, "") };
    const connection = await connect({
      servers: `${host}:${port || "4222"}`,
      name: "purser",
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: timeoutMs,
      ...(protocol === "tls:" && { tls }),
      ...(username !== null && { user: username, pass: password ?? "" }),
      ...(token !== null && { token }),
    });
    const closing = new AbortController();
    connection.closed().then(
      () => closing.abort(),
      () => closing.abort(),
    );
    this.#open = { connection, closed: closing.signal };
    return this.#open;
  }
}

/** A flush of a connection that is lost meanwhile never ends, and neither does one to a dead host. */
async function unlessClosed(published: Promise<void>, closed: AbortSignal): Promise<void> {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const close = (): void => reject(new Error("the connection was lost"));
  const limit = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  if (closed.aborted) close();
  closed.addEventListener("abort", close, { once: true });
  published.catch(() => undefined);
  try {
    await Promise.race([published, lost]);
  } finally {
    clearTimeout(limit);
    closed.removeEventListener("abort", close);
  }
}

/** Resolves when the server has it. */
async function publish(connection: NatsConnection, payload: Payload): Promise<void> {
  const { subject, body } = payload;
  connection.publish(subject, body, { headers: await headersOf(payload) });
  await connection.flush();
}

/** @throws NotifierError unless a stream has stored it, now or at an earlier attempt. */
async function publishToStream(connection: NatsConnection, payload: Payload): Promise<void> {
  const { subject, body } = payload;
  const headers = await headersOf(payload);
  const answer = await connection.request(subject, body, { headers, timeout: timeoutMs });
  const { error } = answer.json<{
    readonly error?: { readonly err_code?: number; readonly description?: string };
  }>();
  if (error === undefined) return;
  throw new NotifierError(`the stream refused the event: ${error.description ?? "no reason"}`, {
    retryable: error.err_code !== messageTooLarge,
  });
}

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json: JSStreamMessageExceedsMaximumErr. */
const messageTooLarge = 10_054;

async function headersOf({ messageId }: Payload) {
  const { headers } = await import("@nats-io/nats-core");
  const made = headers();
  made.set("content-type", "application/cloudevents+json");
  made.set("Nats-Msg-Id", messageId);
  return made;
}
