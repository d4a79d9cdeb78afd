/** Messages of a Telegram bot, in its HTML. */

import type { Notifier } from "../app/port/notifier.ts";
import type { TelegramTarget } from "../app/port/notifier-settings.ts";
import { type ChatFormat, type ChatParts, linkLabel, makeChat } from "./chat.ts";

/** https://core.telegram.org/bots/api#sendmessage (read 2026-11-29). */
export function makeTelegram(
  { token, chatId, apiUrl }: TelegramTarget,
  parts: Omit<ChatParts, "kind" | "url" | "format">,
): Notifier {
  const url = `${apiUrl}/bot${token}/sendMessage`;
  return makeChat({ ...parts, kind: "telegram", url, format: htmlFor(chatId) });
}

function htmlFor(chatId: string): ChatFormat {
  return {
    escape,
    mostCharacters: 4096,
    body: ({ text, link }) => ({
      chat_id: chatId,
      text: link === null ? text : `${text}\n<a href="${escape(link)}">${linkLabel}</a>`,
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
    }),
  };
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
