/** Notifies a chat: one message for each event, as its incoming webhook expects it. */

import type { Notifier } from "../app/port/notifier.ts";
import type { CloudEvent } from "../domain/event/cloud-event.ts";
import { shorten } from "../domain/input/shorten.ts";
import type { HttpSender } from "./http.ts";
import { type EventMessage, messageOf, type MessageStyle } from "./message.ts";

/** How a chat writes messages. */
export interface ChatFormat {
  /** Makes text literal: no mark-up, no mention of anyone. */
  escape(text: string): string;
  /** Of a message, with its link and mark-up: a longer one would be refused for good. */
  readonly mostCharacters: number;
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
      const message = messageFor(event, style, format);
      const body = JSON.stringify(format.body(message));
      return sender.post(url, { headers: { "content-type": "application/json" }, body }, signal);
    },
  };
}

/** Shortens what is filled in before it is escaped, so that no escape is cut. */
function messageFor(event: CloudEvent, style: MessageStyle, format: ChatFormat): EventMessage {
  for (let most = format.mostCharacters; ; most = Math.floor(most * 0.8)) {
    const message = messageOf(event, style, (text) =>
      format.escape(shorten(text, most).toWellFormed()),
    );
    const link = message.link === null ? 0 : format.escape(message.link).length + linkMarkUp;
    if (message.text.length + link <= format.mostCharacters || most === 0) return message;
  }
}

/** More than the mark-up of a link and its label take. */
const linkMarkUp = 60;

/** The label of links in messages. */
export const linkLabel = "Open in Purser";
