/** Notifies people by e-mail, over SMTP. */

import { NotifierError } from "../app/port/notifier.ts";
import type { EmailTarget } from "../app/port/notifier-settings.ts";
import type { CloudEvent } from "../domain/event/cloud-event.ts";
import { shorten } from "../domain/input/shorten.ts";
import type { ClosableNotifier } from "./closable.ts";
import { addressesOf, type DestinationRule } from "./destination.ts";
import { reasonOf } from "./http.ts";
import { messageOf, type MessageStyle } from "./message.ts";

export interface EmailParts {
  readonly name: string;
  readonly style: MessageStyle;
  readonly rule: DestinationRule;
}

const timeoutMs = 20_000;

/**
 * A mail that arrives twice has the same Message-ID twice. Recipients that have it do not get it
 * again with those that were refused, unless Purser restarts in between.
 */
export function makeEmail(
  target: EmailTarget,
  { name, style, rule }: EmailParts,
): ClosableNotifier {
  /** By event, the recipients that are left. A delivery tries one event at a time. */
  const left = new Map<string, readonly string[]>();
  return {
    name,
    kind: "email",
    send: async (event, signal) => {
      const transport = await transportOf(target, rule);
      const abort = (): void => transport.close();
      signal.addEventListener("abort", abort, { once: true });
      try {
        const to = left.get(event.id) ?? target.to;
        const envelope = { from: target.from, to: [...to] };
        const sent = await transport.sendMail({ ...mailOf(event, target, style), envelope });
        left.delete(event.id);
        const refused = (sent.rejectedErrors ?? []) as readonly Refused[];
        if (refused.length === 0) return;
        const failure = refusedFor(refused);
        if (failure.retryable) remember(left, event.id, refused);
        throw failure;
      } catch (error) {
        throw error instanceof NotifierError ? error : failureOf(error);
      } finally {
        signal.removeEventListener("abort", abort);
        transport.close();
      }
    },
  };
}

/** What the server said of a recipient. */
interface Refused {
  readonly recipient?: string;
  readonly responseCode?: number;
}

/** Final only if the server refuses every one of them for good. */
function refusedFor(refused: readonly Refused[]): NotifierError {
  const texts = refused.map(({ recipient, responseCode: code }) => `${recipient} (${code})`);
  return new NotifierError(`the server refused ${texts.join(", ")}`, {
    retryable: !refused.every(isForGood),
  });
}

function isForGood({ responseCode }: Refused): boolean {
  return responseCode !== undefined && responseCode >= 500;
}

function remember(
  left: Map<string, readonly string[]>,
  eventId: string,
  refused: readonly Refused[],
): void {
  // Tests and replays that failed are not made again with the same certainty.
  if (left.size >= mostRemembered) left.clear();
  left.set(
    eventId,
    refused.flatMap(({ recipient }) => (recipient === undefined ? [] : [recipient])),
  );
}

const mostRemembered = 100;

async function transportOf(target: EmailTarget, rule: DestinationRule) {
  const { host, port, security, username, password } = target;
  const [{ createTransport }, [address]] = await Promise.all([
    import("nodemailer"),
    addressesOf(host, rule),
  ]);
  return createTransport({
    host: address,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { servername: host },
    ...(username !== null && { auth: { user: username, pass: password ?? "" } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf(event: CloudEvent, { from, to }: EmailTarget, style: MessageStyle) {
  const { text, link } = messageOf(event, style, (plain) => plain);
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? "purser";
  const unique = `${event.id}.${event.time}`.replaceAll(/[^A-Za-z0-9.]/g, "-");
  const lines = [
    text,
    "",
    ...(link === null ? [] : [link, ""]),
    `${event.type}, event ${event.id}`,
  ];
  return {
    from,
    to: [...to],
    subject: `Purser: ${shorten(text.split("\n", 1)[0] ?? "", 150)}`,
    text: `${lines.join("\n")}\n`,
    messageId: `<purser.${unique}@${domain}>`,
    headers: { "x-purser-event-id": event.id, "auto-submitted": "auto-generated" },
  };
}

/** A reply of 5xx is final, except for a login, which an administrator can put right. */
function failureOf(error: unknown): NotifierError {
  const { responseCode, code, rejectedErrors } = error as {
    readonly responseCode?: number;
    readonly code?: string;
    /** If all recipients were refused. */
    readonly rejectedErrors?: readonly Refused[];
  };
  if (rejectedErrors && rejectedErrors.length > 0) return refusedFor(rejectedErrors);
  const isFinal = responseCode !== undefined && responseCode >= 500 && code !== "EAUTH";
  return new NotifierError(`the mail was not sent: ${shorten(reasonOf(error), 200)}`, {
    retryable: !isFinal,
    cause: error,
  });
}
