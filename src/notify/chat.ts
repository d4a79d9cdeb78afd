/** Notifies a chat: one message for each event, as its incoming webhook expects it. */

import type { Notifier } from "../app/port/notifier.ts";
import type { CloudEvent } from "../domain/event/cloud-event.ts";
import type { HttpSender } from "./http.ts";
import { type EventMessage, messageOf, type MessageStyle } from "./message.ts";

/** How a chat writes messages. */
export interface ChatFormat {
  /** Makes text literal: no mark-up, no mention of anyone. */
  escape(text: string): string;
  /** The JSON of a message. Its text is escaped. */
  body(message: EventMessage): object;
}

export interface ChatParts {
  readonly name: string;
  readonly kind: string;
  /** Contains the secret. */
  readonly url: string;
  readonly format: ChatFormat;
  readonly style: MessageStyle;
  readonly sender: HttpSender;
}

export function makeChat({ name, kind, url, format, style, sender }: ChatParts): Notifier {
  return {
    name,
    kind,
    send: (event: CloudEvent, signal) => {
      const message = messageOf(event, style, (text) => format.escape(text));
      const body = JSON.stringify(format.body(message));
      return sender.post(url, { headers: { "content-type": "application/json" }, body }, signal);
    },
  };
}

/** The label of links in messages. */
export const linkLabel = "Open in Purser";
