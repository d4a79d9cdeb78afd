/** Messages of Discord's webhooks, in its Markdown. */

import { type ChatFormat, linkLabel } from "./chat.ts";

/** https://discord.com/developers/docs/resources/webhook#execute-webhook (read 2026-11-29). */
export const discord: ChatFormat = {
  escape: (text) => text.replaceAll(/[\\*_~`|>#[\]()<@]/g, String.raw`\$&`),
  mostCharacters: 2000,
  body: ({ text, link }) => ({
    content: link === null ? text : `${text}\n[${linkLabel}](<${link}>)`,
    allowed_mentions: { parse: [] },
  }),
};
