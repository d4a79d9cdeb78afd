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

/** A mail that arrives twice has the same Message-ID twice. */
export function makeEmail(
  target: EmailTarget,
  { name, style, rule }: EmailParts,
): ClosableNotifier {
  return {
    name,
    kind: "email",
    send: async (event, signal) => {
      const transport = await transportOf(target, rule);
      const abort = (): void => transport.close();
      signal.addEventListener("abort", abort, { once: true });
      try {
        const { rejected } = await transport.sendMail(mailOf(event, target, style));
        if (rejected.length > 0)
          throw new NotifierError(`the server refused ${rejected.map(addressText).join(", ")}`, {
            retryable: false,
          });
      } catch (error) {
        throw error instanceof NotifierError ? error : failureOf(error);
      } finally {
        signal.removeEventListener("abort", abort);
        transport.close();
      }
    },
  };
}

function addressText(address: string | { readonly address: string }): string {
  return typeof address === "string" ? address : address.address;
}

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
  const { responseCode, code } = error as {
    readonly responseCode?: number;
    readonly code?: string;
  };
  const isFinal = responseCode !== undefined && responseCode >= 500 && code !== "EAUTH";
  return new NotifierError(`the mail was not sent: ${shorten(reasonOf(error), 200)}`, {
    retryable: !isFinal,
    cause: error,
  });
}
